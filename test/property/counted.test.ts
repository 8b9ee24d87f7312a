import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CountedFaults, CountedWorld } from '../support/counted-world.ts';
import { SMALL_TIMING } from '../support/seat-network.ts';

const CAPACITY = 3;
const T = SMALL_TIMING.expireMs;
const RUNS = 20_000;

/** A call of one of the world's methods: plain data, so that a counterexample can be read. */
type Step = readonly [
  (
    | 'take'
    | 'beat'
    | 'query'
    | 'join'
    | 'giveBack'
    | 'walkIn'
    | 'leave'
    | 'restart'
    | 'loseRow'
    | 'setCapacity'
    | 'advance'
    | 'pass'
  ),
  ...unknown[],
];

const shortly = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(T + 2) });
const reply = fc.oneof({ weight: 4, arbitrary: shortly }, { weight: 1, arbitrary: fc.constant('lost') });
const answer = fc.oneof({ weight: 5, arbitrary: shortly }, { weight: 1, arbitrary: fc.constant('failed') });
const repeat = fc.option(fc.nat(2 * T), { nil: undefined, freq: 4 });
const rarely = fc.nat(3).map((draw) => draw === 0);
const nth = fc.nat(7);
const few = fc.integer({ min: 1, max: 3 });
const call = (name: Step[0], ...args: fc.Arbitrary<unknown>[]) =>
  fc.tuple(fc.constant(name), ...args) as unknown as fc.Arbitrary<Step>;
const join = call('join', nth);
const leave = call('leave', nth);
const advance = call('advance', fc.nat(T));
const pass = call('pass', few);
const now = fc.constant(0);
const beatNow = call('beat', now, now);
const queryNow = call('query', now, now);
const slowQuery = call('query', now, fc.integer({ min: 1, max: T + 2 }));
const restart = call('restart', fc.boolean(), rarely);
const moment = call('advance', now);
const query = call('query', shortly, answer);
const take = call('take', few, shortly, reply, repeat);
const taken = call('take', few, now, now);

/** Single steps, and short scenes that happen all the time but would seldom come about by chance. */
const scene: fc.Arbitrary<readonly Step[]> = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(take) },
  { weight: 3, arbitrary: fc.tuple(call('beat', shortly, reply, repeat)) },
  { weight: 3, arbitrary: fc.tuple(query) },
  { weight: 4, arbitrary: fc.tuple(join) },
  { weight: 1, arbitrary: fc.tuple(call('walkIn')) },
  { weight: 1, arbitrary: fc.tuple(call('giveBack', fc.nat(20))) },
  { weight: 2, arbitrary: fc.tuple(leave) },
  { weight: 4, arbitrary: fc.tuple(advance) },
  { weight: 4, arbitrary: fc.tuple(pass) },
  { weight: 3, arbitrary: fc.tuple(taken, pass) },
  { weight: 3, arbitrary: fc.tuple(call('walkIn'), pass, leave, pass) },
  { weight: 2, arbitrary: fc.tuple(call('walkIn'), queryNow, moment, leave, queryNow, moment) },
  { weight: 2, arbitrary: fc.tuple(taken, moment, beatNow, moment) },
  { weight: 2, arbitrary: fc.tuple(taken, moment, beatNow, moment, call('walkIn'), queryNow, moment, leave, queryNow) },
  { weight: 2, arbitrary: fc.tuple(slowQuery, advance, join, advance, fc.oneof(pass, beatNow)) },
  { weight: 1, arbitrary: fc.tuple(restart, pass) },
  { weight: 1, arbitrary: fc.tuple(call('setCapacity', fc.integer({ min: 0, max: CAPACITY }))) },
  { weight: 1, arbitrary: fc.tuple(taken, moment, restart, pass, taken, pass, join, pass) },
  { weight: 1, arbitrary: fc.tuple(call('loseRow'), restart) },
);

function history(scenes: readonly (readonly Step[])[], faults: CountedFaults = {}): CountedWorld {
  const world = new CountedWorld(CAPACITY, faults);
  for (const act of scenes.flat()) {
    const [name, ...args] = act;
    (world[name] as (...args: unknown[]) => void).apply(world, args);
    if (world.problems.length > 0) break;
  }
  return world;
}

const scenes = fc.array(scene, { maxLength: 30, size: 'max' });

describe('a game that can only be counted', () => {
  it('never has more seats free, out and in use by those who came by the door than its capacity', () => {
    const met: Record<string, number> = {};
    fc.assert(
      fc.property(scenes, (steps) => {
        const { problems, seen } = history(steps);
        for (const [what, times] of Object.entries(seen)) met[what] = (met[what] ?? 0) + Math.min(1, times);
        expect(problems).toEqual([]);
      }),
      { numRuns: RUNS },
    );
    // A search that never comes there proves nothing: each of these in at least one history of twenty.
    for (const what of ['falls', 'marks', 'voids', 'resumes', 'deferred', 'full', 'raises', 'late']) {
      expect(met[what], what).toBeGreaterThan(RUNS / 20);
    }
  });

  it('has every seat free that nobody occupies once it was quiet for T', () => {
    fc.assert(
      fc.property(scenes, (steps) => {
        const world = history(steps);
        world.setCapacity(CAPACITY);
        // Until the last write that was late has landed.
        world.advance(4 * T);
        world.settle();
        expect(world.problems).toEqual([]);
        expect(world.net.row?.seats).toMatchObject({
          free: Math.max(0, CAPACITY - world.players.length),
          sessions: world.players.length,
        });
      }),
      { numRuns: RUNS / 4 },
    );
  });

  const rules: NonNullable<CountedFaults['without']>[] = [
    'fall held for T',
    'fall by a query sent after T',
    'oldest marked',
    'floor by the query',
    'no mark before a trusted query',
    'no raise before a trusted query',
  ];
  for (const without of rules) {
    it(`oversells without this rule: ${without}`, () => {
      const found = fc.check(
        fc.property(scenes, (steps) => history(steps, { without }).problems.length === 0),
        { seed: 1, numRuns: 60_000, endOnFailure: true },
      );
      expect(found.failed).toBe(true);
    });
  }
});
