import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDynamoClient } from '../../../adapters/dynamodb/client.ts';
import { createRegistryStore } from '../../../adapters/dynamodb/registry-store.ts';
import { ConfigError, OnedoorError } from '../../../core/errors.ts';
import type { RegistryStore } from '../../../core/ports.ts';
import { readTakeReply } from '../../../core/registry/take.ts';
import { DEFAULT_TIMING } from '../../../core/registry/timing.ts';
import { LOCAL_ACCESS, type LocalDynamo, startDynalite } from '../../../local/dynalite.ts';
import { type DynamoProxy, startDynamoProxy } from './dynamo-proxy.ts';

const KEY = 'SRV#AROAEXAMPLE:i-0a#0';
const GEN = '00000000000000a1';
const TIMEOUT_MS = 300;

let engine: LocalDynamo;
let proxy: DynamoProxy;
let client: ReturnType<typeof createDynamoClient>;
let store: RegistryStore;
/** Waits only this long, for calls that are not answered. */
let hasty: RegistryStore;

beforeAll(async () => {
  engine = await startDynalite({ table: 'registry' });
});
afterAll(() => engine.close());
beforeEach(async () => {
  proxy = await startDynamoProxy(engine.endpoint);
  client = createDynamoClient({ ...LOCAL_ACCESS, endpoint: proxy.endpoint });
  const access = { client, table: 'registry', hedgeMs: Number.POSITIVE_INFINITY };
  store = createRegistryStore({ ...access, timeoutMs: 20_000 });
  hasty = createRegistryStore({ ...access, timeoutMs: TIMEOUT_MS });
});
afterEach(async () => {
  client.destroy();
  await proxy.close();
});

async function aReadyRow(key: string, free: number): Promise<void> {
  await store.write(key, { kind: 'create', gen: GEN, nowMs: 1_000 });
  const load = { hb: 2_000, sessions: 0, capacity: free, state: 'ready' } as const;
  await store.write(key, { kind: 'beat', gen: GEN, beat: 1_000, addFree: free, ...load });
  proxy.served.length = 0;
}

async function failureOf(call: Promise<unknown>): Promise<OnedoorError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof OnedoorError)) throw new Error(`expected an OnedoorError, got: ${String(error)}`);
  return error;
}

describe('writes', () => {
  it.each([
    ['lose', 1],
    // On a kept connection that is closed a take goes out once more, on a new one.
    ['break', 2],
  ] as const)('are tried once when the reply is lost (%s), and a take is known again', async (how, times) => {
    const key = `SRV#AROAEXAMPLE:i-${how}#0`;
    await aReadyRow(key, 5);
    const take = { kind: 'take', k: 2, token: 't1' } as const;
    proxy.onReply = () => how;
    const start = performance.now();
    const error = await failureOf(hasty.write(key, take));
    expect(performance.now() - start).toBeLessThan(15_000);
    expect(error.code).toBe('registry.unreachable');
    expect(error.payload).toMatchObject({ operation: 'UpdateItem', table: 'registry', key });
    expect(error.cause).toBeInstanceOf(Error);
    await expect
      .poll(() => proxy.served, { timeout: 10_000 })
      .toEqual(Array.from({ length: times }, () => 'UpdateItem'));

    proxy.onReply = (_operation, body) => body;
    const outcome = readTakeReply(take, await store.write(key, take), 0, 100, DEFAULT_TIMING);
    expect(outcome).toMatchObject({ ok: true, seats: { first: 1_001, last: 1_002 }, row: { seats: { free: 3 } } });
  });

  it('that take are sent again with their token when no answer comes, and what the first won is known', async () => {
    const key = `SRV#AROAEXAMPLE:i-hedged#0`;
    await aReadyRow(key, 5);
    const hedging = createRegistryStore({ client, table: 'registry', timeoutMs: 20_000, hedgeMs: 30 });
    const take = { kind: 'take', k: 2, token: 't2' } as const;
    let lost = 0;
    proxy.onReply = (_operation, body) => (lost++ === 0 ? 'lose' : body);
    const outcome = readTakeReply(take, await hedging.write(key, take), 0, 100, DEFAULT_TIMING);
    expect(outcome).toMatchObject({ ok: true, seats: { first: 1_001, last: 1_002 }, row: { seats: { free: 3 } } });
    expect(proxy.served.filter((operation) => operation === 'UpdateItem')).toHaveLength(2);
  });

  it.each(['beat', 'claim'] as const)(
    'that are no takes are sent once however late the answer is (%s)',
    async (kind) => {
      const key = `SRV#AROAEXAMPLE:i-late-${kind}#0`;
      await aReadyRow(key, 5);
      const hedging = createRegistryStore({ client, table: 'registry', timeoutMs: TIMEOUT_MS, hedgeMs: 20 });
      proxy.onReply = () => 'lose';
      const load = { hb: 2_000, sessions: 0, capacity: 5, state: 'ready' } as const;
      const beat = { kind, gen: GEN, beat: 1_001, addFree: 0, ...load } as const;
      const claim = { kind, gen: '00000000000000b2', seen: GEN } as const;
      const command = kind === 'beat' ? { ...beat, kind } : { ...claim, kind };
      expect((await failureOf(hedging.write(key, command))).code).toBe('registry.unreachable');
      await expect.poll(() => proxy.served, { timeout: 10_000 }).toEqual(['UpdateItem']);
    },
  );

  it('that take do not show that the registry closed a kept connection; a beat tells', async () => {
    const key = `SRV#AROAEXAMPLE:i-closed#0`;
    await aReadyRow(key, 5);
    const breakOnce = () => {
      let broken = 0;
      proxy.onReply = (_operation, body) => (broken++ === 0 ? 'break' : body);
    };
    breakOnce();
    const reply = await store.write(key, { kind: 'take', k: 1, token: 't3' });
    expect(reply.row?.seats).toMatchObject({ free: 4, last: 't3' });
    await store.get(key);
    breakOnce();
    const load = { hb: 2_000, sessions: 0, capacity: 5, state: 'ready' } as const;
    const beat = store.write(key, { kind: 'beat', gen: GEN, beat: 1_001, addFree: 0, ...load });
    expect((await failureOf(beat)).code).toBe('registry.unreachable');
  });

  it('are unreachable, not refused, when the table is throttled', async () => {
    proxy.onRequest = () => ({});
    proxy.onReply = () => ({ __type: 'com.amazonaws.dynamodb.v20120810#ThrottlingException', message: 'slow down' });
    const error = await failureOf(store.write(KEY, { kind: 'take', k: 1, token: 't' }));
    expect(error.code).toBe('registry.unreachable');
    expect(error.payload).toMatchObject({ reason: 'ThrottlingException' });
  });

  it('are refused when the table is not there', async () => {
    const nowhere = createRegistryStore({ client, table: 'nowhere' });
    const error = await failureOf(nowhere.write(KEY, { kind: 'take', k: 1, token: 't' }));
    expect(error.code).toBe('registry.refused');
    expect(error.payload).toMatchObject({ reason: 'ResourceNotFoundException', table: 'nowhere' });
  });

  it('return the row without reading again where the engine gives it with the refusal', async () => {
    await aReadyRow(KEY, 1);
    proxy.onReply = (_operation, body) => ({
      ...body,
      Item: { pk: { S: KEY }, ...seatItem({ free: { N: '77' } }) },
    });
    const reply = await store.write(KEY, { kind: 'take', k: 9, token: 't' });
    expect(reply).toMatchObject({ ok: false, row: { seats: { free: 77 } } });
    expect(proxy.served).toEqual(['UpdateItem']);
  });
});

describe('reads', () => {
  it('are tried again while the registry cannot be reached', async () => {
    await aReadyRow(KEY.replace('0a', 'again'), 1);
    let broken = 2;
    proxy.onReply = (_operation, body) => (broken-- > 0 ? 500 : body);
    expect(await store.get(KEY.replace('0a', 'again'))).toMatchObject({ seats: { free: 1 } });
    expect(proxy.served).toEqual(['GetItem', 'GetItem', 'GetItem']);
  });

  it('give up after three tries', async () => {
    proxy.onReply = () => 500;
    expect((await failureOf(store.readKeys())).code).toBe('registry.unreachable');
    expect(proxy.served).toHaveLength(3);
  });

  it('are not tried again when the registry says no', async () => {
    const nowhere = createRegistryStore({ client, table: 'nowhere' });
    expect((await failureOf(nowhere.get(KEY))).code).toBe('registry.refused');
    expect(proxy.served).toHaveLength(1);
  });

  it('list every row over pages of the index and batches that a busy table answers in part', async () => {
    const own = await startDynalite({ table: 'paged' });
    const paged = await startDynamoProxy(own.endpoint);
    const access = createDynamoClient({ ...LOCAL_ACCESS, endpoint: paged.endpoint });
    const rows = createRegistryStore({ client: access, table: 'paged' });
    const keys = Array.from({ length: 9 }, (_, n) => `SRV#AROAEXAMPLE:i-${n}#0`);
    for (const key of keys) await rows.write(key, { kind: 'create', gen: GEN, nowMs: 1_000 });
    paged.served.length = 0;
    const left: unknown[] = [];
    paged.onRequest = (operation, body) => {
      if (operation === 'Query') return { ...body, Limit: 4 };
      left.push(...body.RequestItems.paged.Keys.splice(4));
      return body;
    };
    paged.onReply = (operation, body) =>
      operation === 'Query'
        ? body
        : { ...body, UnprocessedKeys: left.length ? { paged: { Keys: left.splice(0) } } : {} };
    expect((await rows.list()).map((row) => row.key)).toEqual(keys);
    expect(paged.served.filter((operation) => operation === 'Query')).toHaveLength(3);
    expect(paged.served.filter((operation) => operation === 'BatchGetItem')).toHaveLength(3);
    access.destroy();
    await paged.close();
    await own.close();
  });
});

describe('the store', () => {
  it('refuses a name that no table has, at once', () => {
    expect(() => createRegistryStore({ client, table: '' })).toThrow(ConfigError);
  });
});

function seatItem(change: Record<string, unknown>): Record<string, unknown> {
  const counts = ['free', 'issued', 'beat', 'capacity', 'hb', 'sessions'].map((name) => [name, { N: '1' }]);
  return { ...Object.fromEntries(counts), gen: { S: GEN }, last: { S: '' }, state: { S: 'ready' }, ...change };
}
