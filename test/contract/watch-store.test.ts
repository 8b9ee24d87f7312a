import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDynamoClient } from '../../adapters/dynamodb/client.ts';
import { createWatchStore } from '../../adapters/dynamodb/watch-store.ts';
import { createMemoryWatchStore } from '../../adapters/memory/watch-store.ts';
import type { WatchStore } from '../../core/ports.ts';
import { createTable, LOCAL_ACCESS, type LocalDynamo, startDynalite } from '../../local/dynalite.ts';

const NOW_MS = 1_767_225_600_000;
let engine: LocalDynamo;
let client: ReturnType<typeof createDynamoClient>;
let tables = 0;

beforeAll(async () => {
  engine = await startDynalite({ table: 'first' });
  client = createDynamoClient({ ...LOCAL_ACCESS, endpoint: engine.endpoint });
});
afterAll(async () => {
  client.destroy();
  await engine.close();
});

async function onDynalite(): Promise<WatchStore> {
  const table = `watch-${tables++}`;
  await createTable(engine.endpoint, table);
  return createWatchStore({ client, table, timeoutMs: 10_000 });
}

const report = (n: number, more: object = {}) => ({
  server: 'i-a.0',
  jti: `i-a.0:gen:${n}`,
  sub: `holder-${n}`,
  wallMs: NOW_MS,
  ...more,
});

for (const [name, open] of [
  ['memory', async () => createMemoryWatchStore()],
  ['dynalite', onDynalite],
] as const) {
  describe(`probers and reports on ${name}`, () => {
    it('lets probers meet, and forget who is gone', async () => {
      const store = await open();
      expect([...(await store.probers())]).toEqual([]);
      expect([...(await store.meet('aa', 1, []))]).toEqual([['aa', 1]]);
      await store.meet('bb', 2, ['never-there']);
      await store.meet('cc', 3, []);
      expect(new Map(await store.meet('aa', 4, ['bb', 'cc']))).toEqual(new Map([['aa', 4]]));
      expect([...(await store.probers())]).toEqual([['aa', 4]]);
    });

    it('keeps when a prober was cut off last, until it is gone', async () => {
      const store = await open();
      await store.meet('aa', 1, []);
      expect([...(await store.cutOffs())]).toEqual([]);
      await store.meet('aa', 2, [], true);
      await store.meet('aa', 3, []);
      expect([...(await store.cutOffs())]).toEqual([['aa', 2]]);
      expect([...(await store.probers())]).toEqual([['aa', 3]]);
      await store.meet('bb', 4, ['aa']);
      expect([...(await store.cutOffs())]).toEqual([]);
    });

    it('counts the holders who report a server, each ticket once', async () => {
      const store = await open();
      expect(await store.report(report(1))).toBe(1);
      expect(await store.report(report(2))).toBe(2);
      expect(await store.report(report(2))).toBeUndefined();
      // Another ticket of a holder who has reported.
      expect(await store.report(report(3, { sub: 'holder-1' }))).toBe(2);
      expect(await store.report(report(4, { server: 'i-b.0' }))).toBe(1);
    });

    it('forgets reports after 5 to 10 s, but not which tickets they came with', async () => {
      const store = await open();
      for (const n of [1, 2, 3]) await store.report(report(n));
      expect(await store.report(report(4, { wallMs: NOW_MS + 5_000 }))).toBe(4);
      expect(await store.report(report(5, { wallMs: NOW_MS + 10_000 }))).toBe(2);
      expect(await store.report(report(1, { wallMs: NOW_MS + 10_000 }))).toBeUndefined();
    });
  });
}
