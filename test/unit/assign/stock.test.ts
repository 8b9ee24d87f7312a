import { describe, expect, it } from 'vitest';
import { createStock } from '../../../core/assign/stock.ts';
import { DEFAULT_TIMING } from '../../../core/registry/timing.ts';

const seats = (first: number, last: number, sentAtMs = 0) => ({
  gen: 'g',
  first,
  last,
  usableUntilMs: sentAtMs + DEFAULT_TIMING.holdMs,
});

describe('the stock', () => {
  it('hands out each serial once, oldest first', () => {
    const stock = createStock();
    stock.put('a.0', seats(5, 6), 1);
    stock.put('a.0', seats(9, 9), 2);
    const serials = [1, 2, 3, 4].map(() => stock.hand('a.0', 100)?.serial);
    expect(serials).toEqual([5, 6, 9, undefined]);
  });

  it('hands out nothing of another server', () => {
    const stock = createStock();
    stock.put('a.0', seats(5, 6), 1);
    expect(stock.hand('b.0', 100)).toBeUndefined();
  });

  it('hands out nothing from W after sending on, and reports what it forgot', () => {
    const stock = createStock();
    stock.put('a.0', seats(1, 4), 1);
    stock.hand('a.0', 0);
    expect(stock.hand('a.0', DEFAULT_TIMING.holdMs)).toBeUndefined();
    const lost: [string, number][] = [];
    stock.sweep(DEFAULT_TIMING.holdMs, (id, count) => lost.push([id, count]));
    stock.sweep(DEFAULT_TIMING.holdMs, (id, count) => lost.push([id, count]));
    expect(lost).toEqual([['a.0', 3]]);
  });

  it('keeps what is still good when it sweeps what is not', () => {
    const stock = createStock();
    stock.put('a.0', seats(1, 2), 1);
    stock.put('a.0', seats(5, 6, 1_000), 1);
    const lost: [string, number][] = [];
    stock.sweep(DEFAULT_TIMING.holdMs, (id, count) => lost.push([id, count]));
    expect(lost).toEqual([['a.0', 2]]);
    expect(stock.hand('a.0', DEFAULT_TIMING.holdMs)?.serial).toBe(5);
  });

  it('looks at no seat again that it has handed out, swept or not', () => {
    const stock = createStock();
    let looks = 0;
    // Compared with each lot that is looked at.
    const now = { valueOf: () => looks++ * 0 } as unknown as number;
    for (let serial = 1; serial <= 1_000; serial++) {
      stock.put('a.0', seats(serial, serial), 1);
      expect(stock.hand('a.0', now)?.serial).toBe(serial);
    }
    expect(looks).toBeLessThanOrEqual(2_000);
  });
});
