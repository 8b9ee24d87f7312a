import { describe, expect, it } from 'vitest';
import { createHints } from '../../../core/assign/hints.ts';

const HOLD_MS = 10;
const expired = (hints: ReturnType<typeof createHints>, nowMs: number): string[] => {
  const servers: string[] = [];
  hints.expire(nowMs, (server) => servers.push(server));
  return servers;
};

describe('hints', () => {
  it('expire once each, in the order given, W after they were', () => {
    const hints = createHints(HOLD_MS);
    hints.give('a.0', 0, 9);
    hints.give('b.0', 1, 9);
    hints.give('a.0', 1, 9);
    expect([9, 10, 10, 11, 99].map((nowMs) => expired(hints, nowMs))).toEqual([[], ['a.0'], [], ['b.0', 'a.0'], []]);
  });

  it('are no more at a time than the budget allows, and none without one', () => {
    const hints = createHints(HOLD_MS);
    expect([1, 2, 3].map(() => hints.give('a.0', 0, 2))).toEqual([true, true, false]);
    expired(hints, HOLD_MS);
    expect([2, 0].map((budget) => hints.give('a.0', HOLD_MS, budget))).toEqual([true, false]);
  });

  it('take no more memory however many are asked for, and go on after that', () => {
    const hints = createHints(HOLD_MS);
    let given = 0;
    while (given < 100_000 && hints.give(`s-${given}`, 0, Number.POSITIVE_INFINITY)) given++;
    expect(given).toBe(65_536);
    expect(expired(hints, HOLD_MS)).toHaveLength(given);
    for (let n = 0; n < 3; n++) expect(hints.give(`t-${n}`, HOLD_MS, 9)).toBe(true);
    expect(expired(hints, 2 * HOLD_MS)).toEqual(['t-0', 't-1', 't-2']);
  });
});
