import { createHash } from 'node:crypto';
import type { WatchStore } from '../../core/ports.ts';
import { callAgain, callOnce, getItem, isConditionFailed, type TableAccess } from './calls.ts';
import type { Item } from './row-item.ts';

const PROBERS_ITEM = 'PROBERS#1';
const PROBER_PREFIX = 'p-';
const CUT_OFF_PREFIX = 'd-';
/** Two windows in a row are looked at. */
const WINDOW_MS = 5_000;
/** A ticket is good for 12 h at its alternates; after this it cannot be reported with anyway. */
const REMEMBER_TICKET_MS = 13 * 3_600_000;
const REMEMBER_WINDOW_MS = 600_000;
/** A set of strings of one item; names of any length must not make it large. */
const HOLDER_CHARS = 12;

/** Probers and reports in the registry's table; items expire by its time to live. */
export function createWatchStore(access: TableAccess): WatchStore {
  const { table } = access;

  const update = async (key: string, expression: string, names: Record<string, string>, values: Item) => {
    const input = {
      TableName: table,
      Key: { pk: { S: key } },
      UpdateExpression: expression,
      ExpressionAttributeNames: names,
      ExpressionAttributeValues: values,
      ReturnValues: 'ALL_NEW',
    } as const;
    return (await callAgain(access, 'UpdateItem', input)).Attributes ?? {};
  };

  const read = async (key: string): Promise<Item> => (await getItem(access, key, false)) ?? {};

  /** False: the ticket has reported before. */
  const isFirst = async (jti: string, wallMs: number): Promise<boolean> => {
    const input = {
      TableName: table,
      Item: { pk: { S: `REPORT#T#${jti}` }, ttl: inSeconds(wallMs + REMEMBER_TICKET_MS) },
      ConditionExpression: 'attribute_not_exists(#pk)',
      ExpressionAttributeNames: { '#pk': 'pk' },
    };
    try {
      await callOnce(access, 'PutItem', input);
      return true;
    } catch (error) {
      if (isConditionFailed(error)) return false;
      throw error;
    }
  };

  return {
    async meet(name, wallMs, gone, isCutOff = false) {
      const removed = gone.flatMap((_, n) => [`#g${n}`, `#d${n}`]);
      const names = Object.fromEntries([
        ['#me', PROBER_PREFIX + name],
        ...(isCutOff ? [['#cutOff', CUT_OFF_PREFIX + name]] : []),
        ...gone.flatMap((other, n) => [
          [`#g${n}`, PROBER_PREFIX + other],
          [`#d${n}`, CUT_OFF_PREFIX + other],
        ]),
      ]) as Record<string, string>;
      const remove = removed.length > 0 ? ` REMOVE ${removed.join(', ')}` : '';
      const set = `SET #me = :now${isCutOff ? ', #cutOff = :now' : ''}`;
      return timesIn(await update(PROBERS_ITEM, set + remove, names, { ':now': number(wallMs) }), PROBER_PREFIX);
    },
    probers: async () => timesIn(await read(PROBERS_ITEM), PROBER_PREFIX),
    cutOffs: async () => timesIn(await read(PROBERS_ITEM), CUT_OFF_PREFIX),
    async report({ server, jti, sub, wallMs }) {
      if (!(await isFirst(jti, wallMs))) return undefined;
      const window = Math.floor(wallMs / WINDOW_MS);
      const keyOf = (n: number): string => `REPORT#S#${server}#${n}`;
      const holder = createHash('sha256').update(sub).digest('base64url').slice(0, HOLDER_CHARS);
      const names = { '#holders': 'holders', '#ttl': 'ttl' };
      const values = { ':holder': { SS: [holder] }, ':ttl': inSeconds(wallMs + REMEMBER_WINDOW_MS) };
      const [now, before] = await Promise.all([
        update(keyOf(window), 'ADD #holders :holder SET #ttl = :ttl', names, values),
        read(keyOf(window - 1)),
      ]);
      return new Set([...(now['holders']?.SS ?? []), ...(before['holders']?.SS ?? [])]).size;
    },
  };
}

function timesIn(item: Item, prefix: string): ReadonlyMap<string, number> {
  const times = new Map<string, number>();
  for (const [name, value] of Object.entries(item)) {
    const wallMs = Number(value.N);
    if (name.startsWith(prefix) && Number.isFinite(wallMs)) times.set(name.slice(prefix.length), wallMs);
  }
  return times;
}

function number(value: number): { readonly N: string } {
  return { N: String(value) };
}

function inSeconds(wallMs: number): { readonly N: string } {
  return number(Math.floor(wallMs / 1_000));
}
