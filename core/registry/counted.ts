import type { JournalEntry } from './journal-entry.ts';
import type { BookChange, SeatBook } from './seat-book.ts';
import type { SeatTiming } from './timing.ts';

/**
 * Games that can only be counted: an unmodified server read by a query, which refuses nobody (docs/SEATS.md,
 * "Servers that can only be counted"). The observed number takes the place of the agent's own sessions.
 */
export interface CountObservation {
  readonly count: number;
  /** Monotonic time at which the query was SENT: what it cannot have missed is older than that. */
  readonly sentAtMs: number;
}

/** The n oldest known serials that nobody activated; all if there are fewer. */
function oldestUnactivated(book: SeatBook, n: number): number[] {
  const serials: number[] = [];
  const last = book.image?.issued ?? book.floor;
  for (let serial = book.floor + 1; serial <= last && serials.length < n; serial++) {
    if (!book.used.has(serial)) serials.push(serial);
  }
  return serials;
}

/**
 * A query answered. K rises with the count at once and marks as many of the oldest seats used; it falls only to a count
 * that was asked for T after one below K had arrived: else a walk-in who came and went would free a seat that is still
 * out, or whose holder came while the answer was on its way. The result is the number of seats marked used. Answers out
 * of order (sent before the newest one) change nothing.
 */
export function observeCount(
  book: SeatBook,
  seen: CountObservation,
  nowMs: number,
  timing: SeatTiming,
): BookChange<number> {
  const counted = book.counted;
  if (!counted || seen.sentAtMs < counted.sentAtMs) return { book, result: 0, journal: [] };
  const { trustFromMs, k } = counted;
  const base = { k, sentAtMs: seen.sentAtMs, trustFromMs };
  const trusted = seen.sentAtMs >= trustFromMs;
  if (!book.known) {
    // Who rose may hold a ticket of an earlier life: marking a seat for him would free one that is still out.
    const next: SeatBook = { ...book, counted: { ...base, k: seen.count }, known: trusted };
    return { book: next, result: 0, journal: [{ t: 'count', k: seen.count }] };
  }
  if (seen.count > k) {
    const marked = oldestUnactivated(book, seen.count - k);
    const used = new Set([...book.used, ...marked]);
    // The count first: of an append that broke off, K without its marks is too many, marks without K too few.
    const journal: JournalEntry[] = [{ t: 'count', k: seen.count }];
    for (const serial of marked) journal.push({ t: 'used', serial });
    return { book: { ...book, used, counted: { ...base, k: seen.count } }, result: marked.length, journal };
  }
  if (seen.count === k) return { book: { ...book, counted: base }, result: 0, journal: [] };
  const belowSinceMs = counted.belowSinceMs ?? nowMs;
  if (seen.sentAtMs - belowSinceMs < timing.expireMs) {
    return { book: { ...book, counted: { ...base, belowSinceMs } }, result: 0, journal: [] };
  }
  return {
    book: { ...book, counted: { ...base, k: seen.count } },
    result: 0,
    journal: [{ t: 'count', k: seen.count }],
  };
}
