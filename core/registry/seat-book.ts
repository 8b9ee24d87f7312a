import { type Refusal, refuse } from '../errors.ts';
import type { JournalEntry, SeatSession } from './journal-entry.ts';
import type { SeatFields } from './row.ts';

/**
 * The agent's memory of one slot's seats, and what happens to it: plain data and pure functions, so that the agent,
 * the property tests and the model run the same text (docs/SEATS.md). Every function that changes what must survive
 * the process also returns the journal entries; the caller appends them BEFORE it answers anybody.
 */
export interface SeatBook {
  /** Lives whose tickets count, oldest first; the last one is mine. */
  readonly gens: readonly string[];
  /** F: serials <= floor are expired, for good. */
  readonly floor: number;
  /** Serials > floor that were activated or cancelled; may hold serials above the newest image's `issued`. */
  readonly used: ReadonlySet<number>;
  /** Live sessions by id. Not used for counted-only games. */
  readonly sessions: ReadonlyMap<string, SeatSession>;
  /** Set for games that can only be counted (counted.ts). */
  readonly counted?: CountedSeats;
  /** When row images arrived, and their `issued`: the candidates for the floor, oldest first. */
  readonly marks: readonly Mark[];
  /** The newest row image. */
  readonly image?: SeatFields;
  /** Tickets of lost servers that were let in here, by `jti`: wall time in s until which each is remembered. */
  readonly failovers?: ReadonlyMap<string, number>;
  /** Beats that were computed from the row's `beat` and may still land. */
  readonly sent?: SentBeats;
  /** False after a restart without journal, until the number of sessions is known: nothing is raised before. */
  readonly known: boolean;
}

interface Mark {
  readonly atMs: number;
  readonly issued: number;
}

interface SentBeats {
  readonly beat: number;
  /** The most that one of them adds to `free`. */
  readonly mostAdded: number;
  /** The lowest `capacity` among them. */
  readonly leastCapacity: number;
}

interface CountedSeats {
  /** K: players that count. */
  readonly k: number;
  /** Monotonic time at which K's newest query was SENT. */
  readonly sentAtMs: number;
  /** Since when the observed count is below K. */
  readonly belowSinceMs?: number;
  /** Queries sent before this say nothing yet (restart without journal: claim + T). */
  readonly trustFromMs: number;
}

export interface BookChange<T> {
  readonly book: SeatBook;
  readonly result: T;
  readonly journal: readonly JournalEntry[];
}

/** The part of a verified ticket that the seat protocol reads. */
export interface SeatClaim {
  readonly gen: string;
  readonly serial: number;
  readonly sub: string;
}

export type Admission =
  | { readonly ok: true; readonly session: SeatSession; readonly resumed: boolean }
  /** The serial is expired or of another life: the holder may only join like anybody without a ticket. */
  | { readonly ok: false; readonly direct: true }
  | (Refusal & { readonly direct?: false });

/** K: the sessions that occupy seats. */
export function occupied(book: SeatBook): number {
  return book.counted?.k ?? book.sessions.size;
}

/** The session id of a seat; the same text as the ticket's `jti` without the server. */
function sessionId(gen: string, serial: number): string {
  return `${gen}:${serial}`;
}

function withSession(book: SeatBook, session: SeatSession): SeatBook {
  return { ...book, sessions: new Map(book.sessions).set(session.id, session) };
}

function withUsed(book: SeatBook, serial: number): SeatBook {
  return { ...book, used: new Set(book.used).add(serial) };
}

/**
 * A verified ticket is shown (docs/SEATS.md, "Activation"). No write to the registry.
 * The same holder of a live session resumes; another one is refused with `ticket.in-use`; a seat whose session is over
 * or that was cancelled with `ticket.ended`.
 */
export function activate(book: SeatBook, claim: SeatClaim): BookChange<Admission> {
  const id = sessionId(claim.gen, claim.serial);
  const live = book.sessions.get(id);
  if (live) {
    const result: Admission =
      live.sub === claim.sub ? { ok: true, session: live, resumed: true } : refuse('ticket.in-use');
    return { book, result, journal: [] };
  }
  if (!book.gens.includes(claim.gen) || claim.serial <= book.floor) {
    return { book, result: { ok: false, direct: true }, journal: [] };
  }
  if (book.used.has(claim.serial)) return { book, result: refuse('ticket.ended'), journal: [] };
  const session: SeatSession = { id, sub: claim.sub, serial: claim.serial };
  return {
    book: withSession(withUsed(book, claim.serial), session),
    result: { ok: true, session, resumed: false },
    journal: [{ t: 'in', ...session }],
  };
}

/**
 * A client gives an unused seat back ("Cancel"). True if it did; anything else changes nothing. Of a game that can only
 * be counted nothing is taken back: whose seat the count marked is not known, so this one may be in use.
 */
export function cancel(book: SeatBook, claim: SeatClaim): BookChange<boolean> {
  const isMine = book.gens.includes(claim.gen) && claim.serial > book.floor;
  const may = isMine && !book.used.has(claim.serial) && !book.counted;
  if (!may) return { book, result: false, journal: [] };
  return { book: withUsed(book, claim.serial), result: true, journal: [{ t: 'used', serial: claim.serial }] };
}

/** A direct join whose own take won `serial` of life `gen`. Refused if the row changed hands in between. */
export function admitDirect(book: SeatBook, gen: string, serial: number, sub?: string): BookChange<Admission> {
  if (!book.gens.includes(gen) || serial <= book.floor || book.used.has(serial)) {
    return { book, result: refuse('agent.not-ready'), journal: [] };
  }
  const session: SeatSession = { id: sessionId(gen, serial), serial, ...(sub === undefined ? {} : { sub }) };
  return {
    book: withSession(withUsed(book, serial), session),
    result: { ok: true, session, resumed: false },
    journal: [{ t: 'in', ...session }],
  };
}

/** Somebody whom the game could not refuse is there without a seat; the next beats burn free seats for him. */
export function adoptWalkIn(book: SeatBook, id: string, sub?: string): BookChange<SeatSession> {
  const live = book.sessions.get(id);
  if (live) return { book, result: live, journal: [] };
  const session: SeatSession = { id, ...(sub === undefined ? {} : { sub }) };
  return { book: withSession(book, session), result: session, journal: [{ t: 'in', ...session }] };
}

/** The game (or silence, for a session the game never saw) ended it. True if there was one. */
export function endSession(book: SeatBook, id: string): BookChange<boolean> {
  if (!book.sessions.has(id)) return { book, result: false, journal: [] };
  const sessions = new Map(book.sessions);
  sessions.delete(id);
  return { book: { ...book, sessions }, result: true, journal: [{ t: 'out', id }] };
}

/** From now on K is the truth: beats may raise `free` again after a restart without journal. */
export function markKnown(book: SeatBook): SeatBook {
  return book.known ? book : { ...book, known: true };
}
