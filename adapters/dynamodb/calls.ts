import { setTimeout as delay } from 'node:timers/promises';
import { OnedoorError } from '../../core/errors.ts';
import { ServiceError } from '../aws/service.ts';
import { DEFAULT_TIMEOUT_MS, type DynamoClient, type Operations, type Output } from './client.ts';
import type { Item } from './row-item.ts';

/** Tries of a call that is safe to repeat, and the longest wait before the second; it doubles, with full jitter. */
const TRIES = 3;
const FIRST_WAIT_MS = 100;

/** One table, and how long a call of it may take. */
export interface TableAccess {
  readonly client: DynamoClient;
  readonly table: string;
  /** Longest time for one try of one call. @default 2000 */
  readonly timeoutMs?: number;
}

/** What a failed call was about. */
interface CallFacts {
  readonly operation: string;
  readonly table: string;
  readonly key?: string;
}

function factsOf(operation: string, table: string, input: object): CallFacts {
  const { Key, Item } = input as { readonly Key?: Item; readonly Item?: Item };
  const key = (Key ?? Item)?.['pk']?.S;
  return { operation, table, ...(key !== undefined && { key }) };
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
export async function callOnce<O extends keyof Operations>(
  { client, table, timeoutMs = DEFAULT_TIMEOUT_MS }: TableAccess,
  operation: O,
  input: Operations[O][0],
  repeatable = false,
): Promise<Output<O>> {
  try {
    return await client.call(operation, input, { timeoutMs, repeatable });
  } catch (error) {
    throw translate(error, factsOf(operation, table, input));
  }
}

/** Full jitter: waits anything up to `FIRST_WAIT_MS` doubled `tries` times. */
export async function backOff(tries: number): Promise<void> {
  await delay(Math.random() * FIRST_WAIT_MS * 2 ** tries);
}

/** As callOnce, with retries while the registry cannot be reached: for reads, and for writes that are safe to repeat. */
export async function callAgain<O extends keyof Operations>(
  access: TableAccess,
  operation: O,
  input: Operations[O][0],
): Promise<Output<O>> {
  for (let tries = 1; ; tries++) {
    try {
      return await callOnce(access, operation, input, true);
    } catch (error) {
      const again = error instanceof OnedoorError && error.code === 'registry.unreachable' && tries < TRIES;
      if (!again) throw error;
      await backOff(tries - 1);
    }
  }
}

/** The item of `key`, if there is one. */
export async function getItem(access: TableAccess, key: string, isConsistent: boolean): Promise<Item | undefined> {
  const input = { TableName: access.table, Key: { pk: { S: key } }, ConsistentRead: isConsistent };
  return (await callAgain(access, 'GetItem', input)).Item;
}
