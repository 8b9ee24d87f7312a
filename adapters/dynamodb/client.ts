import { DynamoDBClient } from '@aws-sdk/client-dynamodb';

/** What most calls need at most; W (10 s) must stay well above it, or every slow take is wasted (docs/SEATS.md). */
export const DEFAULT_TIMEOUT_MS = 2_000;

export interface DynamoClientOptions {
  /** @default the SDK's: AWS_ENDPOINT_URL_DYNAMODB, else the region's. */
  readonly endpoint?: string;
  /** @default the SDK's: AWS_REGION. */
  readonly region?: string;
  /** @default the SDK's chain. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Longest connecting and longest answering. @default 2000 */
  readonly timeoutMs?: number;
}

/**
 * A client that tries once. A retry inside the SDK would hide how long ago the first try was SENT, which is where W
 * starts; so the assigner retries takes itself, with the same token, and the store retries what is safe to repeat.
 */
export function createDynamoClient(options: DynamoClientOptions = {}): DynamoDBClient {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, ...rest } = options;
  return new DynamoDBClient({
    ...rest,
    maxAttempts: 1,
    requestHandler: { connectionTimeout: timeoutMs, requestTimeout: timeoutMs, throwOnRequestTimeout: true },
  });
}
