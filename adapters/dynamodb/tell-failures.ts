import { ServiceError } from '../aws/service.ts';
import { isConditionFailed } from './calls.ts';
import type { DynamoClient } from './client.ts';

/**
 * The same client; every call that fails is told by the code that it will have. A condition that does not hold is no
 * failure of a call.
 */
export function tellFailures(
  client: DynamoClient,
  onFailure: (code: 'registry.unreachable' | 'registry.refused') => void,
): DynamoClient {
  return {
    destroy: () => client.destroy(),
    async call(operation, input, options) {
      try {
        return await client.call(operation, input, options);
      } catch (error) {
        const isRefused = error instanceof ServiceError && !error.isPassing;
        if (!isConditionFailed(error)) onFailure(isRefused ? 'registry.refused' : 'registry.unreachable');
        throw error;
      }
    },
  };
}
