import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Access } from './access.ts';

/**
 * What the SDK finds: environment, profile, instance role, ..., refreshed in time. For machines and for people; a function
 * has all of it in its environment and starts the sooner without.
 */
export function sdkAccess(): Access {
  const { config } = new DynamoDBClient({});
  return { credentials: () => config.credentials(), region: () => config.region() };
}
