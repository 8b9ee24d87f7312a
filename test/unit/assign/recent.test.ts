import { describe, expect, it } from 'vitest';
import { createRecent, type RecentAt } from '../../../core/assign/recent.ts';
import type { RosterView } from '../../../core/registry/roster.ts';
import { buildView } from '../../support/build-view.ts';
import { aServer } from '../../support/builders.ts';

const CAPACITY = 1_000;
const anyone = () => true;

const aView = (free: readonly number[], version = 1): RosterView =>
  buildView(
    free.map((seats, n) => aServer({ id: `s-${String(n).padStart(3, '0')}.0`, capacity: CAPACITY, free: seats })),
    version,
    15_000,
  );

const at = (view: RosterView, nowMs: number, allowed: RecentAt['allowed'] = anyone): RecentAt => ({
  view,
  members: view.entries.map((_, index) => index),
  allowed,
  nowMs,
});

/** Its second roster, of 2,000 ms, said that the load grows by 0.02 a second: 20 seats at each server. */
function aGrowing(free: readonly number[], taken: readonly number[]) {
  const recent = createRecent();
  recent.insteadOf(0, at(aView(free.map((seats) => seats + 20)), 1_000));
  for (const index of taken) recent.took(index);
  const view = aView(free, 2);
  return { recent, view, insteadOf: (nowMs: number) => recent.insteadOf(0, at(view, nowMs)) };
}

describe('the servers of the last takes', () => {
  it('are given where the picked one may be fuller by now', () => {
    const { insteadOf } = aGrowing([500, 490, 400], [1, 2]);
    expect(insteadOf(2_000)).toBe(0);
    expect(insteadOf(2_400)).toBe(0);
    // 12 seats in 0.6 s.
    expect(insteadOf(2_600)).toBe(1);
  });

  it('are given at once where they are emptier than the picked one', () => {
    const { insteadOf } = aGrowing([500, 510, 520], [2, 1]);
    expect(insteadOf(2_000)).toBe(2);
  });

  it('are given for no more than a tenth of the capacity, however old the roster', () => {
    const { insteadOf } = aGrowing([500, 399], [1]);
    expect(insteadOf(3_600_000)).toBe(0);
  });

  it('are not given while the load does not grow', () => {
    const recent = createRecent();
    recent.insteadOf(0, at(aView([500, 499]), 1_000));
    recent.took(1);
    const view = aView([500, 499], 2);
    expect([2_000, 5_000].map((nowMs) => recent.insteadOf(0, at(view, nowMs)))).toEqual([0, 0]);
  });

  it('are none that is closed or that the request may not have', () => {
    const { recent, view } = aGrowing([500, 600, 590, 580], [1, 2, 3]);
    view.open[1] = 0;
    expect(
      recent.insteadOf(
        0,
        at(view, 2_000, (index) => index !== 2),
      ),
    ).toBe(3);
  });

  it('are the 64 of the latest takes, each counted once', () => {
    const free = Array.from({ length: 70 }, (_, n) => 500 + n);
    const taken = Array.from({ length: 64 }, (_, n) => 69 - n);
    const { recent, insteadOf } = aGrowing(free, [...taken, 69]);
    recent.took(5);
    expect(insteadOf(2_000)).toBe(69);
    for (let index = 1; index < 65; index++) recent.took(index);
    expect(insteadOf(2_000)).toBe(64);
  });

  it('are the same where the roster has others before and between them', () => {
    const { recent, view } = aGrowing([500, 510, 520], [1, 2]);
    const moved = buildView(
      [aServer({ id: 'r-000.0', capacity: CAPACITY, free: 500 }), ...[0, 1].map((n) => view.entries[n]!)].map(
        (each) => ({ status: aServer({ capacity: CAPACITY, free: 510 }).status, ...each }),
      ),
      3,
      15_000,
    );
    recent.move(view, moved);
    moved.free[0] = 400;
    expect(recent.insteadOf(0, at(moved, 3_000))).toBe(2);
  });

  it('measure the pace by whole rosters, not by parts that come close together', () => {
    const recent = createRecent();
    recent.insteadOf(0, at(aView([520, 499]), 1_000));
    recent.took(1);
    recent.insteadOf(0, at(aView([500, 499], 2), 2_000));
    // By this part alone the load would have fallen.
    const view = aView([502, 499], 3);
    expect(recent.insteadOf(0, at(view, 2_010))).toBe(0);
    expect(recent.insteadOf(0, at(view, 2_500))).toBe(1);
  });
});
