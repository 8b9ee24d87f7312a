import { describe, expect, it } from 'vitest';
import { createLiveView, type LiveView } from '../../../core/assign/live-view.ts';
import type { RosterView } from '../../../core/registry/roster.ts';
import type { SeatFields, ServerRow } from '../../../core/registry/row.ts';
import { aServer, aView } from '../../support/builders.ts';

const aRow = (seats: Partial<SeatFields>): ServerRow => ({
  key: 'SRV#AROAEXAMPLE:a#0',
  suspect: false,
  seats: {
    free: 5,
    issued: 100,
    beat: 10,
    gen: 'g',
    last: '',
    capacity: 10,
    state: 'ready',
    hb: 0,
    sessions: 0,
    ...seats,
  },
});
const roster = (free: number, beat: number, version = 1) =>
  aView([aServer({ id: 'a.0', free, capacity: 10, beat })], version);

/** A live view, and what brings its assigner another roster. */
function liveView(first: RosterView): LiveView & { adopt(next: RosterView): void } {
  let newest = first;
  const live = createLiveView(() => newest);
  const adopt = (next: RosterView): void => {
    newest = next;
    expect(live.view).toBe(next);
  };
  return Object.create(live, { adopt: { value: adopt } }) as LiveView & { adopt(next: RosterView): void };
}

describe('the live view', () => {
  it('shows the registry’s free seats plus the stock less the hints', () => {
    const live = liveView(roster(5, 10));
    live.stocked(0, 3);
    live.hinted(0, 2);
    expect(live.view.free[0]).toBe(6);
  });

  it('never lets hints make a server look full that has a seat', () => {
    const live = liveView(roster(5, 10));
    live.hinted(0, 20);
    expect(live.view.free[0]).toBe(1);
    live.learn(0, aRow({ free: 0 }));
    expect(live.view.free[0]).toBe(0);
    live.stocked(0, 1);
    expect(live.view.free[0]).toBe(1);
    live.hinted(0, -20);
    expect(live.view.free[0]).toBe(1);
  });

  it('counts no stock and no hints below none after a server left the roster and came back', () => {
    const live = liveView(roster(5, 10));
    live.stocked(0, 3);
    live.hinted(0, 2);
    live.adopt(aView([], 2));
    live.adopt(roster(5, 11, 3));
    live.stocked(0, -3);
    live.hinted(0, -2);
    expect(live.view.free[0]).toBe(5);
    live.stocked(0, 2);
    expect(live.view.free[0]).toBe(7);
  });

  it('believes the newest of replies that overtook each other', () => {
    const live = liveView(roster(5, 10));
    live.learn(0, aRow({ free: 2, beat: 12 }));
    live.learn(0, aRow({ free: 4, beat: 12 }));
    live.learn(0, aRow({ free: 0, beat: 11, state: 'draining' }));
    expect([live.view.free[0], live.view.open[0]]).toEqual([2, 1]);
    live.learn(0, aRow({ free: 6, beat: 13 }));
    expect(live.view.free[0]).toBe(6);
  });

  it('opens a server that the roster shows as closed, by a row with a later beat alone', () => {
    const closed = (beat: number, version: number) =>
      aView([aServer({ id: 'a.0', free: 5, capacity: 10, beat, state: 'starting' })], version);
    const live = liveView(closed(10, 1));
    live.learn(0, aRow({ beat: 10 }));
    expect(live.view.open[0]).toBe(0);
    live.learn(0, aRow({ beat: 11 }));
    expect(live.view.open[0]).toBe(1);
    live.adopt(closed(10, 2));
    expect(live.view.open[0]).toBe(1);
    live.adopt(closed(11, 3));
    expect(live.view.open[0]).toBe(0);
  });

  it('keeps stock and hints over a new roster, also where the server has another index', () => {
    const live = liveView(roster(5, 10));
    live.stocked(0, 3);
    live.adopt(aView([aServer({ id: '0.0' }), aServer({ id: 'a.0', free: 4, capacity: 10, beat: 11 })], 2));
    expect(live.view.free[1]).toBe(7);
    expect(live.view.free[0]).toBe(10);
  });

  it('keeps hints over a new roster where there is no stock', () => {
    const live = liveView(roster(5, 10));
    live.hinted(0, 2);
    live.adopt(roster(5, 11, 2));
    expect(live.view.free[0]).toBe(3);
  });

  it('believes the row that came back for as long as rosters are older, however many come', () => {
    const live = liveView(roster(5, 10));
    live.learn(0, aRow({ free: 1, beat: 12 }));
    for (const version of [2, 3, 4]) live.adopt(roster(9, 11, version));
    expect(live.view.free[0]).toBe(1);
    live.adopt(roster(9, 13, 5));
    expect(live.view.free[0]).toBe(9);
  });

  it('believes the row that came back rather than a roster of an earlier beat', () => {
    const live = liveView(roster(5, 10));
    live.learn(0, aRow({ free: 1, beat: 12 }));
    live.adopt(roster(9, 11, 2));
    expect(live.view.free[0]).toBe(1);
  });

  it('takes the lower number within one beat, since only takes change it there', () => {
    const live = liveView(roster(5, 10));
    live.learn(0, aRow({ free: 4, beat: 10 }));
    live.adopt(roster(2, 10, 2));
    expect(live.view.free[0]).toBe(2);
  });

  it('believes a roster of a later beat, and forgets the row', () => {
    const live = liveView(roster(5, 10));
    live.learn(0, aRow({ free: 0, beat: 10, state: 'draining' }));
    expect(live.view.open[0]).toBe(0);
    live.adopt(roster(8, 11, 2));
    live.adopt(roster(7, 10, 3));
    expect([live.view.free[0], live.view.open[0]]).toEqual([7, 1]);
  });

  it('closes a server whose row is gone, draining or suspect, and cuts to maxCapacity', () => {
    const live = liveView(roster(5, 10));
    live.learn(0, aRow({ free: 500, capacity: 1_000 }));
    expect([live.view.free[0], live.view.capacity[0], live.view.open[0]]).toEqual([10, 10, 1]);
    live.learn(0, { ...aRow({}), suspect: true });
    expect(live.view.open[0]).toBe(0);
    live.learn(0, undefined);
    expect([live.view.free[0], live.view.open[0]]).toEqual([0, 0]);
  });
});
