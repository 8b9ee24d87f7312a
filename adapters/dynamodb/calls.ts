import { setTimeout as delay } from 'node:timers/promises';
import { ConditionalCheckFailedException, DynamoDBServiceException } from '@aws-sdk/client-dynamodb';
import { OnedoorError } from '../../core/errors.ts';

/** Tries of a call that is safe to repeat, and the longest wait before the second; it doubles, with full jitter. */
const TRIES = 3;
const FIRST_WAIT_MS = 100;

/** Client faults (HTTP 4xx) that mean "later", not "no". */
const LATER = new Set([
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ThrottlingException',
  'LimitExceededException',
]);

/** What a failed call was about. */
export interface CallFacts {
  readonly operation: string;
  readonly table: string;
  readonly key?: string;
}

/** The SDK's error in the words of the registry port; a failed condition is no failure of the call and stays as it is. */
function translate(error: unknown, facts: CallFacts): unknown {
  if (error instanceof ConditionalCheckFailedException || error instanceof OnedoorError) return error;
  const fromService = error instanceof DynamoDBServiceException;
  const refused = fromService && error.$fault === 'client' && !LATER.has(error.name);
  return new OnedoorError(
    refused ? 'registry.refused' : 'registry.unreachable',
    { ...facts, reason: error instanceof Error ? error.name : String(error) },
    { cause: error },
  );
}

/** One try within `timeoutMs`, whatever part of it hangs. Throws OnedoorError `registry.*`, or the failed condition. */
export async function callOnce<T>(
  facts: CallFacts,
  timeoutMs: number,
  send: (options: { abortSignal: AbortSignal }) => Promise<T>,
): Promise<T> {
  try {
    return await send({ abortSignal: AbortSignal.timeout(timeoutMs) });
  } catch (error) {
    throw translate(error, facts);
  }
}

/** Full jitter: waits anything up to `FIRST_WAIT_MS` doubled `tries` times. */
export async function backOff(tries: number): Promise<void> {
  await delay(Math.random() * FIRST_WAIT_MS * 2 ** tries);
}

/** As callOnce, with retries while the registry cannot be reached: for reads, and for writes that are safe to repeat. */
export async function callAgain<T>(
  facts: CallFacts,
  timeoutMs: number,
  send: (options: { abortSignal: AbortSignal }) => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await callOnce(facts, timeoutMs, send);
    } catch (error) {
      const again = error instanceof OnedoorError && error.code === 'registry.unreachable' && tries < TRIES;
      if (!again) throw error;
      await backOff(tries - 1);
    }
  }
}
