import { describe, expect, it } from 'vitest';
import {
  activate,
  admitDirect,
  adoptWalkIn,
  cancel,
  endSession,
  markKnown,
  occupied,
  type SeatBook,
} from '../../../core/registry/seat-book.ts';
import { aBook, lasting, MINE } from './books.ts';

const OLD = '00000000000000a0';
const aClaim = (serial = 101, changes: { gen?: string; sub?: string } = {}) => ({
  gen: MINE,
  serial,
  sub: 'ann',
  ...changes,
});
/** The book after ann activated serial 101. */
const withAnn = (): SeatBook => activate(aBook(), aClaim()).book;
const resumed = (): SeatBook =>
  aBook({
    journal: [
      { t: 'gen', gen: OLD },
      { t: 'floor', floor: 99 },
    ],
  });

describe('a ticket that is shown', () => {
  it('admits its holder once: the seat is used, the session counts, and both go to the journal in one line', () => {
    const { book, result, journal } = activate(aBook(), aClaim());
    const session = { id: `${MINE}:101`, sub: 'ann', serial: 101 };
    expect(result).toEqual({ ok: true, session, resumed: false });
    expect(journal).toEqual([{ t: 'in', ...session }]);
    expect([...book.used]).toEqual([101]);
    expect(occupied(book)).toBe(1);
  });

  it('leaves the book that it was given as it was', () => {
    const book = aBook();
    activate(book, aClaim());
    expect([book.used.size, book.sessions.size]).toEqual([0, 0]);
  });

  it('admits a serial above the newest image: its take landed since', () => {
    expect(activate(aBook(), aClaim(9_999)).result).toMatchObject({ ok: true, resumed: false });
  });

  it('resumes the session of the same holder, with no seat more', () => {
    const book = withAnn();
    const again = activate(book, aClaim());
    expect(again).toMatchObject({ result: { ok: true, resumed: true, session: { sub: 'ann' } }, journal: [] });
    expect(again.book).toBe(book);
  });

  it('resumes even when the floor has passed its serial', () => {
    const book = { ...withAnn(), floor: 500, used: new Set<number>() };
    expect(activate(book, aClaim()).result).toMatchObject({ ok: true, resumed: true });
  });

  const refusals: readonly (readonly [string, SeatBook, ReturnType<typeof aClaim>, object])[] = [
    ['of a live session, by another', withAnn(), aClaim(101, { sub: 'bob' }), { code: 'ticket.in-use' }],
    ['of a session that ended', endSession(withAnn(), `${MINE}:101`).book, aClaim(), { code: 'ticket.ended' }],
    ['of a seat that was given back', cancel(aBook(), aClaim()).book, aClaim(), { code: 'ticket.ended' }],
    ['at the floor', aBook(), aClaim(100), { direct: true }],
    ['far below the floor', aBook(), aClaim(1), { direct: true }],
    ['of an unknown life', aBook(), aClaim(101, { gen: 'strange' }), { direct: true }],
    ['of the life before, without its journal', aBook(), aClaim(101, { gen: OLD }), { direct: true }],
  ];
  for (const [what, book, claim, refusal] of refusals) {
    it(`changes nothing: ${what}`, () => {
      const change = activate(book, claim);
      expect(change).toEqual({ book, result: { ok: false, ...refusal }, journal: [] });
      expect(change.book).toBe(book);
    });
  }

  it('counts for the life before, with its journal', () => {
    expect(activate(resumed(), aClaim(100, { gen: OLD })).result).toMatchObject({ ok: true, resumed: false });
    expect(activate(resumed(), aClaim(99, { gen: OLD })).result).toEqual({ ok: false, direct: true });
  });

  it('counts one serial once, whichever life its ticket names: serials go on over a restart', () => {
    const book = activate(resumed(), aClaim(100, { gen: OLD })).book;
    expect(activate(book, aClaim(100, { gen: MINE, sub: 'bob' })).result).toMatchObject({ code: 'ticket.ended' });
  });
});

describe('a seat that is given back', () => {
  it('is used, occupies nobody and is journalled', () => {
    const { book, result, journal } = cancel(aBook(), aClaim(103));
    expect({ result, journal }).toEqual({ result: true, journal: [{ t: 'used', serial: 103 }] });
    expect([...book.used]).toEqual([103]);
    expect(occupied(book)).toBe(0);
  });

  const vain: readonly (readonly [string, SeatBook, ReturnType<typeof aClaim>])[] = [
    ['it is in use', withAnn(), aClaim()],
    ['it was used before', endSession(withAnn(), `${MINE}:101`).book, aClaim()],
    ['it was given back before', cancel(aBook(), aClaim()).book, aClaim()],
    ['it has expired', aBook(), aClaim(100)],
    ['it is of another life', aBook(), aClaim(101, { gen: 'strange' })],
    ['the game can only be counted: its holder may play on it', aBook({ counted: true }), aClaim()],
  ];
  for (const [why, book, claim] of vain) {
    it(`changes nothing when ${why}`, () => {
      const change = cancel(book, claim);
      expect(change).toEqual({ book, result: false, journal: [] });
      expect(change.book).toBe(book);
    });
  }
});

describe('a direct join', () => {
  it('is a session on the serial of its own take', () => {
    const { book, result, journal } = admitDirect(aBook(), MINE, 101, 'bob');
    const session = { id: `${MINE}:101`, serial: 101, sub: 'bob' };
    expect({ result, journal }).toEqual({
      result: { ok: true, session, resumed: false },
      journal: [{ t: 'in', ...session }],
    });
    expect([[...book.used], occupied(book)]).toEqual([[101], 1]);
  });

  it('needs no name', () => {
    expect(admitDirect(aBook(), MINE, 101).journal).toEqual([{ t: 'in', id: `${MINE}:101`, serial: 101 }]);
  });

  const late: readonly (readonly [string, SeatBook, string, number])[] = [
    ['the row changed hands since', aBook(), 'strange', 101],
    ['its seat expired since', aBook(), MINE, 100],
    ['its seat is used', withAnn(), MINE, 101],
  ];
  for (const [why, book, gen, serial] of late) {
    it(`is refused when ${why}`, () => {
      expect(admitDirect(book, gen, serial)).toEqual({
        book,
        result: { ok: false, code: 'agent.not-ready' },
        journal: [],
      });
    });
  }
});

describe('somebody whom the game let in by itself', () => {
  it('counts once, on no seat', () => {
    const { book, result, journal } = adoptWalkIn(aBook(), 'game-7', 'cid');
    expect({ result, journal }).toEqual({
      result: { id: 'game-7', sub: 'cid' },
      journal: [{ t: 'in', id: 'game-7', sub: 'cid' }],
    });
    expect([occupied(book), book.used.size]).toEqual([1, 0]);
    expect(adoptWalkIn(book, 'game-7')).toEqual({ book, result: { id: 'game-7', sub: 'cid' }, journal: [] });
  });
});

describe('a session that ends', () => {
  it('occupies nothing from then on; its serial stays used until it expires', () => {
    const { book, result, journal } = endSession(withAnn(), `${MINE}:101`);
    expect({ result, journal }).toEqual({ result: true, journal: [{ t: 'out', id: `${MINE}:101` }] });
    expect([occupied(book), [...book.used]]).toEqual([0, [101]]);
  });

  it('ends once', () => {
    const { book } = endSession(withAnn(), `${MINE}:101`);
    expect(endSession(book, `${MINE}:101`)).toEqual({ book, result: false, journal: [] });
  });
});

describe('knowing who is there', () => {
  it('is said once, and changes nothing of what lasts', () => {
    const unknown = aBook({ known: false });
    const known = markKnown(unknown);
    expect([unknown.known, known.known]).toEqual([false, true]);
    expect(lasting(known)).toEqual(lasting(unknown));
    expect(markKnown(known)).toBe(known);
  });
});
