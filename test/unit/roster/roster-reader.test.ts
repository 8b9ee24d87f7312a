import { describe, expect, it } from 'vitest';
import type { RosterItem } from '../../../core/ports.ts';
import { decodeIndex, encodeIndex } from '../../../core/registry/roster-codec.ts';
import { createRosterReader } from '../../../core/registry/roster-reader.ts';
import type { ServerRow } from '../../../core/registry/row.ts';
import { fakeClock } from '../../support/fake-clock.ts';
import { rosterWorld } from './roster-world.ts';
import { aRow, beaten, openIds, rows } from './rows.ts';

describe('roster reader', () => {
  it('is empty and degraded before there is a roster', async () => {
    const { reader, refresh } = rosterWorld();
    await refresh();
    expect(reader.view().entries).toEqual([]);
    expect(reader.degraded()).toBe(true);
  });

  it('shows what the writer wrote, ordered by id over all shards', async () => {
    const { reader, refresh, write } = rosterWorld();
    const image = rows(5, (n) => ({ free: n, labels: { n: String(n) } }));
    write([image[4]!, image[0]!, image[2]!], /./, { shardServers: 2 });
    write([...image].reverse(), /./, { shardServers: 2 });
    await refresh();
    expect(reader.view().entries.map(({ key, server }) => ({ key, server }))).toEqual(
      image.map(({ key, placement }) => ({ key, server: placement })),
    );
    expect([...reader.view().free]).toEqual([0, 1, 2, 3, 4]);
    expect(reader.view().version).toBe(3);
    expect(reader.degraded()).toBe(false);
  });

  it('reads at most once a second, however often it is asked', async () => {
    const { reader, reads, refresh, write } = rosterWorld();
    write(rows(2));
    await refresh();
    await Promise.all(Array.from({ length: 50 }, () => reader.refresh()));
    expect(reads).toEqual(['INDEX', 'S0', 'D0']);
  });

  it('does not read twice at once, however long a reading takes', async () => {
    const clock = fakeClock();
    const waiting: (() => void)[] = [];
    const reader = createRosterReader({
      clock,
      readRoster: () => new Promise((resolve) => waiting.push(() => resolve(undefined))),
    });
    const first = reader.refresh();
    clock.advance(5_000);
    const second = reader.refresh();
    expect(waiting).toHaveLength(1);
    waiting[0]!();
    await Promise.all([first, second]);
    void reader.refresh();
    expect(waiting).toHaveLength(2);
  });

  it('reads only what has changed', async () => {
    const { refresh, reads, write } = rosterWorld();
    const limits = { shardServers: 2 };
    const image = rows(4);
    write(image, /./, limits);
    await refresh();
    write([...image.slice(0, 3), beaten(image[3]!)], /./, limits);
    await refresh();
    expect(reads).toEqual(['INDEX', 'D0', 'D1']);
    await refresh();
    expect(reads).toEqual(['INDEX']);
    write([...image.slice(1, 3), beaten(image[3]!)], /./, limits);
    await refresh();
    expect(reads).toEqual(['INDEX', 'S0', 'D0', 'D1']);
  });

  it('reads as much while no server beats as while all do', async () => {
    const { refresh, reads, write, clock } = rosterWorld();
    const limits = { shardServers: 2 };
    let image = rows(5);
    const readsOf = async (beat: (row: ServerRow) => ServerRow): Promise<readonly string[]> => {
      clock.advance(30_000);
      image = image.map(beat);
      write(image, /./, limits);
      await refresh();
      return [...reads];
    };
    await readsOf(beaten);
    expect(await readsOf(beaten)).toEqual(['INDEX', 'D0', 'D1', 'D2']);
    expect(await readsOf((row) => row)).toEqual(['INDEX', 'D0', 'D1', 'D2']);
  });

  it('leaves what an assigner corrected in its view until the writer moves, and then writes over it', async () => {
    const { reader, refresh, write } = rosterWorld();
    write(rows(1, () => ({ free: 4 })));
    await refresh();
    const view = reader.view();
    const { version, revision } = view;
    view.free[0] = 1;
    view.open[0] = 0;
    await refresh();
    expect([view.free[0], view.open[0], view.revision]).toEqual([1, 0, revision]);
    write(rows(1, () => ({ free: 4 })));
    await refresh();
    expect(reader.view()).toMatchObject({ version: version + 1, free: Int32Array.of(4), open: Uint8Array.of(1) });
    expect(view.revision).not.toBe(revision);
  });

  it('keeps one view for as long as the same servers stand in it, and makes another for others', async () => {
    const { reader, refresh, write } = rosterWorld();
    const [a, b, c] = rows(3) as [ServerRow, ServerRow, ServerRow];
    write([a, b]);
    await refresh();
    const view = reader.view();
    write([beaten(a, { free: 3 }), { ...b, suspect: true }]);
    await refresh();
    expect(reader.view()).toBe(view);
    expect([[...view.free], [...view.open]]).toEqual([
      [3, 10],
      [1, 0],
    ]);
    write([a, b, c]);
    await refresh();
    expect(reader.view()).not.toBe(view);
    expect(view.entries).toHaveLength(2);
    expect(reader.view().entries).toHaveLength(3);
  });

  it('closes a server whose beat has not moved for 15 s by its own clock', async () => {
    const { reader, refresh, write, clock } = rosterWorld();
    let [alive, silent] = rows(2) as [ServerRow, ServerRow];
    for (let second = 0; second < 15; second += 5) {
      write([alive, silent]);
      await refresh();
      expect(openIds(reader.view())).toEqual(['s-00000.0', 's-00001.0']);
      clock.advance(4_000);
      alive = beaten(alive);
    }
    write([alive, silent]);
    await refresh();
    expect(openIds(reader.view())).toEqual(['s-00000.0']);
    silent = beaten(silent);
    write([alive, silent]);
    await refresh();
    expect(openIds(reader.view())).toEqual(['s-00000.0', 's-00001.0']);
  });

  it('takes the age from the roster when it is new itself', async () => {
    const { reader, refresh, write, clock } = rosterWorld();
    const [alive, silent] = rows(2) as [ServerRow, ServerRow];
    write([alive, silent]);
    clock.advance(20_000);
    write([beaten(alive), silent]);
    await refresh();
    expect(openIds(reader.view())).toEqual(['s-00000.0']);
  });

  it('adds to that age the time that the shard lay there unchanged', async () => {
    const { reader, refresh, write, items } = rosterWorld();
    write([aRow()]);
    const { name, version, body } = items.get('INDEX')!;
    const aged = decodeIndex(body)!.map((shard) => ({ ...shard, dynamicAgeMs: 16_000 }));
    items.set(name, { name, version: version + 1, body: encodeIndex(aged) });
    await refresh();
    expect(openIds(reader.view())).toEqual([]);
  });

  it('is degraded when the writer stands still for 15 s, and keeps its view as of then', async () => {
    const { reader, refresh, write, clock } = rosterWorld();
    write(rows(2));
    await refresh();
    clock.advance(13_999);
    await refresh();
    expect(reader.ageMs()).toBe(14_999);
    expect(reader.degraded()).toBe(false);
    clock.advance(1);
    expect(reader.degraded()).toBe(true);
    expect(openIds(reader.view())).toEqual(['s-00000.0', 's-00001.0']);
    write(rows(2).map((row) => beaten(row)));
    await refresh();
    expect(reader.degraded()).toBe(false);
  });

  it('keeps everything when the registry cannot be read, and says so', async () => {
    const { reader, refresh, write, fail, clock } = rosterWorld();
    write(rows(2));
    await refresh();
    const view = reader.view();
    write(rows(3));
    fail(true);
    await expect(refresh()).rejects.toThrow('registry.unreachable');
    expect(reader.view()).toBe(view);
    clock.advance(15_000);
    expect(reader.degraded()).toBe(true);
    fail(false);
    await refresh();
    expect(reader.view().entries).toHaveLength(3);
  });

  it('never applies the numbers of one server to another while the writer is between two items', async () => {
    const { reader, refresh, write, items } = rosterWorld();
    const three = rows(3, (n) => ({ free: n + 1 }));
    write(three);
    await refresh();
    const shown = () => reader.view().entries.map(({ server }, index) => [server.id, reader.view().free[index]]);
    const [staticItem, dynamicItem, index] = write(three.slice(1), /^$/) as [RosterItem, RosterItem, RosterItem];
    for (const item of [staticItem, dynamicItem]) {
      items.set(item.name, item);
      await refresh();
      expect(shown()).toEqual([
        ['s-00000.0', 1],
        ['s-00001.0', 2],
        ['s-00002.0', 3],
      ]);
    }
    items.set(index.name, index);
    await refresh();
    expect(shown()).toEqual([
      ['s-00001.0', 2],
      ['s-00002.0', 3],
    ]);
  });

  it('keeps what it has while an old copy of a shard meets a new index', async () => {
    const { reader, refresh, write, items } = rosterWorld();
    const three = rows(3);
    write(three);
    await refresh();
    const late = write(three.slice(1), /^S|^INDEX/).find(({ name }) => name === 'D0')!;
    await refresh();
    expect(reader.view().entries).toHaveLength(3);
    items.set('D0', late);
    await refresh();
    expect(reader.view().entries).toHaveLength(2);
  });

  it('waits for a static shard that is still missing', async () => {
    const { reader, refresh, write, items } = rosterWorld();
    write(rows(1));
    const late = items.get('S0')!;
    items.delete('S0');
    await refresh();
    expect(reader.view().entries).toEqual([]);
    items.set('S0', late);
    await refresh();
    expect(reader.view().entries).toHaveLength(1);
  });

  it('does not go back to an old copy of the index', async () => {
    const { reader, refresh, write, items } = rosterWorld();
    write(rows(1));
    const old = new Map(items);
    write(rows(2));
    await refresh();
    for (const [name, item] of old) items.set(name, item);
    await refresh();
    expect(reader.view().entries).toHaveLength(2);
  });

  it('follows a roster that was begun anew', async () => {
    const { reader, refresh, write, restartWriter } = rosterWorld();
    for (let n = 0; n < 150; n++) write(rows(1));
    await refresh();
    restartWriter();
    write(rows(2));
    await refresh();
    expect(reader.view()).toMatchObject({ version: 1 });
    expect(reader.view().entries).toHaveLength(2);
  });

  it('ignores items that it cannot read', async () => {
    const { reader, refresh, write, items } = rosterWorld();
    write(rows(1));
    await refresh();
    for (const name of ['S0', 'D0', 'INDEX']) items.set(name, { name, version: 99, body: Uint8Array.of(9, 9) });
    await refresh();
    expect(reader.view().entries).toHaveLength(1);
  });
});
