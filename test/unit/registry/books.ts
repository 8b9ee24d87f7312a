import { openBook, startLife } from '../../../core/registry/agent-beat.ts';
import { replay } from '../../../core/registry/journal.ts';
import type { JournalEntry } from '../../../core/registry/journal-entry.ts';
import type { SeatFields, ServerRow } from '../../../core/registry/row.ts';
import { markKnown, type SeatBook } from '../../../core/registry/seat-book.ts';
import { DEFAULT_TIMING } from '../../../core/registry/timing.ts';

export const KEY = 'SRV#AROAEXAMPLE:i-a#0';
/** The life of the books made here. */
export const MINE = '00000000000000a1';
/** T and W of the default timing, in ms. */
export const { expireMs: T, holdMs: W } = DEFAULT_TIMING;

/** Seats of a ready server of 10, all free, of which none was ever taken: serials start at 101. */
export function someSeats(changes: Partial<SeatFields> = {}): SeatFields {
  return {
    free: 10,
    issued: 100,
    beat: 50,
    gen: MINE,
    last: '',
    capacity: 10,
    state: 'ready',
    hb: 1,
    sessions: 0,
    ...changes,
  };
}

export function aRow(changes: Partial<SeatFields> = {}): ServerRow {
  return { key: KEY, suspect: false, seats: someSeats(changes) };
}

/** The book of a life that began at 0 ms on `seats`, or on its own journal if there is one. */
export function aBook(
  options: { seats?: Partial<SeatFields>; journal?: readonly JournalEntry[]; counted?: boolean; known?: boolean } = {},
): SeatBook {
  const { journal, counted = false, known = true } = options;
  const seats = someSeats(options.seats);
  const restored = journal && replay(journal);
  const start = startLife(aRow({ ...options.seats, gen: restored?.gens.at(-1) ?? 'older' }), restored, MINE, 0);
  const book = openBook(start, restored, seats, 0, { counted, timing: DEFAULT_TIMING });
  return known ? markKnown(book) : book;
}

/** What the book holds that must survive the process. */
export function lasting({ gens, floor, used, sessions, counted }: SeatBook) {
  return { gens, floor, used, sessions, ...(counted && { k: counted.k }) };
}
