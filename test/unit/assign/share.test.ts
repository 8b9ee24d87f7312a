import { describe, expect, it } from 'vitest';
import { createShare } from '../../../core/assign/share.ts';

const HALF_MS = 5_000;

/** Takes of 10 at ten servers in turn, with `others` seats taken by others before each. */
function afterTakes(rounds: number, others: number, everyMs = 10) {
  const share = createShare(HALF_MS);
  let nowMs = 0;
  for (let round = 1; round <= rounds; round++) {
    for (let server = 0; server < 10; server++) {
      nowMs += everyMs;
      share.took(`s-${server}.0`, 10, 1_000 + round * (10 + others), nowMs);
    }
  }
  return { share, nowMs };
}

describe('the share of all takes', () => {
  it('is small before anything was seen', () => {
    expect(createShare(HALF_MS).now(10, 0)).toBeLessThan(0.02);
  });

  it('is nearly all where nobody else takes', () => {
    const { share, nowMs } = afterTakes(20, 0);
    expect(share.now(10, nowMs)).toBeGreaterThan(0.95);
  });

  it('is half where another one takes as much, and a 64th beside 63 others', () => {
    const two = afterTakes(20, 10);
    expect(two.share.now(10, two.nowMs)).toBeCloseTo(0.5, 1);
    const many = afterTakes(20, 630);
    expect(many.share.now(10, many.nowMs)).toBeCloseTo(1 / 64, 3);
  });

  it('falls back to the guess when nothing was seen for long', () => {
    const { share, nowMs } = afterTakes(20, 0);
    expect(share.now(10, nowMs + 20 * HALF_MS)).toBeLessThan(0.02);
  });

  it('does not count the first take at a server, one in a row made anew, or what was forgotten', () => {
    const share = createShare(HALF_MS);
    const guess = 1 / 64;
    share.took('a.0', 5, 1_000, 1);
    share.took('a.0', 5, 500, 2);
    expect(share.now(10, 3)).toBe(guess);
    share.keep((id) => id !== 'a.0');
    share.took('a.0', 5, 510, 4);
    expect(share.now(10, 5)).toBe(guess);
  });
});
