import type {
  BatchGetItemCommandInput,
  BatchGetItemCommandOutput,
  CreateTableCommandInput,
  CreateTableCommandOutput,
  DeleteItemCommandInput,
  DeleteItemCommandOutput,
  DescribeTableCommandInput,
  DescribeTableCommandOutput,
  GetItemCommandInput,
  GetItemCommandOutput,
  PutItemCommandInput,
  PutItemCommandOutput,
  QueryCommandInput,
  QueryCommandOutput,
  UpdateItemCommandInput,
  UpdateItemCommandOutput,
} from '@aws-sdk/client-dynamodb';
import { type Access, environmentAccess } from '../aws/access.ts';
import { type CallOptions, JsonService } from '../aws/service.ts';
import type { Credentials } from '../aws/signature.ts';
import { decode, encode } from './json.ts';

/** What most calls need at most; W (10 s) must stay well above it, or every slow take is wasted (docs/SEATS.md). */
export const DEFAULT_TIMEOUT_MS = 2_000;

/** Operations by name, with what they take and give (Amazon DynamoDB API Reference). */
export interface Operations {
  GetItem: [GetItemCommandInput, GetItemCommandOutput];
  PutItem: [PutItemCommandInput, PutItemCommandOutput];
  UpdateItem: [UpdateItemCommandInput, UpdateItemCommandOutput];
  DeleteItem: [DeleteItemCommandInput, DeleteItemCommandOutput];
  Query: [QueryCommandInput, QueryCommandOutput];
  BatchGetItem: [BatchGetItemCommandInput, BatchGetItemCommandOutput];
  CreateTable: [CreateTableCommandInput, CreateTableCommandOutput];
  DescribeTable: [DescribeTableCommandInput, DescribeTableCommandOutput];
}

export type Output<O extends keyof Operations> = Omit<Operations[O][1], '$metadata'>;

/**
 * DynamoDB with one try a call: a retry in here would hide how long ago the first try was SENT, which is where W starts;
 * so the assigner retries takes itself, with the same token, and the store retries what is safe to repeat.
 */
export interface DynamoClient {
  /** Throws ServiceError for what the service refuses, and what the connection throws. */
  call<O extends keyof Operations>(operation: O, input: Operations[O][0], options?: CallOptions): Promise<Output<O>>;
  destroy(): void;
}

export interface DynamoClientOptions {
  /** @default AWS_ENDPOINT_URL_DYNAMODB, else the region's */
  readonly endpoint?: string;
  /** Whose calls they are, unless the two below say so. @default the environment's */
  readonly access?: Access;
  /** For an engine on loopback any will do. */
  readonly region?: string;
  readonly credentials?: Credentials;
}

/**
 * An engine on this machine signs nothing: people should not have to make up an account to try it. Where the environment
 * says whose calls they are, or which metadata service knows it, that stands: emulators have accounts too.
 */
const LOOPBACK = /^https?:\/\/(127\.[\d.]+|localhost|\[::1\])(:\d+)?\/?$/;
const MADE_UP = { accessKeyId: 'local', secretAccessKey: 'local' };

function accessOf({ access, region, credentials }: DynamoClientOptions, endpoint: string): Access {
  const { AWS_ACCESS_KEY_ID, AWS_PROFILE, AWS_EC2_METADATA_SERVICE_ENDPOINT, AWS_REGION: here } = process.env;
  const isLocal = LOOPBACK.test(endpoint);
  const isSomebody = [AWS_ACCESS_KEY_ID, AWS_PROFILE, AWS_EC2_METADATA_SERVICE_ENDPOINT].some(
    (one) => one !== undefined,
  );
  const { credentials: ask, region: where } = access ?? environmentAccess();
  const me = credentials ?? (isLocal && !isSomebody ? MADE_UP : undefined);
  const place = region ?? (isLocal && here === undefined ? 'us-east-1' : undefined);
  return { credentials: me ? () => me : ask, region: place === undefined ? where : () => place };
}

export function createDynamoClient(options: DynamoClientOptions = {}): DynamoClient {
  const endpoint = options.endpoint ?? process.env['AWS_ENDPOINT_URL_DYNAMODB'] ?? process.env['AWS_ENDPOINT_URL'];
  const service = new JsonService({
    name: 'dynamodb',
    target: 'DynamoDB_20120810',
    contentType: 'application/x-amz-json-1.0',
    access: accessOf(options, endpoint ?? ''),
    ...(endpoint && { endpoint }),
  });
  return {
    call: async (operation, input, call) => decode(await service.call(operation, encode(input), call)),
    destroy: () => service.destroy(),
  };
}
