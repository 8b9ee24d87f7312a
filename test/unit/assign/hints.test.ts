import { describe, expect, it } from 'vitest';
import { createHints } from '../../../core/assign/hints.ts';

describe('hints of classic answers', () => {
  it('end after W, in the order they were given', () => {
    const hints = createHints(100);
    hints.give('a.0', 0, 10);
    hints.give('b.0', 50, 10);
    const expired: string[] = [];
    hints.expire(99, (id) => expired.push(id));
    hints.expire(100, (id) => expired.push(id));
    hints.expire(149, (id) => expired.push(id));
    expect(expired).toEqual(['a.0']);
    hints.expire(150, (id) => expired.push(id));
    expect(expired).toEqual(['a.0', 'b.0']);
  });

  it('never take more than their budget, and take again when some have ended', () => {
    const hints = createHints(100);
    expect([1, 2, 3].map(() => hints.give('a.0', 0, 2))).toEqual([true, true, false]);
    hints.expire(100, () => {});
    expect(hints.give('a.0', 100, 2)).toBe(true);
  });

  it('keep their fixed memory: what does not fit is not recorded', () => {
    const hints = createHints(100);
    let given = 0;
    for (let n = 0; n < 70_000; n++) if (hints.give('a.0', 0, Number.POSITIVE_INFINITY)) given++;
    expect(given).toBe(65_536);
    let expired = 0;
    hints.expire(100, () => expired++);
    expect(expired).toBe(65_536);
  });
});
