import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planBeat, sawImage } from '../../../core/registry/agent-beat.ts';
import { observeCount } from '../../../core/registry/counted.ts';
import { parseEntry, replay, snapshot } from '../../../core/registry/journal.ts';
import type { JournalEntry } from '../../../core/registry/journal-entry.ts';
import {
  activate,
  admitDirect,
  adoptWalkIn,
  type BookChange,
  cancel,
  endSession,
  type SeatBook,
} from '../../../core/registry/seat-book.ts';
import { DEFAULT_TIMING } from '../../../core/registry/timing.ts';
import { aBook, lasting, MINE, someSeats, T } from './books.ts';

const FIRST_ENTRIES: readonly JournalEntry[] = [
  { t: 'gen', gen: MINE },
  { t: 'floor', floor: 100 },
];

type Act = (book: SeatBook, atMs: number) => Pick<BookChange<unknown>, 'book' | 'journal'>;
const serial = fc.integer({ min: 95, max: 115 });
const sub = fc.constantFrom('ann', 'bob');
const beat: Act = (book, atMs) =>
  planBeat(book, { capacity: 10, state: 'ready' }, atMs, atMs, DEFAULT_TIMING) ?? { book, journal: [] };
const image = (issued: number): Act => {
  return (book, atMs) => ({
    book: sawImage(book, someSeats({ issued, beat: (book.image?.beat ?? 0) + 1 }), atMs),
    journal: [],
  });
};

/** What can happen to a book between two images, in any order and as often as it likes. */
const played: fc.Arbitrary<Act> = fc.oneof(
  fc.tuple(serial, sub).map(
    ([at, who]): Act =>
      (book) =>
        activate(book, { gen: MINE, serial: at, sub: who }),
  ),
  serial.map(
    (at): Act =>
      (book) =>
        cancel(book, { gen: MINE, serial: at, sub: 'ann' }),
  ),
  serial.map(
    (at): Act =>
      (book) =>
        admitDirect(book, MINE, at),
  ),
  fc.constantFrom('w1', 'w2').map(
    (id): Act =>
      (book) =>
        adoptWalkIn(book, id),
  ),
  fc.nat(5).map(
    (nth): Act =>
      (book) =>
        endSession(book, [...book.sessions.keys()][nth] ?? 'nobody'),
  ),
  fc.integer({ min: 100, max: 115 }).map(image),
  fc.constant(beat),
);
const watched: fc.Arbitrary<Act> = fc.oneof(
  fc.nat(6).map(
    (count): Act =>
      (book, atMs) =>
        observeCount(book, { count, sentAtMs: atMs }, atMs, DEFAULT_TIMING),
  ),
  fc.integer({ min: 100, max: 115 }).map(image),
  fc.constant(beat),
);

/** Plays the acts, T/3 apart, and checks the journal after each. */
function play(
  start: SeatBook,
  acts: readonly Act[],
  check: (book: SeatBook, entries: readonly JournalEntry[]) => void,
) {
  let book = start;
  const entries = [...FIRST_ENTRIES];
  acts.forEach((act, index) => {
    const change = act(book, ((index + 1) * T) / 3);
    book = change.book;
    entries.push(...change.journal);
    check(book, entries);
  });
}

describe('a journal', () => {
  for (const [what, counted, act] of [
    ['sessions', false, played],
    ['a count', true, watched],
  ] as const) {
    const acts = fc.array(act, { maxLength: 40, size: 'max' });

    it(`replays to the book that wrote it, at every moment: ${what}`, () => {
      fc.assert(
        fc.property(acts, (list) => {
          play(aBook({ counted, seats: { issued: 100 } }), list, (book, entries) => {
            const counts = entries.some(({ t }) => t === 'count');
            const { k, ...rest } = lasting(book);
            expect(replay(entries)).toEqual({ ...rest, ...(counts && { k }) });
          });
        }),
        { numRuns: 300 },
      );
    });

    it(`compacts to a snapshot that replays to the same, and goes on the same: ${what}`, () => {
      fc.assert(
        fc.property(acts, acts, (list, more) => {
          let at: SeatBook = aBook({ counted });
          play(at, list, (book) => {
            at = book;
          });
          const short = snapshot(at);
          expect(replay(short)).toEqual(lasting(at));
          expect(snapshot(replay(short))).toEqual(short);
          const later: JournalEntry[] = [];
          let end = at;
          for (const [index, act] of more.entries()) {
            const change = act(end, 99 * T + (index * T) / 3);
            end = change.book;
            later.push(...change.journal);
          }
          expect(replay([...short, ...later])).toEqual(lasting(end));
        }),
        { numRuns: 300 },
      );
    });

    it(`never understates what is occupied, wherever an append broke off: ${what}`, () => {
      fc.assert(
        fc.property(acts, (list) => {
          let before = aBook({ counted });
          const entries = [...FIRST_ENTRIES];
          // Of the formula: K - |used| - F, the part that lasts; the rest is the row's.
          const weight = (journal: readonly JournalEntry[]) => {
            const { floor, used, sessions, k } = replay(journal);
            return (k ?? sessions.size) - used.size - floor;
          };
          for (const [index, act] of list.entries()) {
            const change = act(before, ((index + 1) * T) / 3);
            const whole = [...entries, ...change.journal];
            const least = Math.min(weight(entries), weight(whole));
            for (let cut = 1; cut < change.journal.length; cut++) {
              expect(weight([...entries, ...change.journal.slice(0, cut)])).toBeGreaterThanOrEqual(least);
            }
            entries.push(...change.journal);
            before = change.book;
          }
        }),
        { numRuns: 300 },
      );
    });
  }

  it('is the floor alone while nobody knows who is there: a restart must not take that for the truth', () => {
    for (const counted of [false, true]) {
      const unknown = aBook({ counted, known: false });
      expect(snapshot(unknown)).toEqual([{ t: 'floor', floor: 100 }]);
    }
  });

  it('keeps the row’s life through every try of a claim that the registry did not take', () => {
    const tries = Array.from({ length: 200 }, (_, n): JournalEntry => ({ t: 'gen', gen: `try-${n}` }));
    expect(replay([...FIRST_ENTRIES, ...tries]).gens[0]).toBe(MINE);
  });

  it('keeps no more lives than it needs', () => {
    const lives = Array.from({ length: 1_000 }, (_, n): JournalEntry => ({ t: 'gen', gen: `life-${n}` }));
    const { gens } = replay(lives);
    expect(gens.at(-1)).toBe('life-999');
    expect(gens.length).toBeLessThan(300);
  });

  it('never moves its floor down', () => {
    const state = replay([
      { t: 'floor', floor: 9 },
      { t: 'used', serial: 7 },
      ...FIRST_ENTRIES,
      { t: 'floor', floor: 50 },
    ]);
    expect([state.floor, state.used.size]).toEqual([100, 0]);
  });

  it('is empty when nothing was written', () => {
    expect(replay([])).toEqual({ gens: [], floor: 0, used: new Set(), sessions: new Map() });
  });
});

describe('a line of a journal', () => {
  const entries: readonly JournalEntry[] = [
    { t: 'gen', gen: MINE },
    { t: 'floor', floor: 1_700_000_000_000 },
    { t: 'used', serial: 7 },
    { t: 'in', id: `${MINE}:7`, sub: 'ann', serial: 7 },
    { t: 'in', id: 'game-7' },
    { t: 'out', id: 'game-7' },
    { t: 'count', k: 0 },
  ];

  for (const entry of entries) {
    const line = JSON.stringify(entry);
    it(`is read as it was written, and not at all when it is torn: ${line}`, () => {
      expect(parseEntry(line)).toEqual(entry);
      for (let cut = 0; cut < line.length; cut++) expect(parseEntry(line.slice(0, cut)), `${cut}`).toBeUndefined();
    });

    for (const name of Object.keys(entry).filter((key) => key !== 't')) {
      it(`is not read with another type of ${name}: ${line}`, () => {
        for (const value of [null, true, [], {}, name === 'id' || name === 'gen' || name === 'sub' ? 1 : '1', 0.5]) {
          expect(parseEntry(JSON.stringify({ ...entry, [name]: value })), `${JSON.stringify(value)}`).toBeUndefined();
        }
      });
    }
  }

  for (const line of [
    '',
    ' ',
    'null',
    '7',
    '"gen"',
    '[]',
    '{}',
    '{"t":"later","x":1}',
    '{"t":"in"}',
    '{"t":1}',
    '\u0000',
  ]) {
    it(`is nothing that this version knows: ${JSON.stringify(line)}`, () => {
      expect(parseEntry(line)).toBeUndefined();
    });
  }
});
