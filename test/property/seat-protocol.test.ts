import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { occupied } from '../../core/registry/seat-book.ts';
import { SMALL_TIMING } from '../support/seat-network.ts';
import { type Faults, SeatWorld } from '../support/seat-world.ts';

const CAPACITY = 4;
const T = SMALL_TIMING.expireMs;
const RUNS = 30_000;

/** A call of one of the world's methods: plain data, so that a counterexample can be read. */
type Step = readonly [
  (
    | 'take'
    | 'beat'
    | 'show'
    | 'giveBack'
    | 'joinDirect'
    | 'leave'
    | 'restart'
    | 'tell'
    | 'loseRow'
    | 'bury'
    | 'setCapacity'
    | 'advance'
    | 'pass'
  ),
  ...unknown[],
];

const now = fc.constant(0);
const shortly = fc.oneof({ weight: 3, arbitrary: now }, { weight: 1, arbitrary: fc.nat(2 * T) });
const reply = fc.oneof({ weight: 3, arbitrary: shortly }, { weight: 1, arbitrary: fc.constant('lost') });
const repeat = fc.option(fc.nat(2 * T), { nil: undefined, freq: 2 });
const few = fc.integer({ min: 1, max: 3 });
const nth = fc.nat(6);
const rarely = fc.nat(3).map((draw) => draw === 0);
const call = (name: Step[0], ...args: fc.Arbitrary<unknown>[]) =>
  fc.tuple(fc.constant(name), ...args) as unknown as fc.Arbitrary<Step>;
const pass = call('pass', few);
const taken = call('take', few, now, now);
const moment = call('advance', now);
const show = call('show', nth);

/** Single steps, and short scenes that happen all the time but would seldom come about by chance. */
const scene: fc.Arbitrary<readonly Step[]> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(call('take', few, shortly, reply, repeat)) },
  { weight: 5, arbitrary: fc.tuple(call('beat', shortly, reply, repeat)) },
  { weight: 4, arbitrary: fc.tuple(show) },
  { weight: 2, arbitrary: fc.tuple(call('giveBack', nth)) },
  { weight: 2, arbitrary: fc.tuple(call('take', few, now, fc.constant('lost'), fc.nat(2)), moment, show) },
  { weight: 1, arbitrary: fc.tuple(call('joinDirect', shortly)) },
  { weight: 2, arbitrary: fc.tuple(call('leave', nth)) },
  { weight: 5, arbitrary: fc.tuple(call('advance', fc.nat(T))) },
  { weight: 4, arbitrary: fc.tuple(pass) },
  { weight: 3, arbitrary: fc.tuple(taken, moment, show, show) },
  { weight: 1, arbitrary: fc.tuple(call('restart', fc.boolean(), rarely), pass, call('tell'), pass) },
  { weight: 1, arbitrary: fc.tuple(call('restart', fc.boolean(), rarely), taken, moment, show, show) },
  { weight: 1, arbitrary: fc.tuple(call('tell')) },
  {
    weight: 1,
    arbitrary: fc.tuple(
      call('loseRow', fc.integer({ min: 990, max: 1_010 })),
      pass,
      call('restart', fc.boolean(), rarely),
    ),
  },
  { weight: 1, arbitrary: fc.tuple(call('bury')) },
  { weight: 1, arbitrary: fc.tuple(call('setCapacity', fc.integer({ min: 0, max: CAPACITY }))) },
);
const scenes = fc.array(scene, { maxLength: 40, size: 'max' });

function history(list: readonly (readonly Step[])[], faults: Faults = {}): SeatWorld {
  const world = new SeatWorld(CAPACITY, faults);
  for (const [name, ...args] of list.flat()) {
    (world[name] as (...args: unknown[]) => void).apply(world, args);
    if (world.truth.isOversold) break;
  }
  return world;
}

describe('the seat protocol on a network that delays, loses and repeats', () => {
  it('never has more seats free, in use and still to be used than the capacity in force', () => {
    const met: Record<string, number> = {};
    fc.assert(
      fc.property(scenes, (list) => {
        const world = history(list);
        for (const [what, times] of Object.entries(world.truth.seen)) met[what] = (met[what] ?? 0) + Math.min(1, times);
        expect(world.truth.problems).toEqual([]);
        expect(world.truth.isOversold).toBe(false);
      }),
      { numRuns: RUNS },
    );
    // A search that never comes there proves nothing: each of these in at least one history of twenty.
    for (const what of Object.keys(met)) expect(met[what], what).toBeGreaterThan(RUNS / 20);
  });

  it('has every seat back once unused tickets are older than T and two beats went by', () => {
    fc.assert(
      fc.property(scenes, (list) => {
        const world = history(list);
        world.setCapacity(CAPACITY);
        world.advance(5 * T);
        world.settle();
        const { book, net, truth } = world;
        expect([net.row?.seats?.free, book && occupied(book)]).toEqual([
          CAPACITY - truth.playing.size,
          truth.playing.size,
        ]);
      }),
      { numRuns: RUNS / 6 },
    );
  });

  it('takes no session away and issues nothing new when the capacity is lowered below the sessions', () => {
    fc.assert(
      fc.property(scenes, fc.integer({ min: 0, max: CAPACITY }), (list, lower) => {
        const world = history(list);
        world.advance(5 * T);
        world.settle();
        world.setCapacity(lower);
        const before = world.truth.playing.size;
        world.settle();
        expect(world.truth.playing.size).toBe(before);
        expect(world.net.row?.seats?.free).toBe(Math.max(0, lower - before));
      }),
      { numRuns: RUNS / 6 },
    );
  });

  const planted: NonNullable<Faults['without']>[] = [
    'beat fence',
    'used set',
    'floor before computing',
    'take condition',
    'known sessions',
    'void at restart',
    'direct join takes',
    'journal before the answer',
    'no free seat in a new row',
    'new life in a new row',
  ];
  for (const without of planted) {
    it(`oversells without this rule: ${without}`, () => {
      const found = fc.check(
        fc.property(scenes, (list) => !history(list, { without }).truth.isOversold),
        { seed: 1, numRuns: 60_000, endOnFailure: true },
      );
      expect(found.failed).toBe(true);
    });
  }
});
