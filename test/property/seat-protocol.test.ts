import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { occupied } from '../../core/registry/seat-book.ts';
import { type Faults, SeatWorld } from '../support/seat-world.ts';

const CAPACITY = 4;
const landMs = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 3_000 }), fc.integer({ min: 3_000, max: 90_000 }));
const replyMs = fc.oneof(fc.constant<'lost'>('lost'), fc.constant(0), fc.integer({ min: 1, max: 12_000 }));
const repeatMs = fc.option(fc.integer({ min: 0, max: 60_000 }), { nil: undefined });
const nth = fc.nat(20);

type Step = (world: SeatWorld) => void;
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(fc.integer({ min: 1, max: 3 }), landMs, replyMs, repeatMs).map(
      ([k, land, reply, repeat]): Step =>
        (world) =>
          world.take(k, land, reply, repeat),
    ),
  },
  {
    weight: 6,
    arbitrary: fc.tuple(landMs, replyMs, repeatMs).map(
      ([land, reply, repeat]): Step =>
        (world) =>
          world.beat(land, reply, repeat),
    ),
  },
  {
    weight: 6,
    arbitrary: nth.map(
      (index): Step =>
        (world) =>
          world.show(index),
    ),
  },
  {
    weight: 2,
    arbitrary: nth.map(
      (index): Step =>
        (world) =>
          world.giveBack(index),
    ),
  },
  {
    weight: 2,
    arbitrary: nth.map(
      (index): Step =>
        (world) =>
          world.leave(index),
    ),
  },
  {
    weight: 2,
    arbitrary: landMs.map(
      (land): Step =>
        (world) =>
          world.joinDirect(land),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.boolean().map(
      (keeps): Step =>
        (world) =>
          world.restart(keeps),
    ),
  },
  {
    weight: 8,
    arbitrary: fc.integer({ min: 1, max: 50_000 }).map(
      (ms): Step =>
        (world) =>
          world.advance(ms),
    ),
  },
);

function run(steps: readonly Step[], faults: Faults = {}): string[] {
  const world = new SeatWorld(CAPACITY, faults);
  for (const act of steps) {
    act(world);
    const problems = world.problems();
    if (problems.length > 0) return problems;
  }
  return [];
}

describe('the seat protocol on a network that delays, loses and repeats', () => {
  it('never lets more clients play than there are seats, and never makes free negative', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        expect(run(steps)).toEqual([]);
      }),
      { numRuns: 1_500 },
    );
  });

  it('has every seat back once unused tickets are older than T and two beats went by', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const world = new SeatWorld(CAPACITY);
        for (const act of steps) act(world);
        world.advance(200_000);
        world.settle();
        const free = world.row?.seats?.free ?? -1;
        expect(free + occupied(world.book!)).toBe(CAPACITY);
        expect(occupied(world.book!)).toBe(world.playing.size);
      }),
      { numRuns: 300 },
    );
  });

  it('takes no session away and issues nothing new when the capacity is lowered below the sessions', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.integer({ min: 0, max: CAPACITY }), (steps, lower) => {
        const world = new SeatWorld(CAPACITY);
        for (const act of steps) act(world);
        world.advance(200_000);
        world.settle();
        world.setCapacity(lower);
        const before = world.playing.size;
        world.advance(200_000);
        world.settle();
        expect(world.playing.size).toBe(before);
        expect(world.row?.seats?.free).toBe(Math.max(0, lower - before));
      }),
      { numRuns: 300 },
    );
  });

  const planted: NonNullable<Faults['without']>[] = [
    'beat fence',
    'used set',
    'floor before computing',
    'take condition',
    'known sessions',
    'void at restart',
  ];
  for (const without of planted) {
    it(`oversells without this rule: ${without}`, () => {
      const found = fc.check(
        fc.property(fc.array(step, { minLength: 20, maxLength: 120 }), (steps) => run(steps, { without }).length === 0),
        { numRuns: 4_000, endOnFailure: true },
      );
      expect(found.failed).toBe(true);
    });
  }
});
