import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../../adapters/memory/registry-store.ts';
import { OnedoorError } from '../../../core/errors.ts';
import type { RegistryStore } from '../../../core/ports.ts';
import { decodeIndex, encodeIndex } from '../../../core/registry/roster-codec.ts';
import { createRosterWriter } from '../../../core/registry/roster-pass.ts';
import { createRosterReader } from '../../../core/registry/roster-reader.ts';
import type { ServerRow } from '../../../core/registry/row.ts';
import { fakeClock } from '../../support/fake-clock.ts';
import { aRow, beaten, openIds, rows } from './rows.ts';

/** A store whose rows are whatever the test says last. */
function storeOf(first: readonly ServerRow[]) {
  const memory = createMemoryStore();
  let listed = first;
  let lists = 0;
  const store: RegistryStore = {
    ...memory,
    async list() {
      lists++;
      return listed;
    },
  };
  return {
    store,
    lists: () => lists,
    set(next: readonly ServerRow[]) {
      listed = next;
    },
  };
}

describe('roster pass', () => {
  it('lists at every tick where there are no streams', async () => {
    const { store, lists } = storeOf(rows(3));
    const writer = createRosterWriter({ store, clock: fakeClock() });
    expect(await writer.pass()).toEqual({ version: 1, servers: 3, written: ['S0', 'D0', 'INDEX'] });
    expect(await writer.pass()).toEqual({ version: 2, servers: 3, written: ['D0', 'INDEX'] });
    expect(lists()).toBe(2);
  });

  it('goes by the changes of the stream and lists only now and then', async () => {
    const clock = fakeClock();
    const [a, b] = rows(2) as [ServerRow, ServerRow];
    const { store, lists } = storeOf([a, b]);
    const writer = createRosterWriter({ store, clock });
    await writer.pass({ rows: [a], removed: [] });
    clock.advance(1_000);
    const changed = await writer.pass({ rows: [beaten(a)], removed: [] });
    expect(changed.written).toEqual(['D0', 'INDEX']);
    expect((await writer.pass({ rows: [], removed: [b.key] })).servers).toBe(1);
    expect(lists()).toBe(1);
    clock.advance(60_000);
    expect((await writer.pass({ rows: [], removed: [] })).servers).toBe(2);
    expect(lists()).toBe(2);
  });

  it('never goes back to an older image of a row', async () => {
    const row = aRow({ id: 'a.0' });
    const newer = beaten(row, { free: 4 });
    const { store } = storeOf([row]);
    const clock = fakeClock();
    const writer = createRosterWriter({ store, clock });
    const reader = createRosterReader({ readRoster: store.readRoster, clock });
    await writer.pass({ rows: [newer], removed: [] });
    await writer.pass({ rows: [row], removed: [] });
    await writer.pass();
    await reader.refresh();
    const { beat, free } = reader.view();
    expect([beat[0], free[0]]).toEqual([newer.seats?.beat, 4]);
  });

  it('goes on from what another writer left: same shards, same ages, next version', async () => {
    const clock = fakeClock();
    const image = rows(4);
    const [a, ...silent] = image as [ServerRow, ...ServerRow[]];
    const { store, set } = storeOf([]);
    const first = createRosterWriter({ store, clock });
    await first.pass();
    set(image);
    await first.pass();
    clock.advance(20_000);
    set([beaten(a), ...silent]);
    await first.pass();

    const second = createRosterWriter({ store, clock });
    set([beaten(beaten(a)), ...silent]);
    expect(await second.pass()).toEqual({ version: 4, servers: 4, written: ['D0', 'INDEX'] });
    const reader = createRosterReader({ readRoster: store.readRoster, clock });
    await reader.refresh();
    expect(openIds(reader.view())).toEqual([a.placement?.id]);
  });

  it('knows the age of a beat even where a writer of an earlier release had not rewritten the shard', async () => {
    const clock = fakeClock();
    const { store, set } = storeOf([]);
    const first = createRosterWriter({ store, clock });
    await first.pass();
    set(rows(2));
    await first.pass();
    clock.advance(14_000);
    const { name, version, body } = (await store.readRoster('INDEX'))!;
    const aged = decodeIndex(body)!.map((shard) => ({ ...shard, dynamicAgeMs: 14_000 }));
    await store.writeRoster({ name, version: version + 1, body: encodeIndex(aged) });
    clock.advance(1_500);
    await createRosterWriter({ store, clock }).pass();
    const reader = createRosterReader({ readRoster: store.readRoster, clock });
    await reader.refresh();
    expect([...reader.view().beatAgeMs]).toEqual([14_000, 14_000]);
  });

  it('does the rest at the next pass when the registry fails in the middle', async () => {
    const { store, set } = storeOf(rows(1));
    let failing = true;
    const clock = fakeClock();
    const flaky: RegistryStore = {
      ...store,
      async writeRoster(item) {
        if (failing && item.name === 'D0') throw new OnedoorError('registry.unreachable');
        await store.writeRoster(item);
      },
    };
    const writer = createRosterWriter({ store: flaky, clock });
    await expect(writer.pass()).rejects.toThrow('registry.unreachable');
    failing = false;
    set(rows(2));
    expect(await writer.pass()).toMatchObject({ version: 1, servers: 2, written: ['S0', 'D0', 'INDEX'] });
  });

  it('makes one pass after the other, even when asked for two at once', async () => {
    const { store } = storeOf(rows(2));
    const writer = createRosterWriter({ store, clock: fakeClock() });
    const reports = await Promise.all([writer.pass(), writer.pass(), writer.pass()]);
    expect(reports.map(({ version }) => version)).toEqual([1, 2, 3]);
  });
});
