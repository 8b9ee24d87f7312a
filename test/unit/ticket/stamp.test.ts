import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Mac } from '../../../core/ports.ts';
import { createStamps } from '../../../core/ticket/stamp.ts';

const macOf =
  (key: string): Mac =>
  (data) =>
    createHmac('sha256', key).update(data).digest();
const ANN = new TextEncoder().encode('ann');
const BOB = new TextEncoder().encode('bob');

describe('a stamp', () => {
  const stamps = createStamps(macOf('a'), () => undefined);
  const stamp = stamps.issue(1_234_567, ANN);

  it('tells its number, and is good for its subject alone', () => {
    expect(stamp).toHaveLength(20);
    expect(stamps.timeOf(stamp)).toBe(1_234_567);
    expect([stamps.isGenuine(stamp, ANN), stamps.isGenuine(stamp, BOB)]).toEqual([true, false]);
  });

  it('is worth nothing with any bit changed, or of another length', () => {
    for (let bit = 0; bit < 160; bit++) {
      const changed = stamp.slice();
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(stamps.isGenuine(changed, ANN)).toBe(false);
    }
    expect([stamps.timeOf(stamp.subarray(1)), stamps.timeOf(undefined)]).toEqual([undefined, undefined]);
  });

  it('of the key before the last rotation is good as long as that key is there', () => {
    expect(createStamps(macOf('b'), () => macOf('a')).isGenuine(stamp, ANN)).toBe(true);
    expect(createStamps(macOf('b'), () => undefined).isGenuine(stamp, ANN)).toBe(false);
  });
});
