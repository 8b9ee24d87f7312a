import { DynamoDBClient } from '@aws-sdk/client-dynamodb';

/** What most calls need at most; W (10 s) must stay well above it, or every slow take is wasted (docs/SEATS.md). */
export const DEFAULT_TIMEOUT_MS = 2_000;

export interface DynamoClientOptions {
  /** @default the SDK's: AWS_ENDPOINT_URL_DYNAMODB, else the region's. */
  readonly endpoint?: string;
  /** @default the SDK's: AWS_REGION; for an engine on loopback any. */
  readonly region?: string;
  /** @default the SDK's chain; for an engine on loopback any. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Longest connecting and longest answering. @default 2000 */
  readonly timeoutMs?: number;
}

/** An engine on this machine signs nothing: people should not have to make up an account to try it. */
const LOOPBACK = /^https?:\/\/(127\.[\d.]+|localhost|\[::1\])(:\d+)?\/?$/;
const MADE_UP = { accessKeyId: 'local', secretAccessKey: 'local' };

/** What the SDK would not find by itself for an engine on loopback. */
function forLoopback({ endpoint = process.env['AWS_ENDPOINT_URL_DYNAMODB'] ?? '' }: DynamoClientOptions) {
  if (!LOOPBACK.test(endpoint)) return {};
  const { AWS_ACCESS_KEY_ID: key, AWS_PROFILE: profile, AWS_REGION: region } = process.env;
  return {
    ...(key === undefined && profile === undefined && { credentials: MADE_UP }),
    ...(region === undefined && { region: 'us-east-1' }),
  };
}

/**
 * A client that tries once. A retry inside the SDK would hide how long ago the first try was SENT, which is where W
 * starts; so the assigner retries takes itself, with the same token, and the store retries what is safe to repeat.
 */
export function createDynamoClient(options: DynamoClientOptions = {}): DynamoDBClient {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, ...rest } = options;
  return new DynamoDBClient({
    ...forLoopback(options),
    ...rest,
    maxAttempts: 1,
    requestHandler: { connectionTimeout: timeoutMs, requestTimeout: timeoutMs, throwOnRequestTimeout: true },
  });
}
