import { describe, expect, it } from 'vitest';
import { type AheadOptions, createAhead } from '../../../core/assign/ahead.ts';
import { DEFAULT_TIMING } from '../../../core/registry/timing.ts';
import type { ListedServer } from '../../support/build-view.ts';
import { aServer, aView } from '../../support/builders.ts';
import { fakeClock } from '../../support/fake-clock.ts';

const anyone = () => true;

/** An assigner that takes alone at the servers of the view, and has been busy for a while. */
function aBusyOne(servers: readonly ListedServer[], options: Partial<AheadOptions> = {}) {
  const clock = fakeClock();
  let view = aView(servers);
  const ahead = createAhead({
    view: () => view,
    monoMs: () => clock.monoMs(),
    timing: DEFAULT_TIMING,
    byLoad: true,
    ...options,
  });
  for (let n = 0; n < 2_000; n++) {
    ahead.wanted(n % servers.length);
    ahead.took(view.entries[n % servers.length]!.server.id, 1, 1_000 + Math.floor(n / servers.length));
  }
  return {
    ahead,
    clock,
    show(others: readonly ListedServer[]) {
      view = aView(others);
    },
    id: (index: number) => view.entries[index]!.server.id,
  };
}

const servers = (count: number, free: number, capacity = 1_000) =>
  Array.from({ length: count }, (_, n) => aServer({ id: `s-${10 + n}.0`, capacity, free }));

describe('how many seats are taken ahead', () => {
  it('is none before there is demand, and none for an assigner that knows of no share', () => {
    const view = aView(servers(2, 500));
    const ahead = createAhead({ view: () => view, monoMs: () => 0, timing: DEFAULT_TIMING, byLoad: true });
    expect(ahead.batch(0)).toBe(1);
    for (let n = 0; n < 100; n++) ahead.wanted(0);
    expect(ahead.batch(0)).toBe(1);
  });

  it('is at most 1.5 % of the capacity where any server will do, so that servers stay even', () => {
    const { ahead } = aBusyOne(servers(10, 500));
    expect(ahead.batch(3)).toBe(15);
    expect(aBusyOne(servers(10, 50, 100)).ahead.batch(3)).toBe(1);
  });

  it('is none below 5 % free', () => {
    expect(aBusyOne(servers(10, 49)).ahead.batch(3)).toBe(1);
    expect(aBusyOne(servers(10, 50)).ahead.batch(3)).toBeGreaterThan(1);
  });

  it('is no more than the share of 2 % of the free seats, or of one a server, less what is on hand', () => {
    // 2 % of 4,000 are 80, of which it has nearly all.
    const { ahead, id } = aBusyOne(servers(10, 400));
    for (let n = 0; n < 7; n++) ahead.held(id(n), 10);
    expect(ahead.batch(8)).toBeGreaterThan(1);
    expect(ahead.batch(8)).toBeLessThan(11);
    ahead.held(id(7), 10);
    expect(ahead.batch(8)).toBe(1);
    // 2 % of 600 are 12, less than one a server.
    const small = aBusyOne(servers(10, 60));
    small.ahead.held(small.id(0), 9);
    expect(small.ahead.batch(8)).toBeGreaterThan(1);
  });

  it('follows the demand down', () => {
    const { ahead, clock } = aBusyOne(servers(10, 500));
    clock.advance(DEFAULT_TIMING.holdMs);
    for (let n = 0; n < 20; n++) {
      ahead.wanted(0);
      ahead.took('s-10.0', 1, 5_000 + n);
    }
    // A fifth of what was wanted in the last W.
    expect(ahead.batch(0)).toBe(4);
    clock.advance(2 * DEFAULT_TIMING.holdMs);
    expect(ahead.batch(0)).toBe(1);
  });

  it('follows the demand for each server where it matters which one a client gets', () => {
    const { ahead } = aBusyOne(servers(10, 500), { byLoad: false });
    for (let n = 0; n < 300; n++) ahead.wanted(4);
    // 2 % of 5,000 are 100.
    expect(ahead.batch(4)).toBeGreaterThan(90);
    expect(ahead.batch(4)).toBeLessThanOrEqual(101);
  });
});

describe('where a seat on hand is given', () => {
  it('is a server about as empty as the one picked, the emptiest of them', () => {
    const all = [700, 695, 690, 650].map((free, n) => aServer({ id: `s-${n}.0`, capacity: 1_000, free }));
    const { ahead, id } = aBusyOne(all);
    ahead.held(id(3), 5);
    expect(ahead.onHand(0, anyone)).toBeUndefined();
    ahead.held(id(2), 5);
    expect(ahead.onHand(0, anyone)).toBe(2);
    ahead.held(id(1), 5);
    expect(ahead.onHand(0, anyone)).toBe(1);
    ahead.held(id(1), -5);
    expect(ahead.onHand(0, anyone)).toBe(2);
  });

  it('is none that the request may not have, that is closed, or of another group', () => {
    const all = [
      aServer({ id: 'a.0', capacity: 100 }),
      aServer({ id: 'b.0', capacity: 100 }),
      aServer({ id: 'c.0', capacity: 100, group: 'elsewhere' }),
      { ...aServer({ id: 'd.0', capacity: 100 }), status: { ...aServer({}).status, state: 'draining' as const } },
    ];
    const { ahead, id } = aBusyOne(all);
    for (const index of [1, 2, 3]) ahead.held(id(index), 5);
    expect(ahead.onHand(0, (index) => index !== 1)).toBeUndefined();
    expect(ahead.onHand(0, anyone)).toBe(1);
  });

  it('is where the client belongs under a policy that does not go by load alone', () => {
    const { ahead, id } = aBusyOne(servers(3, 500), { byLoad: false });
    ahead.held(id(1), 5);
    expect(ahead.onHand(0, anyone)).toBeUndefined();
  });

  it('keeps what is on hand by server when the roster has others', () => {
    const { ahead, show } = aBusyOne(servers(3, 500));
    ahead.held('s-11.0', 5);
    ahead.held('s-12.0', 5);
    show([aServer({ id: 's-09.0', capacity: 1_000, free: 500 }), ...servers(2, 500)]);
    expect(ahead.onHand(0, anyone)).toBe(2);
    ahead.held('s-12.0', -5);
    ahead.held('s-11.0', -5);
    expect(ahead.onHand(0, anyone)).toBeUndefined();
  });
});
