import { describe, expect, it } from 'vitest';
import { openBook, planBeat, readBeatReply, sawImage, startLife } from '../../../core/registry/agent-beat.ts';
import type { JournalState } from '../../../core/registry/journal.ts';
import type { SeatFields } from '../../../core/registry/row.ts';
import { activate, adoptWalkIn, cancel, endSession, type SeatBook } from '../../../core/registry/seat-book.ts';
import { DEFAULT_TIMING } from '../../../core/registry/timing.ts';
import { aBook, aRow, KEY, MINE, someSeats, T } from './books.ts';

const READY = { capacity: 10, state: 'ready' } as const;
const aJournal = (changes: Partial<JournalState> = {}): JournalState => ({
  gens: ['old'],
  floor: 90,
  used: new Set([95]),
  sessions: new Map([['old:95', { id: 'old:95', sub: 'ann', serial: 95 }]]),
  ...changes,
});
const plan = (book: SeatBook, nowMs: number, wish: Partial<Parameters<typeof planBeat>[1]> = {}) =>
  planBeat(book, { ...READY, ...wish }, nowMs, 7, DEFAULT_TIMING)!;
const take = (seats: SeatFields, k: number) => ({ ...seats, free: seats.free - k, issued: seats.issued + k });
const aClaim = (serial: number) => ({ gen: MINE, serial, sub: `s${serial}` });

describe('the start of a life', () => {
  it('makes the row where there is none, or none with seats', () => {
    const create = { command: { kind: 'create', gen: MINE, nowMs: 7 }, resumes: false, journal: [] };
    expect(startLife(undefined, undefined, MINE, 7)).toEqual(create);
    expect(startLife({ key: KEY, suspect: false }, aJournal(), MINE, 7)).toEqual(create);
  });

  it('resumes a row whose life is in its journal, and journals its own life before it claims', () => {
    expect(startLife(aRow({ gen: 'old' }), aJournal({ gens: ['older', 'old', 'never landed'] }), MINE, 7)).toEqual({
      command: { kind: 'claim', seen: 'old', gen: MINE },
      resumes: true,
      journal: [{ t: 'gen', gen: MINE }],
    });
  });

  it('claims a row of a stranger without going on, and writes nothing into the journal of another life', () => {
    const claim = { command: { kind: 'claim', seen: 'stranger', gen: MINE }, resumes: false, journal: [] };
    expect(startLife(aRow({ gen: 'stranger' }), undefined, MINE, 7)).toEqual(claim);
    expect(startLife(aRow({ gen: 'stranger' }), aJournal(), MINE, 7)).toEqual(claim);
  });
});

describe('the book of a new life', () => {
  const open = (restored: JournalState | undefined, gen: string, counted = false) => {
    const start = startLife(aRow({ gen }), restored, MINE, 7);
    return openBook(start, restored, someSeats({ issued: 120 }), 1_000, { counted, timing: DEFAULT_TIMING });
  };

  it('goes on where the journal ends: nothing is voided', () => {
    expect(open(aJournal(), 'old')).toEqual({
      gens: ['old', MINE],
      floor: 90,
      used: new Set([95]),
      sessions: aJournal().sessions,
      marks: [{ atMs: 1_000, issued: 120 }],
      image: someSeats({ issued: 120 }),
      known: true,
    });
  });

  it('names its own life once and last, however often its claim was tried', () => {
    expect(open(aJournal({ gens: [MINE, 'old'] }), 'old').gens).toEqual(['old', MINE]);
  });

  it('voids everything issued so far without the journal of this row, and knows nobody', () => {
    for (const restored of [undefined, aJournal()]) {
      expect(open(restored, 'stranger')).toMatchObject({
        gens: [MINE],
        floor: 120,
        used: new Set(),
        sessions: new Map(),
        known: false,
      });
    }
  });

  it('goes on with the count of a counted game', () => {
    expect(open(aJournal({ k: 4 }), 'old', true)).toMatchObject({
      floor: 90,
      used: new Set([95]),
      known: true,
      counted: { k: 4, sentAtMs: 1_000, trustFromMs: 1_000 },
    });
  });

  it('trusts no query that is sent before T after the claim, without a journal or with one that never counted', () => {
    for (const restored of [undefined, aJournal()]) {
      expect(open(restored, restored ? 'old' : 'stranger', true)).toMatchObject({
        known: false,
        counted: { k: 0, trustFromMs: 1_000 + T },
      });
    }
  });

  it('knows no session by name after a life that only counted', () => {
    expect(open(aJournal({ k: 4, sessions: new Map() }), 'old', false).known).toBe(false);
  });

  it('trusts the first query where no agent ever was, and none before T where a journal tells of one', () => {
    const create = (restored?: JournalState) => {
      const start = startLife(undefined, restored, MINE, 7);
      return openBook(start, restored, someSeats(), 1_000, { counted: true, timing: DEFAULT_TIMING });
    };
    expect(create().counted?.trustFromMs).toBe(1_000);
    for (const gens of [['old'], []]) expect(create(aJournal({ gens })).counted?.trustFromMs).toBe(1_000 + T);
  });
});

describe('a row image', () => {
  it('is adopted when it is newer, and marks the time of each new beat', () => {
    const taken = take(someSeats(), 2);
    const book = sawImage(aBook(), taken, 500);
    expect([book.image, book.marks]).toEqual([taken, [{ atMs: 0, issued: 100 }]]);
    const next = sawImage(book, { ...taken, beat: 51 }, 900);
    expect(next.marks).toEqual([
      { atMs: 0, issued: 100 },
      { atMs: 900, issued: 102 },
    ]);
  });

  it('is dropped when it is older, by its beat or by what was issued', () => {
    const book = sawImage(aBook(), take(someSeats({ beat: 52 }), 2), 500);
    expect(sawImage(book, someSeats({ beat: 51, issued: 102 }), 900)).toBe(book);
    expect(sawImage(book, someSeats({ beat: 52, issued: 101 }), 900)).toBe(book);
  });
});

describe('the floor', () => {
  /** Serials 101 and 102 were taken and seen at 500 ms, 103 at 900 ms. */
  const seen = (): SeatBook => {
    const book = sawImage(aBook(), take(someSeats({ beat: 51 }), 2), 500);
    return sawImage(book, take(someSeats({ beat: 52 }), 3), 900);
  };

  it('moves to what was issued in the newest image that is T old, not a moment sooner', () => {
    const floorAt = (nowMs: number) => plan(seen(), nowMs).book.floor;
    expect([T + 499, T + 500, T + 899, T + 900].map(floorAt)).toEqual([100, 102, 102, 103]);
  });

  it('is journalled where it moves', () => {
    expect(plan(seen(), T + 500).journal).toEqual([{ t: 'floor', floor: 102 }]);
    expect(plan(seen(), T + 499).journal).toEqual([]);
  });

  it('never moves down, whatever image comes', () => {
    const book = { ...seen(), floor: 103 };
    expect(plan(book, T + 500)).toMatchObject({ book: { floor: 103 }, journal: [] });
  });

  it('drops used serials that it passes, and no session', () => {
    const book = activate(activate(seen(), aClaim(101)).book, aClaim(103)).book;
    const after = plan(book, T + 500).book;
    expect([[...after.used], after.sessions.size]).toEqual([[103], 2]);
  });

  it('keeps few marks, however long the agent lives', () => {
    let book = aBook();
    for (let beat = 51; beat < 500; beat++) {
      const nowMs = (beat - 50) * DEFAULT_TIMING.beatMs;
      book = sawImage(plan(book, nowMs).book, someSeats({ beat }), nowMs);
    }
    expect(book.marks.length).toBeLessThanOrEqual(T / DEFAULT_TIMING.beatMs + 2);
  });
});

describe('a beat', () => {
  it('says what the agent wishes and knows, in the row’s next version', () => {
    const book = adoptWalkIn(aBook(), 'game-1').book;
    expect(plan(book, 0, { capacity: 12, state: 'draining' }).command).toEqual({
      kind: 'beat',
      gen: MINE,
      beat: 50,
      addFree: 1,
      hb: 7,
      sessions: 1,
      capacity: 12,
      state: 'draining',
    });
  });

  it('is not made before there is an image', () => {
    const { image: _, ...book } = aBook();
    expect(planBeat(book, READY, 0, 0, DEFAULT_TIMING)).toBeUndefined();
  });

  /** What a beat would add to `free` in a history of takes, activations, and what the agent did not see. */
  const cases: readonly (readonly [string, number, () => SeatBook, number?])[] = [
    ['nothing while every seat is free', 0, aBook],
    ['nothing while a seat is out', 0, () => sawImage(aBook(), take(someSeats(), 3), 1)],
    ['nothing when it is activated', 0, () => activate(sawImage(aBook(), take(someSeats(), 3), 1), aClaim(102)).book],
    ['nothing for a take it has not seen, activated', 0, () => activate(aBook(), aClaim(101)).book],
    [
      'a seat that was given back, of a take it has seen',
      1,
      () => cancel(sawImage(aBook(), take(someSeats(), 3), 1), aClaim(102)).book,
    ],
    ['a seat that was given back, of a take it has not seen', 1, () => cancel(aBook(), aClaim(101)).book],
    [
      'the seat of a session that ended',
      1,
      () => endSession(activate(sawImage(aBook(), take(someSeats(), 3), 1), aClaim(102)).book, `${MINE}:102`).book,
    ],
    ['what has expired', 3, () => sawImage(aBook(), take(someSeats({ beat: 51 }), 3), 1), T + 1],
    ['less for somebody who came without a seat', -1, () => adoptWalkIn(aBook(), 'game-1').book],
  ];
  for (const [what, addFree, history, nowMs = 2] of cases) {
    it(`adds ${addFree} to free: ${what}`, () => {
      expect(plan(history(), nowMs).command.addFree).toBe(addFree);
    });
  }

  it('adds what the capacity rose by', () => {
    expect(plan(aBook(), 0, { capacity: 13 }).command).toMatchObject({ addFree: 3, capacity: 13 });
  });

  it('burns what the capacity fell by, and no more than is free', () => {
    expect(plan(aBook(), 0, { capacity: 4 }).command.addFree).toBe(-6);
    const busy = aBook({ seats: { free: 2, issued: 108 } });
    const outstanding = { ...busy, floor: 100 };
    expect(plan(outstanding, 0, { capacity: 4 }).command.addFree).toBe(-2);
  });

  it('writes a plain 0 where nothing is left to burn', () => {
    const full = { ...aBook({ seats: { free: 0, issued: 110 } }), floor: 100 };
    expect(Object.is(plan(full, 0, { capacity: 4 }).command.addFree, 0)).toBe(true);
  });

  it('raises nothing while nobody knows who is there, and burns all the same', () => {
    const unknown = aBook({ known: false, seats: { free: 4 } });
    expect(plan(unknown, 0).command.addFree).toBe(0);
    expect(plan(unknown, 0, { capacity: 1 }).command.addFree).toBe(-3);
  });
});

describe('the reply to a beat', () => {
  const book = aBook();
  const read = (reply: Parameters<typeof readBeatReply>[1]) => readBeatReply(book, reply, 900);

  it('is ok when it landed: the row after it is the next image', () => {
    const row = aRow({ beat: 51 });
    expect(read({ ok: true, row })).toEqual({ verdict: 'ok', book: sawImage(book, row.seats!, 900) });
  });

  it('means again when the row has moved on in the same life, from the row that came back', () => {
    const row = aRow({ beat: 53, free: 4, issued: 106 });
    const { verdict, book: next } = read({ ok: false, row });
    expect([verdict, next.image]).toEqual(['again', row.seats]);
  });

  const lost: readonly (readonly [string, Parameters<typeof readBeatReply>[1]])[] = [
    ['is of another life', { ok: false, row: aRow({ gen: 'other', beat: 60 }) }],
    ['is of a life of its own that came before', { ok: false, row: aRow({ gen: 'old' }) }],
    ['is gone', { ok: false, row: undefined }],
    ['has no seats', { ok: false, row: { key: KEY, suspect: false } }],
  ];
  for (const [what, reply] of lost) {
    it(`means lost when the row ${what}: nothing of it is adopted`, () => {
      const resumed: SeatBook = { ...book, gens: ['old', MINE] };
      expect(readBeatReply(resumed, reply, 900)).toEqual({ verdict: 'lost', book: resumed });
    });
  }
});

describe('a restart', () => {
  const old = activate(sawImage(aBook(), take(someSeats({ beat: 51 }), 3), 1), aClaim(102)).book;
  const { gens, floor, used, sessions } = old;
  const next = (restored: JournalState | undefined) => {
    const start = startLife(aRow(old.image), restored, 'next', 7);
    const claimed = { ...old.image!, gen: 'next', beat: 52 };
    return openBook(start, restored, claimed, 2, { counted: false, timing: DEFAULT_TIMING });
  };
  const withJournal = next({ gens, floor, used, sessions });

  it('with the journal adds nothing for the seats that are out or in use', () => {
    expect(plan(withJournal, 3).command).toMatchObject({ gen: 'next', beat: 52, addFree: 0, sessions: 1 });
    expect(activate(withJournal, aClaim(103)).result).toMatchObject({ ok: true });
  });

  it('without it voids what is out, and adds nothing for it until it knows who is there', () => {
    expect(plan(next(undefined), 3).command).toMatchObject({ addFree: 0, sessions: 0 });
    expect(activate(next(undefined), aClaim(103)).result).toEqual({ ok: false, direct: true });
  });
});
