import { describe, expect, it } from 'vitest';
import { decodeDynamic, decodeIndex, placedStatus } from '../../../core/registry/roster-codec.ts';
import { planRoster, type RosterPlan, restoreWriter, type WriterState } from '../../../core/registry/roster-writer.ts';
import type { ServerRow } from '../../../core/registry/row.ts';
import { aRow, beaten, rows } from './rows.ts';

const SMALL = { shardServers: 3 };

/** Passes one after the other, a second apart; answers the names that each wrote. */
function passes(images: readonly (readonly ServerRow[])[], limits = {}): string[][] {
  let state: WriterState | undefined;
  return images.map((image, n) => {
    const plan = planRoster(state, image, n * 1_000, limits);
    state = plan.state;
    return plan.items.map(({ name }) => name);
  });
}

/** What the dynamic items of a plan say of a server. */
function statusOf({ state, items }: RosterPlan, id: string) {
  for (const [n, { entries }] of state.shards.entries()) {
    const at = entries.findIndex(({ server }) => server.id === id);
    if (at < 0) continue;
    return placedStatus(decodeDynamic(items.find(({ name }) => name === `D${n}`)!.body)!, at).status;
  }
  return undefined;
}

describe('roster writer', () => {
  it('writes everything first, then the same items at every pass, whether servers beat or not', () => {
    const image = rows(5);
    const all = ['D0', 'D1', 'INDEX'];
    expect(passes([image, image, image.map((row) => beaten(row)), image.slice(0, 4)], SMALL)).toEqual([
      ['S0', 'S1', ...all],
      all,
      all,
      ['S1', ...all],
    ]);
  });

  it('keeps a server once that two writers put into different shards', () => {
    const { key, placement } = aRow();
    const shard = { staticVersion: 1, dynamicAgeMs: 0, entries: [{ key, server: placement! }] };
    const { state } = planRoster(restoreWriter(5, [shard, shard], 0), [aRow()], 1_000);
    expect(state.shards.map(({ entries }) => entries.map((entry) => entry.key))).toEqual([[key]]);
  });

  it('rewrites the one static item of a server that comes, goes or changes its placement', () => {
    const six = rows(6);
    const moved = six.map((row, n) => (n === 5 ? aRow({ id: 's-00005.0', world: 'w2' }) : row));
    expect(passes([six, six.slice(1), six, moved], SMALL)).toEqual([
      ['S0', 'S1', 'D0', 'D1', 'INDEX'],
      ['S0', 'D0', 'D1', 'INDEX'],
      ['S0', 'D0', 'D1', 'INDEX'],
      ['S1', 'D0', 'D1', 'INDEX'],
    ]);
  });

  it('opens a further shard when all are full and drops empty ones at the end', () => {
    const limits = SMALL;
    const first = planRoster(undefined, rows(7), 0, limits);
    expect(first.state.shards.map((shard) => shard.entries.length)).toEqual([3, 3, 1]);
    const second = planRoster(first.state, rows(2), 1_000, limits);
    expect(second.state.shards.map((shard) => shard.entries.length)).toEqual([2]);
    expect(decodeIndex(second.items.at(-1)!.body)).toHaveLength(1);
  });

  it('keeps every item below the limit of DynamoDB, however long the labels are', () => {
    const labels = Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`label-${n}`, 'ü'.repeat(40)]));
    const long = rows(1_500, (n) => ({ labels: { ...labels, n: String(n) } }));
    const { items, state } = planRoster(undefined, long, 0);
    expect(Math.max(...items.map(({ body }) => body.length))).toBeLessThan(400_000);
    expect(state.shards.reduce((sum, shard) => sum + shard.entries.length, 0)).toBe(1_500);
    expect(state.shards.length).toBeGreaterThan(2);
  });

  it('moves a server whose placement has grown too long into another shard', () => {
    const limits = { shardBytes: 700 };
    const before = planRoster(undefined, rows(3), 0, limits).state;
    const grown = rows(3, (n) => (n === 0 ? { labels: { note: 'x'.repeat(400) } } : {}));
    const after = planRoster(before, grown, 1_000, limits).state;
    expect(before.shards.map((shard) => shard.entries.length)).toEqual([3]);
    expect(after.shards.map((shard) => shard.entries.length)).toEqual([1, 2]);
  });

  it('leaves out rows that are not verified or not claimed', () => {
    const { placement: _, ...unverified } = aRow({ id: 'a.0' });
    const { seats: __, ...unclaimed } = aRow({ id: 'b.0' });
    const { state } = planRoster(undefined, [unverified, unclaimed, aRow({ id: 'c.0' })], 0);
    expect(state.shards[0]?.entries.map(({ server }) => server.id)).toEqual(['c.0']);
  });

  it('drops a server that has been gone for a minute, not one that has just gone', () => {
    const row = aRow({ state: 'gone' });
    const start = planRoster(planRoster(undefined, [], 0).state, [row], 1_000).state;
    expect(planRoster(start, [row], 61_000).state.shards).toHaveLength(1);
    expect(planRoster(start, [row], 61_001).state.shards).toHaveLength(0);
  });

  describe('ages of beats', () => {
    const row = aRow({ id: 'a.0' });
    const empty = planRoster(undefined, [], 0).state;

    it('count from the arrival of a changed beat', () => {
      const first = planRoster(empty, [row], 1_000);
      expect(statusOf(first, 'a.0')?.beatAgeMs).toBe(0);
      const silent = planRoster(first.state, [row], 9_000);
      expect(statusOf(silent, 'a.0')?.beatAgeMs).toBe(8_000);
      const alive = planRoster(silent.state, [beaten(row)], 12_000);
      expect(statusOf(alive, 'a.0')?.beatAgeMs).toBe(0);
    });

    it('do not start anew with a take, a tombstone or a new placement', () => {
      const first = planRoster(empty, [row], 1_000).state;
      const taken = { ...row, seats: { ...row.seats!, free: 1, issued: 109, state: 'gone' as const } };
      expect(statusOf(planRoster(first, [taken], 4_000), 'a.0')?.beatAgeMs).toBe(3_000);
    });

    it('are unknown, and so too old, for rows that a cold writer finds', () => {
      expect(statusOf(planRoster(undefined, [row], 0), 'a.0')?.beatAgeMs).toBeGreaterThan(1_000_000);
    });

    it('count on while a row waits to be verified', () => {
      const { placement, ...unverified } = row;
      const waiting = planRoster(empty, [unverified], 1_000).state;
      const verified = planRoster(waiting, [{ ...unverified, placement: placement! }], 3_000);
      expect(statusOf(verified, 'a.0')).toMatchObject({ beatAgeMs: 2_000 });
    });
  });
});
