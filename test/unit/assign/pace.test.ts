import { describe, expect, it } from 'vitest';
import { nextPace, type Pace } from '../../../core/assign/pace.ts';

/** Readings of a row whose seats are taken at this pace, one each `everyMs`. */
function read(perSecond: number, everyMs: number, readings: number, start?: Pace, atMs = 0): Pace {
  let pace = start;
  const base = start?.middle.issued ?? 0;
  for (let n = 0; n <= readings; n++) {
    const at = atMs + n * everyMs;
    pace = nextPace(pace, { gen: 'g', issued: base + (perSecond * n * everyMs) / 1_000 }, at);
  }
  return pace!;
}

describe('the pace at which seats are taken', () => {
  it('is not known before 10 s', () => {
    expect(read(4, 1_000, 9).perSecond).toBeUndefined();
    expect(read(4, 1_000, 10).perSecond).toBe(4);
  });

  it('is that of the last 30 to 60 s', () => {
    let pace = nextPace(undefined, { gen: 'g', issued: 0 }, 0);
    for (let second = 1; second <= 200; second++) {
      pace = nextPace(pace, { gen: 'g', issued: second <= 100 ? 10 * second : 1_000 }, second * 1_000);
    }
    expect(pace.perSecond).toBe(0);
    expect(read(3, 700, 500).perSecond).toBeCloseTo(3, 6);
  });

  it('starts anew with another life, or a count that went back', () => {
    const known = read(4, 1_000, 20);
    expect(nextPace(known, { gen: 'other', issued: 1e12 }, 21_000).perSecond).toBeUndefined();
    expect(nextPace(known, { gen: 'g', issued: -1 }, 21_000).perSecond).toBeUndefined();
  });
});
