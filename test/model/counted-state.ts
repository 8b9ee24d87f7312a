import type { BeatCommand } from '../../core/registry/commands.ts';
import { replay, snapshot } from '../../core/registry/journal.ts';
import type { JournalEntry } from '../../core/registry/journal-entry.ts';
import type { SeatFields } from '../../core/registry/row.ts';
import type { SeatBook } from '../../core/registry/seat-book.ts';
import { type AnswerOnItsWay, bookText, journalText, seatsKey } from './seat-state.ts';

/** Older than anything that a query could still make a difference to. */
const LONG_AGO = -1_000;

export interface CountedBudget {
  readonly takes: number;
  readonly beats: number;
  /** How often each beat may land. */
  readonly copies: number;
  readonly walkIns: number;
  readonly restarts: number;
  readonly withJournal: boolean;
  readonly withoutJournal: boolean;
  readonly capacityChanges: number;
}

interface Query {
  readonly sentAtMs: number;
  /** Players at that moment. */
  readonly count: number;
}

/** One row, the agent that counts an unmodified game, its players, and all that is under way. */
export interface CountedState {
  readonly left: CountedBudget;
  /** Always 0 when settled: all times are relative to now. */
  readonly nowMs: number;
  readonly row: SeatFields;
  readonly book: SeatBook | undefined;
  readonly journal: readonly JournalEntry[];
  readonly lives: number;
  readonly capacity: number;
  /** Players who came in time on a seat. */
  readonly came: number;
  readonly walkIns: number;
  /** When each seat was taken whose holder may still come. */
  readonly seats: readonly number[];
  readonly query: Query | undefined;
  readonly beats: readonly { readonly command: BeatCommand; readonly copies: number }[];
  readonly waitsFor: number | undefined;
  readonly answer: AnswerOnItsWay | undefined;
}

/** Free + who may come + who came by the door; walk-ins are on top. */
export function promised({ row, seats, came }: CountedState): number {
  return row.free + seats.length + came;
}

/** @param askedMs the sending of the oldest query that may still be answered */
function settledBook(book: SeatBook, nowMs: number, askedMs: number, expireMs: number): SeatBook {
  const { counted, image, sent: _, ...rest } = book;
  const since = (ms: number): number => Math.max(askedMs - expireMs, ms) - nowMs;
  const latest = Math.min(nowMs, counted?.sentAtMs ?? nowMs) - expireMs;
  const marks: { atMs: number; issued: number }[] = [];
  for (const { atMs, issued } of book.marks) {
    if (issued <= book.floor) continue;
    // Old enough once is old enough for good, and only the newest of those counts.
    const isOld = atMs <= latest;
    if (isOld) marks.length = 0;
    else if (marks.at(-1)?.issued === issued) continue;
    marks.push({ atMs: isOld ? 2 * LONG_AGO : since(atMs), issued });
  }
  return {
    ...rest,
    ...(image && { image: { ...image, last: '' } }),
    ...(counted && {
      counted: {
        k: counted.k,
        // It made the old marks old, and can do no more.
        sentAtMs: LONG_AGO,
        trustFromMs: book.known ? LONG_AGO : Math.max(askedMs, counted.trustFromMs) - nowMs,
        ...(counted.belowSinceMs !== undefined && { belowSinceMs: since(counted.belowSinceMs) }),
      },
    }),
    marks,
  };
}

/** Drops what is over, and lets the clock start from now. */
export function settled(state: CountedState, expireMs: number): CountedState {
  const { nowMs, book } = state;
  // An answer that comes later than T is not waited for.
  const query = state.query && nowMs - state.query.sentAtMs <= expireMs ? state.query : undefined;
  return {
    ...state,
    nowMs: 0,
    row: { ...state.row, last: '' },
    book: book && settledBook(book, nowMs, query?.sentAtMs ?? nowMs, expireMs),
    journal: snapshot(replay(state.journal)),
    seats: state.seats
      .map((takenAtMs) => takenAtMs - nowMs)
      .filter((takenAtMs) => takenAtMs > -expireMs)
      .sort((a, b) => a - b),
    query: query && { ...query, sentAtMs: query.sentAtMs - nowMs },
  };
}

export function countedKey(state: CountedState): string {
  const { left, row, book, journal, capacity, lives, came, walkIns, seats, query, beats, waitsFor, answer } = state;
  const { counted, marks = [] } = book ?? {};
  return [
    `${left.takes}.${left.beats}.${left.walkIns}.${left.restarts}.${left.capacityChanges}`,
    `${capacity}.${lives}.${came}.${walkIns}`,
    seatsKey(row),
    book ? bookText(book) : '-',
    marks.map(({ atMs }) => atMs).join(),
    counted ? `${counted.k},${counted.trustFromMs},${counted.belowSinceMs}` : '',
    journalText(journal),
    seats.join(),
    query ? `${query.sentAtMs}:${query.count}` : '',
    beats.map(({ command: c, copies }) => `${c.gen}:${c.beat}:${c.addFree},${c.capacity}*${copies}`).join(),
    `${waitsFor}`,
    answer ? `${answer.ok ? 1 : 0}${seatsKey(answer.seats)}` : '-',
  ].join(';');
}
