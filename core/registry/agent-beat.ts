import type { BeatCommand, ClaimCommand, CreateCommand, WriteReply } from './commands.ts';
import type { JournalState } from './journal.ts';
import type { JournalEntry } from './journal-entry.ts';
import type { SeatFields, ServerRow, ServerState } from './row.ts';
import { occupied, type SeatBook } from './seat-book.ts';
import type { SeatTiming } from './timing.ts';

/**
 * How a new life starts: the write to send, and the entries to journal before it. A life that does not resume journals
 * nothing yet: with its `gen` in the journal of another life, a crash after the claim would resume what is not its own.
 */
export interface LifeStart {
  readonly command: ClaimCommand | CreateCommand;
  /** The journal is of this row: floor, used serials and sessions go on. */
  readonly resumes: boolean;
  readonly journal: readonly JournalEntry[];
}

/**
 * The first write of a life (docs/SEATS.md, "Restart" and "Row made anew").
 * @param row the row by a consistent read, undefined or without seats if the agent has to make it
 * @param gen the new life, 16 random hex digits
 */
export function startLife(
  row: ServerRow | undefined,
  restored: JournalState | undefined,
  gen: string,
  wallMs: number,
): LifeStart {
  const seats = row?.seats;
  if (!seats) return { command: { kind: 'create', gen, nowMs: wallMs }, resumes: false, journal: [] };
  const resumes = restored?.gens.includes(seats.gen) ?? false;
  const forgets = row.sees && { forgets: true as const };
  return {
    command: { kind: 'claim', seen: seats.gen, gen, ...forgets },
    resumes,
    journal: resumes ? [{ t: 'gen', gen }] : [],
  };
}

/**
 * The book after the first write landed. Without a journal of this row everything issued so far is void (old tickets
 * become direct joins) and nothing is raised until the sessions are known (`markKnown`, or a trusted count).
 */
export function openBook(
  start: LifeStart,
  restored: JournalState | undefined,
  seats: SeatFields,
  nowMs: number,
  options: { readonly counted: boolean; readonly timing: SeatTiming },
): SeatBook {
  const gen = start.command.gen;
  const common = { marks: [{ atMs: nowMs, issued: seats.issued }], image: seats };
  const journal = start.resumes ? restored : undefined;
  const book: SeatBook = journal
    ? {
        ...common,
        gens: [...journal.gens.filter((old) => old !== gen), gen],
        floor: journal.floor,
        used: journal.used,
        sessions: journal.sessions,
        // A life that only counted its players knows no session by name.
        known: journal.k === undefined,
        ...(journal.failovers && { failovers: journal.failovers }),
      }
    : { ...common, gens: [gen], floor: seats.issued, used: new Set(), sessions: new Map(), known: false };
  if (!options.counted) return book;
  const known = journal?.k !== undefined;
  // Tickets of an earlier life may still be out unless this machine never had one: a journal tells of one, even an empty one.
  const strange = start.command.kind === 'claim' || restored !== undefined;
  const trustFromMs = strange && !known ? nowMs + options.timing.expireMs : nowMs;
  return { ...book, sessions: new Map(), known, counted: { k: journal?.k ?? 0, sentAtMs: nowMs, trustFromMs } };
}

/**
 * A row image arrived (reply of a beat, of an own take, or a read). Older images than the one held are dropped. Only a
 * new beat makes a mark: fewer marks only delay expiry, and takes may come by the thousand.
 */
export function sawImage(book: SeatBook, seats: SeatFields, nowMs: number): SeatBook {
  const held = book.image;
  if (held && (seats.beat < held.beat || seats.issued < held.issued)) return book;
  const marks = held?.beat === seats.beat ? book.marks : [...book.marks, { atMs: nowMs, issued: seats.issued }];
  return { ...book, image: seats, marks };
}

/** Step 1 of a beat: the floor moves to `issued` of the newest mark that is at least T old. */
function moveFloor(book: SeatBook, nowMs: number, timing: SeatTiming): SeatBook {
  // A counted-only game: no later than the sending of the query that K comes from.
  const latest = Math.min(nowMs, book.counted?.sentAtMs ?? nowMs) - timing.expireMs;
  const old = book.marks.filter((mark) => mark.atMs <= latest);
  const newest = old.at(-1);
  if (!newest) return book;
  const marks = [newest, ...book.marks.slice(old.length)];
  if (newest.issued <= book.floor) return { ...book, marks };
  const used = new Set([...book.used].filter((serial) => serial > newest.issued));
  return { ...book, floor: newest.issued, used, marks };
}

/** Step 2: seats that are accounted for in an image, signed; `used` counts even above its `issued`. */
export function accountedSeats(book: SeatBook, image: SeatFields): number {
  return image.free + occupied(book) + (image.issued - book.floor) - book.used.size;
}

export interface BeatPlan {
  readonly book: SeatBook;
  readonly command: BeatCommand;
  readonly journal: readonly JournalEntry[];
}

/** What the agent wants its row to say. */
export interface BeatWish {
  readonly capacity: number;
  readonly state: ServerState;
  /** r: seats of the capacity that are kept back for clients whose own server is lost. @default 0 */
  readonly reserve?: number;
  /** Servers that this machine finds silent; absent: nothing new. */
  readonly sees?: readonly string[];
}

/** A beat is on its way: until the row's `beat` is another, it may land. */
function withSent(book: SeatBook, beat: number, addFree: number, capacity: number): SeatBook {
  const { mostAdded, leastCapacity } =
    book.sent?.beat === beat ? book.sent : { mostAdded: 0, leastCapacity: Number.POSITIVE_INFINITY };
  const sent = {
    beat,
    mostAdded: Math.max(mostAdded, addFree),
    leastCapacity: Math.min(leastCapacity, capacity),
  };
  return { ...book, sent };
}

/** The next beat, computed from the newest image; undefined before there is one. Send it once, never again as it is. */
export function planBeat(
  before: SeatBook,
  wish: BeatWish,
  nowMs: number,
  wallMs: number,
  timing: SeatTiming,
): BeatPlan | undefined {
  if (!before.image) return undefined;
  const book = moveFloor(before, nowMs, timing);
  const image = book.image as SeatFields;
  const wanted = wish.capacity - (wish.reserve ?? 0) - accountedSeats(book, image);
  const addFree = wanted < 0 ? -Math.min(-wanted, image.free) : book.known ? wanted : 0;
  return {
    book: withSent(book, image.beat, addFree, wish.capacity),
    journal: book.floor === before.floor ? [] : [{ t: 'floor', floor: book.floor }],
    command: {
      kind: 'beat',
      gen: book.gens.at(-1) as string,
      beat: image.beat,
      addFree: addFree === 0 ? 0 : addFree,
      hb: wallMs,
      sessions: occupied(book),
      capacity: wish.capacity,
      state: wish.state,
      ...(wish.sees && { sees: wish.sees }),
    },
  };
}

/**
 * What a beat's reply (or a read after a lost one) means: `ok` landed; `again`: compute a new one from the image just
 * adopted; `lost`: the row is another life's or gone, stop admitting and exit.
 */
export function readBeatReply(
  book: SeatBook,
  reply: WriteReply,
  nowMs: number,
): { readonly book: SeatBook; readonly verdict: 'ok' | 'again' | 'lost' } {
  const seats = reply.row?.seats;
  if (!seats || seats.gen !== book.gens.at(-1)) return { book, verdict: 'lost' };
  return { book: sawImage(book, seats, nowMs), verdict: reply.ok ? 'ok' : 'again' };
}
