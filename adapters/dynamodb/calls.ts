import { setTimeout as delay } from 'node:timers/promises';
import { OnedoorError } from '../../core/errors.ts';
import { type CallOptions, ServiceError } from '../aws/service.ts';

/** Tries of a call that is safe to repeat, and the longest wait before the second; it doubles, with full jitter. */
const TRIES = 3;
const FIRST_WAIT_MS = 100;

/** What a failed call was about. */
export interface CallFacts {
  readonly operation: string;
  readonly table: string;
  readonly key?: string;
}

/** Whether the service refused a write because its condition does not hold. */
export function isConditionFailed(error: unknown): error is ServiceError {
  return error instanceof ServiceError && error.name === 'ConditionalCheckFailedException';
}

/** A failure in the words of the registry port; a failed condition is no failure of the call and stays as it is. */
function translate(error: unknown, facts: CallFacts): unknown {
  if (isConditionFailed(error) || error instanceof OnedoorError) return error;
  const refused = error instanceof ServiceError && !error.isPassing;
  return new OnedoorError(
    refused ? 'registry.refused' : 'registry.unreachable',
    { ...facts, reason: error instanceof Error ? error.name : String(error) },
    { cause: error },
  );
}

/**
 * One try within `timeoutMs`, whatever part of it hangs; `repeatable`: where a kept connection was closed, one more.
 * Throws OnedoorError `registry.*`, or the failed condition.
 */
export async function callOnce<T>(
  facts: CallFacts,
  timeoutMs: number,
  send: (options: CallOptions) => Promise<T>,
  repeatable = false,
): Promise<T> {
  try {
    return await send({ timeoutMs, repeatable });
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
  send: (options: CallOptions) => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await callOnce(facts, timeoutMs, send, true);
    } catch (error) {
      const again = error instanceof OnedoorError && error.code === 'registry.unreachable' && tries < TRIES;
      if (!again) throw error;
      await backOff(tries - 1);
    }
  }
}
