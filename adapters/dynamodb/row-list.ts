import type { AttributeValue, KeysAndAttributes } from '@aws-sdk/client-dynamodb';
import { OnedoorError } from '../../core/errors.ts';
import { parseRowKey } from '../../core/registry/row.ts';
import { backOff, callAgain, type TableAccess } from './calls.ts';
import type { Item } from './row-item.ts';
import { SERVER_KIND } from './row-update.ts';
import { SERVERS_INDEX } from './table.ts';

/** Most keys that BatchGetItem takes. */
const BATCH = 100;
/** Batches under way at once: enough to hide the round trips, few enough not to be throttled. */
const PARALLEL = 4;
/** Rounds without progress after which the registry counts as unreachable. */
const ROUNDS = 6;

async function rowKeys(access: TableAccess): Promise<string[]> {
  const keys: string[] = [];
  let start: Record<string, AttributeValue> | undefined;
  do {
    const query = {
      TableName: access.table,
      IndexName: SERVERS_INDEX,
      KeyConditionExpression: '#kind = :kind',
      ExpressionAttributeNames: { '#kind': 'kind' },
      ExpressionAttributeValues: { ':kind': { S: SERVER_KIND } },
      ...(start && { ExclusiveStartKey: start }),
    };
    const page = await callAgain(access, 'Query', query);
    for (const item of page.Items ?? []) if (item['pk']?.S !== undefined) keys.push(item['pk'].S);
    start = page.LastEvaluatedKey;
  } while (start);
  return keys;
}

/** The items of up to 100 keys. A throttled table answers some and returns the others' keys: those are asked again. */
async function itemsOf(access: TableAccess, keys: readonly string[]): Promise<Item[]> {
  const { table } = access;
  const items: Item[] = [];
  let open: KeysAndAttributes = { Keys: keys.map((key) => ({ pk: { S: key } })) };
  for (let idle = 0; ; ) {
    const reply = await callAgain(access, 'BatchGetItem', { RequestItems: { [table]: open } });
    const found = reply.Responses?.[table] ?? [];
    items.push(...found);
    const rest = reply.UnprocessedKeys?.[table];
    if (!rest?.Keys?.length) return items;
    idle = found.length > 0 ? 0 : idle + 1;
    if (idle >= ROUNDS) {
      throw new OnedoorError('registry.unreachable', { operation: 'BatchGetItem', table, reason: 'UnprocessedKeys' });
    }
    open = rest;
    await backOff(idle);
  }
}

/** The items of all server rows, or of one machine's slots, in the order of their keys. */
export async function listItems(access: TableAccess, machine?: string): Promise<Item[]> {
  const all = await rowKeys(access);
  const keys = machine === undefined ? all : all.filter((key) => parseRowKey(key)?.machine === machine);
  const batches = Array.from({ length: Math.ceil(keys.length / BATCH) }, (_, n) =>
    keys.slice(n * BATCH, (n + 1) * BATCH),
  );
  const found = new Map<string | undefined, Item>();
  for (let n = 0; n < batches.length; n += PARALLEL) {
    const round = await Promise.all(batches.slice(n, n + PARALLEL).map((batch) => itemsOf(access, batch)));
    for (const item of round.flat()) found.set(item['pk']?.S, item);
  }
  return keys.map((key) => found.get(key)).filter((item) => item !== undefined);
}
