import { expect, it } from 'vitest';
import { createPicture } from '../../../page/web/picture.ts';
import { type Selection, selectServers } from '../../../page/web/selection.ts';
import type { FixedRow } from '../../../page/wire.ts';

const ALL: Selection = { search: '', pool: '', statuses: new Set(), sortBy: 'id', isReversed: false };
const ROWS: readonly (readonly [string, string, number, number])[] = [
  ['b.0', 'east', 1, 4],
  ['a.0', 'west', 1, 8],
  ['c.0', 'east', 4, 4],
];

const picture = createPicture();
picture.apply(
  {
    atMs: 0,
    added: ROWS.map(([id, group], n): FixedRow => [n, id, 'arena', 'w1', group, `203.0.113.${n}:1`, 'z']),
    changed: ROWS.flatMap(([, , status, sessions], n) => [n, status, sessions, 10, 10 - sessions, 100 * n]),
  },
  1_000,
);

const ids = (change: Partial<Selection>) => selectServers(picture.servers, { ...ALL, ...change }).map(({ id }) => id);

it('gives all servers by id', () => {
  expect(ids({})).toEqual(['a.0', 'b.0', 'c.0']);
  expect(ids({ isReversed: true })).toEqual(['c.0', 'b.0', 'a.0']);
});

it('finds servers by every word of a search, in whatever case, and by their state', () => {
  expect(ids({ search: 'EAST 113.2' })).toEqual(['c.0']);
  expect(ids({ search: 'susp' })).toEqual(['c.0']);
  expect(ids({ search: 'north' })).toEqual([]);
});

it('keeps to a pool and to states', () => {
  expect(ids({ pool: 'arena / w1 / east' })).toEqual(['b.0', 'c.0']);
  expect(ids({ pool: 'arena / w1 / east', statuses: new Set(['ready'] as const) })).toEqual(['b.0']);
});

it('sorts by load, those that are alike by id', () => {
  expect(ids({ sortBy: 'load' })).toEqual(['b.0', 'c.0', 'a.0']);
  expect(ids({ sortBy: 'beat' })).toEqual(['b.0', 'a.0', 'c.0']);
});
