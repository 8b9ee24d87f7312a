import { describe, expect, it } from 'vitest';
import { DEFAULT_TIMING, timingProblems } from '../../../core/registry/timing.ts';

describe('the timing of the seat protocol', () => {
  it('is safe by default, with nothing to spare', () => {
    expect(timingProblems(DEFAULT_TIMING)).toEqual([]);
    expect(timingProblems({ ...DEFAULT_TIMING, expireMs: DEFAULT_TIMING.expireMs - 1 })).toEqual([
      '`expireMs` must be at least holdMs + activateMs + handOverMs = 42000, got: 41999.',
    ]);
  });

  for (const name of Object.keys(DEFAULT_TIMING) as (keyof typeof DEFAULT_TIMING)[]) {
    for (const value of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      it(`refuses ${value} for ${name}`, () => {
        expect(timingProblems({ ...DEFAULT_TIMING, [name]: value })[0]).toBe(
          `\`${name}\` must be a positive integer, got: ${value}.`,
        );
      });
    }
  }

  it('refuses a beat of which one lost would end the lease of T', () => {
    expect(timingProblems({ ...DEFAULT_TIMING, beatMs: 20_999 })).toEqual([]);
    expect(timingProblems({ ...DEFAULT_TIMING, beatMs: 21_000 })).toEqual([
      '`beatMs` must be less than half of expireMs = 42000, got: 21000.',
    ]);
  });

  it('lists every problem at once', () => {
    expect(timingProblems({ ...DEFAULT_TIMING, beatMs: 0.5, handOverMs: 1.5, expireMs: 1 })).toHaveLength(4);
  });
});
