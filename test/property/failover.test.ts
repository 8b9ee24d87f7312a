import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FailoverFaults, FailoverWorld } from '../support/failover-world.ts';
import { SMALL_TIMING } from '../support/seat-network.ts';

const CAPACITY = 4;
const RESERVE = 1;
const T = SMALL_TIMING.expireMs;
const RUNS = 15_000;

/** A call of one of the world's methods. */
type Step = readonly [
  'take' | 'show' | 'failover' | 'beat' | 'leave' | 'setCapacity' | 'restart' | 'advance' | 'pass',
  ...unknown[],
];

const call = (name: Step[0], ...args: fc.Arbitrary<unknown>[]) =>
  fc.tuple(fc.constant(name), ...args) as unknown as fc.Arbitrary<Step>;
const few = fc.integer({ min: 1, max: 3 });
const shortly = fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(2 * T) });
const reply = fc.oneof({ weight: 2, arbitrary: shortly }, { weight: 1, arbitrary: fc.constant('lost') });
const failover = call('failover', fc.nat(5), fc.boolean());
const onReserve = call('failover', fc.nat(5), fc.constant(true));

const scene: fc.Arbitrary<readonly Step[]> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(call('take', few)) },
  { weight: 5, arbitrary: fc.tuple(call('show', fc.nat(6))) },
  { weight: 6, arbitrary: fc.tuple(failover) },
  { weight: 5, arbitrary: fc.tuple(call('beat', shortly, reply, fc.nat(T))) },
  { weight: 3, arbitrary: fc.tuple(call('leave', fc.nat(6))) },
  { weight: 3, arbitrary: fc.tuple(call('advance', fc.nat(T))) },
  { weight: 3, arbitrary: fc.tuple(call('pass', few)) },
  { weight: 1, arbitrary: fc.tuple(call('setCapacity', fc.integer({ min: 1, max: CAPACITY }))) },
  { weight: 1, arbitrary: fc.tuple(call('restart'), failover) },
  // Seats come back in a beat that is still on its way when the registry goes away.
  {
    weight: 2,
    arbitrary: fc.tuple(
      call('leave', fc.nat(6)),
      call('beat', fc.constant(2), fc.constant('lost'), fc.nat(3)),
      call('advance', fc.nat(1)),
      onReserve,
      onReserve,
      call('advance', fc.nat(4)),
    ),
  },
);
const scenes = fc.array(scene, { maxLength: 40, size: 'max' });

function history(list: readonly (readonly Step[])[], faults: FailoverFaults = {}): FailoverWorld {
  const world = new FailoverWorld(CAPACITY, faults);
  for (const [name, ...args] of list.flat()) {
    (world[name] as (...args: unknown[]) => void).apply(world, args);
    if (isBroken(world)) break;
  }
  return world;
}

const isBroken = ({ truth, let: entries }: FailoverWorld): boolean =>
  truth.problems.length > 0 || [...entries.values()].some((times) => times > 1);

describe('clients of lost servers, on a network that delays and loses', () => {
  it('never make more seats free, in use and still to be used than the capacity, and come in once per ticket', () => {
    const met: Record<string, number> = {};
    fc.assert(
      fc.property(scenes, (list) => {
        const world = history(list);
        for (const [what, times] of Object.entries(world.seen)) met[what] = (met[what] ?? 0) + Math.min(1, times);
        expect(world.truth.problems).toEqual([]);
        expect(isBroken(world)).toBe(false);
      }),
      { numRuns: RUNS },
    );
    for (const what of ['onReserve', 'onTake', 'raisePending', 'refused']) {
      expect(met[what], what).toBeGreaterThan(RUNS / 20);
    }
  });

  it('leave the reserve full again once all that can expire has', () => {
    fc.assert(
      fc.property(scenes, (list) => {
        const world = history(list);
        world.setCapacity(CAPACITY);
        const playing = world.truth.playing.size;
        expect(world.settled()).toEqual([Math.max(0, CAPACITY - RESERVE - playing), playing]);
      }),
      { numRuns: RUNS / 5 },
    );
  });

  const planted: NonNullable<FailoverFaults['without']>[] = [
    'the raise on its way',
    'the capacity on its way',
    'the raise after reading again',
    'the lower capacity of the row',
    'the known total',
    'once per ticket',
    'the journal',
  ];
  for (const without of planted) {
    it(`are let in wrongly without this rule: ${without}`, () => {
      const found = fc.check(
        fc.property(scenes, (list) => !isBroken(history(list, { without }))),
        { seed: 1, numRuns: 60_000, endOnFailure: true },
      );
      expect(found.failed).toBe(true);
    });
  }
});
