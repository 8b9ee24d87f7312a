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
    const stock = createStock(DEFAULT_TIMING);
    stock.put('a.0', seats(5, 6), 1);
    stock.put('a.0', seats(9, 9), 2);
    const serials = [1, 2, 3, 4].map(() => stock.hand('a.0', 100)?.serial);
    expect(serials).toEqual([5, 6, 9, undefined]);
  });

  it('hands out nothing of another server', () => {
    const stock = createStock(DEFAULT_TIMING);
    stock.put('a.0', seats(5, 6), 1);
    expect(stock.hand('b.0', 100)).toBeUndefined();
  });

  it('hands out nothing from W after sending on, and reports what it forgot', () => {
    const stock = createStock(DEFAULT_TIMING);
    stock.put('a.0', seats(1, 4), 1);
    stock.hand('a.0', 0);
    expect(stock.hand('a.0', DEFAULT_TIMING.holdMs)).toBeUndefined();
    const lost: [string, number][] = [];
    stock.sweep(DEFAULT_TIMING.holdMs, (id, count) => lost.push([id, count]));
    stock.sweep(DEFAULT_TIMING.holdMs, (id, count) => lost.push([id, count]));
    expect(lost).toEqual([['a.0', 3]]);
  });

  it('takes as many as were given in the last W, ahead at most 2 % of the free ones, or one', () => {
    const stock = createStock(DEFAULT_TIMING);
    expect(stock.batch('a.0', 0, 100, 100)).toBe(1);
    for (let n = 0; n < 12; n++) stock.given('a.0', 0);
    expect([1_000, 550, 500, 150, 100, 50].map((free) => stock.batch('a.0', 10, free, 1_000))).toEqual([
      12, 12, 11, 4, 3, 2,
    ]);
    expect(stock.batch('a.0', 10, 5, 100)).toBe(2);
  });

  it('takes one at a time below 5 % free', () => {
    const stock = createStock(DEFAULT_TIMING);
    for (let n = 0; n < 12; n++) stock.given('a.0', 0);
    expect(stock.batch('a.0', 10, 49, 1_000)).toBe(1);
  });

  it('counts the demand of the half of W before with that of the half that runs', () => {
    const stock = createStock(DEFAULT_TIMING);
    const halfMs = DEFAULT_TIMING.holdMs / 2;
    const startMs = 7_000;
    for (let n = 0; n < 12; n++) stock.given('a.0', startMs);
    for (let n = 0; n < 3; n++) stock.given('a.0', startMs + halfMs);
    stock.sweep(startMs + halfMs, () => {});
    const wanted = (nowMs: number) => stock.batch('a.0', nowMs, 1_000, 1_000);
    expect([halfMs, 2 * halfMs - 1, 2 * halfMs, 3 * halfMs].map((ms) => wanted(startMs + ms))).toEqual([15, 15, 3, 1]);
  });

  it('keeps what is still good when it sweeps what is not', () => {
    const stock = createStock(DEFAULT_TIMING);
    stock.put('a.0', seats(1, 2), 1);
    stock.put('a.0', seats(5, 6, 1_000), 1);
    const lost: [string, number][] = [];
    stock.sweep(DEFAULT_TIMING.holdMs, (id, count) => lost.push([id, count]));
    expect(lost).toEqual([['a.0', 2]]);
    expect(stock.hand('a.0', DEFAULT_TIMING.holdMs)?.serial).toBe(5);
  });

  it('forgets demand that is older than W', () => {
    const stock = createStock(DEFAULT_TIMING);
    for (let n = 0; n < 12; n++) stock.given('a.0', 0);
    expect(stock.batch('a.0', DEFAULT_TIMING.holdMs, 1_000, 1_000)).toBe(1);
  });

  it('looks at no seat again that it has handed out, swept or not', () => {
    const stock = createStock(DEFAULT_TIMING);
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
