import { refuse } from '../errors.ts';
import { accountedSeats } from './agent-beat.ts';
import type { JournalEntry, SeatSession } from './journal-entry.ts';
import type { SeatFields } from './row.ts';
import type { Admission, BookChange, SeatBook } from './seat-book.ts';

/**
 * Clients whose own server is lost, on a server that their ticket names as an alternate (docs/SEATS.md, "Failover").
 * Each ticket gets in once, by a seat of the row or, while the registry is away, by one that was kept in reserve.
 */
export interface FailoverClaim {
  /** Id of the seat that the ticket proves; the session here has the same id. */
  readonly jti: string;
  readonly sub: string;
  /** Wall time in s from which the ticket is refused anyway, so that its `jti` need not be remembered. */
  readonly untilSeconds: number;
}

/** r: seats that are never offered to assigners. At least one of two, none of one. */
export function reserveOf(capacity: number, percent: number): number {
  return percent === 0 || capacity <= 1 ? 0 : Math.max(1, Math.floor((capacity * percent) / 100));
}

/** What the book says of a ticket that was shown before; undefined if it was not. */
export function knownFailover(book: SeatBook, { jti, sub }: FailoverClaim): Admission | undefined {
  const live = book.sessions.get(jti);
  if (live) return live.sub === sub ? { ok: true, session: live, resumed: true } : refuse('ticket.in-use');
  return book.failovers?.has(jti) ? refuse('ticket.ended') : undefined;
}

/** Lets the client in on `serial`, which the agent took at its own row for it. */
export function admitFailover(
  book: SeatBook,
  claim: FailoverClaim,
  gen: string,
  serial: number,
): BookChange<Admission> {
  const known = knownFailover(book, claim);
  if (known) return { book, result: known, journal: [] };
  if (!book.gens.includes(gen) || serial <= book.floor || book.used.has(serial)) {
    return { book, result: refuse('agent.not-ready'), journal: [] };
  }
  const used = new Set(book.used).add(serial);
  return admitted({ ...book, used }, claim, { id: claim.jti, sub: claim.sub, serial });
}

/** Of a game that is only counted: the seat taken for it waits for the count to rise, like any other. */
export function noteFailover(book: SeatBook, claim: FailoverClaim): BookChange<boolean> {
  if (book.failovers?.has(claim.jti)) return { book, result: false, journal: [] };
  return { book: remember(book, claim), result: true, journal: [entryOf(claim)] };
}

/**
 * Lets the client in while the registry is away, if one more fits for certain: K rises, and the next beat burns a free
 * seat for it or gives back one less. Not where the game is only counted: there K is the count's.
 * @param capacity the operator's; the row's counts too
 */
export function admitOnReserve(book: SeatBook, claim: FailoverClaim, capacity: number): BookChange<Admission> {
  const known = knownFailover(book, claim);
  if (known) return { book, result: known, journal: [] };
  if (!book.image || !book.known || book.counted) return { book, result: refuse('agent.not-ready'), journal: [] };
  if (!oneMoreFits(book, book.image, capacity)) return { book, result: refuse('agent.full'), journal: [] };
  return admitted(book, claim, { id: claim.jti, sub: claim.sub });
}

/**
 * The known total is what the newest image accounts for and what a beat that was sent on it may still add; the capacity
 * the lowest of the image's, such a beat's and the operator's. Takes that the image does not show change nothing: they
 * move seats from `free` to the serials that are out.
 */
function oneMoreFits(book: SeatBook, image: SeatFields, capacity: number): boolean {
  const sent = book.sent?.beat === image.beat ? book.sent : undefined;
  const knownTotal = accountedSeats(book, image) + (sent?.mostAdded ?? 0);
  return knownTotal + 1 <= Math.min(capacity, image.capacity, sent?.leastCapacity ?? capacity);
}

/** Tickets that are refused by their age need not be remembered. */
export function forgetFailovers(book: SeatBook, wallMs: number): SeatBook {
  if (!book.failovers) return book;
  const failovers = new Map([...book.failovers].filter(([, untilSeconds]) => untilSeconds * 1_000 > wallMs));
  return { ...book, failovers };
}

function admitted(book: SeatBook, claim: FailoverClaim, session: SeatSession): BookChange<Admission> {
  const sessions = new Map(book.sessions).set(session.id, session);
  return {
    book: { ...remember(book, claim), sessions },
    result: { ok: true, session, resumed: false },
    journal: [entryOf(claim), { t: 'in', ...session }],
  };
}

function remember(book: SeatBook, { jti, untilSeconds }: FailoverClaim): SeatBook {
  return { ...book, failovers: new Map(book.failovers).set(jti, untilSeconds) };
}

function entryOf({ jti, untilSeconds }: FailoverClaim): JournalEntry {
  return { t: 'failover', jti, until: untilSeconds };
}
