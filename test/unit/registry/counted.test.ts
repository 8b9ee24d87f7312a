import { describe, expect, it } from 'vitest';
import { planBeat, sawImage } from '../../../core/registry/agent-beat.ts';
import { observeCount } from '../../../core/registry/counted.ts';
import { occupied, type SeatBook } from '../../../core/registry/seat-book.ts';
import { DEFAULT_TIMING } from '../../../core/registry/timing.ts';
import { aBook, MINE, someSeats, T } from './books.ts';

/** A query that was answered at once, unless `answeredAtMs` says otherwise. */
const observe = (book: SeatBook, count: number, sentAtMs: number, answeredAtMs = sentAtMs) =>
  observeCount(book, { count, sentAtMs }, answeredAtMs, DEFAULT_TIMING);
const aCounted = (issued = 100): SeatBook =>
  sawImage(aBook({ counted: true }), someSeats({ issued, free: 110 - issued, beat: 51 }), 0);
const addFree = (book: SeatBook, nowMs: number) =>
  planBeat(book, { capacity: 10, state: 'ready' }, nowMs, nowMs, DEFAULT_TIMING)?.command.addFree;
const resumedWith = (k: number): SeatBook =>
  aBook({
    counted: true,
    known: false,
    journal: [
      { t: 'gen', gen: 'old' },
      { t: 'floor', floor: 100 },
      { t: 'count', k },
    ],
  });

describe('a count that rises', () => {
  it('counts at once, and marks as many of the oldest seats used', () => {
    const { book, result, journal } = observe(aCounted(105), 2, 10);
    expect([occupied(book), [...book.used], result]).toEqual([2, [101, 102], 2]);
    expect(journal).toEqual([
      { t: 'count', k: 2 },
      { t: 'used', serial: 101 },
      { t: 'used', serial: 102 },
    ]);
    expect(addFree(book, 11)).toBe(0);
  });

  it('passes over seats that are marked already', () => {
    const book = { ...aCounted(105), used: new Set([101, 103]) };
    expect([...observe(book, 2, 10).book.used]).toEqual([101, 103, 102, 104]);
  });

  it('marks one for each player more, not for each that plays', () => {
    const two = observe(aCounted(105), 2, 10).book;
    expect([...observe(two, 3, 20).book.used]).toEqual([101, 102, 103]);
  });

  it('marks all there are when more came than seats are known; the others came without one', () => {
    const { book, result } = observe(aCounted(101), 3, 10);
    expect([occupied(book), [...book.used], result]).toEqual([3, [101], 1]);
    expect(addFree(book, 11)).toBe(-2);
  });

  it('marks no seat that has expired or is not known yet', () => {
    expect([...observe({ ...aCounted(103), floor: 102 }, 9, 10).book.used]).toEqual([103]);
  });
});

describe('a count that falls', () => {
  /** Somebody came without the door while one seat was out, and went again at 20 ms. */
  const cameAndWent = () => observe(observe(aCounted(101), 1, 10).book, 0, 20);

  it('does not count until T later: the seat that it marked may still be out', () => {
    const { book, journal } = cameAndWent();
    expect([occupied(book), journal]).toEqual([1, []]);
    const { book: later } = observe(book, 0, 19 + T);
    expect([occupied(later), addFree(later, 19 + T)]).toEqual([1, 0]);
  });

  it('counts when it was asked for T after the first answer below', () => {
    const { book, journal } = observe(cameAndWent().book, 0, 20 + T);
    expect([occupied(book), journal]).toEqual([0, [{ t: 'count', k: 0 }]]);
    expect(addFree(book, 20 + T)).toBe(1);
  });

  it('does not count when it was asked for sooner and came late: a holder may have come meanwhile', () => {
    const { book } = observe(cameAndWent().book, 0, 19 + T, 25 + T);
    expect([occupied(book), addFree(book, 25 + T)]).toEqual([1, 0]);
  });

  it('is measured from the arrival of the first answer below, not from its sending', () => {
    const late = observe(observe(aCounted(101), 1, 10).book, 0, 20, 500).book;
    expect(occupied(observe(late, 0, 499 + T).book)).toBe(1);
    expect(occupied(observe(late, 0, 500 + T).book)).toBe(0);
  });

  it('begins anew when the count was back in between', () => {
    const back = observe(cameAndWent().book, 1, 30).book;
    const again = observe(back, 0, 40).book;
    expect(occupied(observe(again, 0, 39 + T).book)).toBe(1);
    expect(occupied(observe(again, 0, 40 + T).book)).toBe(0);
  });

  it('falls to what it is then, not to the lowest that was seen', () => {
    const book = observe(observe(aCounted(103), 3, 10).book, 0, 20).book;
    expect(occupied(observe(observe(book, 2, 30).book, 2, 20 + T).book)).toBe(2);
  });

  it('does not fall by queries that failed', () => {
    const { book } = cameAndWent();
    expect([occupied(book), addFree(book, 100 * T)]).toEqual([1, 0]);
  });
});

describe('an answer', () => {
  it('changes nothing when a later query was answered before', () => {
    const book = observe(aCounted(105), 2, 100).book;
    for (const count of [0, 1, 5]) expect(observe(book, count, 99, 200)).toEqual({ book, result: 0, journal: [] });
  });

  it('changes nothing of a game that tells its sessions by name', () => {
    const book = aBook();
    expect(observe(book, 5, 10)).toEqual({ book, result: 0, journal: [] });
  });

  it('writes no line of the journal where the number stays', () => {
    expect(observe(observe(aCounted(), 2, 10).book, 2, 20).journal).toEqual([]);
  });
});

describe('the floor of a counted game', () => {
  it('passes only seats whose holders the last query cannot have missed', () => {
    const book = aCounted(103);
    const floorAfter = (sentAtMs: number, nowMs: number) =>
      planBeat(observe(book, 0, sentAtMs, nowMs).book, { capacity: 10, state: 'ready' }, nowMs, 0, DEFAULT_TIMING)?.book
        .floor;
    expect([floorAfter(T - 1, 9 * T), floorAfter(T, T)]).toEqual([100, 103]);
  });

  it('stays where it is while no query is answered, however long', () => {
    expect(planBeat(aCounted(103), { capacity: 10, state: 'ready' }, 99 * T, 0, DEFAULT_TIMING)?.book.floor).toBe(100);
  });
});

describe('after a restart without a journal', () => {
  const begun = (): SeatBook =>
    sawImage(
      aBook({ counted: true, known: false, seats: { free: 3 } }),
      someSeats({ free: 2, issued: 101, beat: 51 }),
      1,
    );

  it('nothing is marked and nothing raised before a query that was sent T after the claim', () => {
    const { book, result } = observe(begun(), 1, T - 1, T + 5);
    expect([book.known, book.used.size, result, addFree(book, T + 5)]).toEqual([false, 0, 0, 0]);
  });

  it('the number follows the count both ways until then', () => {
    const up = observe(begun(), 5, 10);
    expect([occupied(up.book), up.journal]).toEqual([5, [{ t: 'count', k: 5 }]]);
    expect(occupied(observe(up.book, 1, 20).book)).toBe(1);
  });

  it('that query is the truth: seats are raised again', () => {
    const { book } = observe(begun(), 1, T);
    expect([book.known, occupied(book), book.used.size]).toEqual([true, 1, 0]);
    // 2 free, 1 plays, 1 was issued since the claim and is counted twice until it expires.
    expect(addFree(book, T)).toBe(6);
  });
});

describe('after a restart with the journal', () => {
  it('goes on with the number, the floor and the marks', () => {
    const book = resumedWith(4);
    expect([book.known, occupied(book), book.floor, book.gens]).toEqual([true, 4, 100, ['old', MINE]]);
    expect(occupied(observe(book, 2, 10).book)).toBe(4);
  });

  it('drops the answer of a query that the life before had sent', () => {
    const book = resumedWith(4);
    expect(observe(book, 9, -1, 5).book).toBe(book);
  });
});
