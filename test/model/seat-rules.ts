import { openBook, planBeat, readBeatReply, startLife } from '../../core/registry/agent-beat.ts';
import { applyCommand, type RowCommand, type WriteReply } from '../../core/registry/commands.ts';
import { admitFailover, admitOnReserve } from '../../core/registry/failover.ts';
import { isLeased, raisesFromMs, withinLease } from '../../core/registry/lease.ts';
import type { SeatFields } from '../../core/registry/row.ts';
import { activate, admitDirect, cancel, endSession, type SeatBook } from '../../core/registry/seat-book.ts';
import { readTakeReply } from '../../core/registry/take.ts';

/** Where a model asks the product what happens. A search with a rule left out puts something else in one of the places. */
export interface SeatRules {
  readonly write: (seats: SeatFields | undefined, command: RowCommand) => WriteReply;
  readonly planBeat: typeof planBeat;
  readonly readBeatReply: typeof readBeatReply;
  readonly startLife: typeof startLife;
  readonly openBook: typeof openBook;
  readonly activate: typeof activate;
  readonly cancel: typeof cancel;
  readonly admitDirect: typeof admitDirect;
  readonly readTakeReply: typeof readTakeReply;
  readonly admitFailover: typeof admitFailover;
  readonly admitOnReserve: typeof admitOnReserve;
  readonly isLeased: typeof isLeased;
  readonly raisesFromMs: typeof raisesFromMs;
  readonly withinLease: typeof withinLease;
  /** Whether the agent sends another beat before it knows what became of the last one. */
  readonly isHasty: boolean;
  /** Whether a direct join plays without a take. */
  readonly joinsFreely: boolean;
  /** Whether a session is written to the journal. */
  readonly journalsSessions: boolean;
  /** Every row and every life has the same `gen`. */
  readonly hasOneGen: boolean;
}

const KEY = 'SRV#AROAEXAMPLE:i-a#0';

export const PRODUCT: SeatRules = {
  write: (seats, command) => applyCommand(KEY, seats && { key: KEY, suspect: false, seats }, command),
  planBeat,
  readBeatReply,
  startLife,
  openBook,
  activate,
  cancel,
  admitDirect,
  readTakeReply,
  admitFailover,
  admitOnReserve,
  isLeased,
  raisesFromMs,
  withinLease,
  isHasty: false,
  joinsFreely: false,
  journalsSessions: true,
  hasOneGen: false,
};

/** A row as `PRODUCT.write` answers it. */
function written(seats: SeatFields): WriteReply {
  return { ok: true, row: { key: KEY, suspect: false, seats } };
}

/** The product with one rule of docs/SEATS.md left out. */
export const WITHOUT: Readonly<Record<string, SeatRules>> = {
  'beat fence': {
    ...PRODUCT,
    isHasty: true,
    write: (seats, command) =>
      PRODUCT.write(seats, command.kind === 'beat' && seats ? { ...command, beat: seats.beat } : command),
  },
  'used set': {
    ...PRODUCT,
    activate: (book, claim) => {
      const change = activate(book, claim);
      const { result } = change;
      if (result.ok || result.direct || result.code !== 'ticket.ended') return change;
      return activate({ ...book, used: new Set() }, claim);
    },
  },
  'cancel of a seat that is not out': {
    ...PRODUCT,
    cancel: (book, claim) => {
      const used = new Set(book.used).add(claim.serial + 1);
      return { book: { ...book, used }, result: true, journal: [{ t: 'used', serial: claim.serial + 1 }] };
    },
  },
  'voiding at a restart without journal': {
    ...PRODUCT,
    openBook: (start, restored, seats, nowMs, options) => {
      const book = openBook(start, restored, seats, nowMs, options);
      if (start.resumes || start.command.kind === 'create') return book;
      return { ...book, floor: 0, gens: [start.command.seen, ...book.gens] };
    },
  },
  'sessions known before anything is raised': {
    ...PRODUCT,
    openBook: (start, restored, seats, nowMs, options) => ({
      ...openBook(start, restored, seats, nowMs, options),
      known: true,
    }),
  },
  'a direct join takes': { ...PRODUCT, joinsFreely: true },
  'the floor before computing': {
    ...PRODUCT,
    planBeat: (book, wish, nowMs, wallMs, timing) => {
      const plan = planBeat(book, wish, nowMs, wallMs, timing);
      const early = planBeat(book, wish, Number.NEGATIVE_INFINITY, wallMs, timing);
      if (!plan || !early) return plan;
      const addFree = early.command.addFree + plan.book.floor - book.floor;
      return { ...plan, command: { ...plan.command, addFree } };
    },
  },
  'free >= k': {
    ...PRODUCT,
    write: (seats, command) => {
      if (command.kind !== 'take' || !seats || seats.free >= command.k) return PRODUCT.write(seats, command);
      return written({ ...seats, free: seats.free - command.k, issued: seats.issued + command.k, last: command.token });
    },
  },
  'journal before the answer': { ...PRODUCT, journalsSessions: false },
  'no free seat in a new row': {
    ...PRODUCT,
    write: (seats, command) => {
      const reply = PRODUCT.write(seats, command);
      if (command.kind !== 'create' || !reply.ok || !reply.row.seats) return reply;
      return written({ ...reply.row.seats, free: 2, capacity: 2, state: 'ready' });
    },
  },
  'a new life in a new row': { ...PRODUCT, hasOneGen: true },
  'cancel of a seat in use': {
    ...PRODUCT,
    cancel: (book, claim) => {
      const { result, ...ended } = endSession(book, `${claim.gen}:${claim.serial}`);
      return result ? { ...ended, result } : cancel(book, claim);
    },
  },
};

/** The same for two agents at one row. */
export const WITHOUT_ALONE: Readonly<Record<string, SeatRules>> = {
  'the lease ends': { ...PRODUCT, isLeased: () => true },
  'nothing is raised until the lease is over': { ...PRODUCT, withinLease: (command) => command },
  'the life of a ticket': {
    ...PRODUCT,
    activate: (book, claim) => activate({ ...book, gens: [...book.gens, claim.gen] }, claim),
  },
  'the owner of a beat': {
    ...PRODUCT,
    write: (seats, command) =>
      PRODUCT.write(seats, command.kind === 'beat' && seats ? { ...command, gen: seats.gen } : command),
    readBeatReply: (book, reply, nowMs) => {
      const seats = reply.row?.seats;
      if (!seats || !reply.row) return readBeatReply(book, reply, nowMs);
      const gen = book.gens.at(-1) as string;
      return readBeatReply(book, { ...reply, row: { ...reply.row, seats: { ...seats, gen } } }, nowMs);
    },
  },
};

const NOTHING_SENT = { beat: -1, mostAdded: 0, leastCapacity: Number.MAX_SAFE_INTEGER };

/** Lets in on the reserve by a book that is changed for the question only. */
function onReserve(change: (book: SeatBook, capacity: number) => readonly [SeatBook, number]): SeatRules {
  return {
    ...PRODUCT,
    admitOnReserve: (book, claim, capacity) => {
      const made = admitOnReserve(change(book, capacity)[0], claim, change(book, capacity)[1]);
      const kept = { ...made.book, ...(book.image && { image: book.image }), ...(book.sent && { sent: book.sent }) };
      return { ...made, book: kept };
    },
  };
}

function withImageCapacity(book: SeatBook, capacity: number): SeatBook {
  return book.image ? { ...book, image: { ...book.image, capacity } } : book;
}

const forgetful = (book: SeatBook): SeatBook => ({ ...book, failovers: new Map() });

/** The same for clients of lost servers. */
export const WITHOUT_RESERVED: Readonly<Record<string, SeatRules>> = {
  'a raise that is on its way': onReserve((book, capacity) => [
    { ...book, ...(book.sent && { sent: { ...book.sent, mostAdded: 0 } }) },
    capacity,
  ]),
  'a raise that is on its way after reading again': {
    ...PRODUCT,
    readBeatReply: (book, reply, nowMs) => {
      const read = readBeatReply(book, reply, nowMs);
      return reply.ok ? read : { ...read, book: { ...read.book, sent: NOTHING_SENT } };
    },
  },
  'a lower capacity that is on its way': onReserve((book, capacity) => [
    { ...book, ...(book.sent && { sent: { ...book.sent, leastCapacity: capacity } }) },
    capacity,
  ]),
  'the lower capacity of the row': onReserve((book, capacity) => [withImageCapacity(book, capacity), capacity]),
  'the known total, not the number let in': onReserve((book) => {
    const since = [...book.sessions.values()].filter(({ serial }) => serial === undefined).length;
    const open = withImageCapacity({ ...book, sent: NOTHING_SENT }, Number.MAX_SAFE_INTEGER);
    return [open, since < 1 ? Number.MAX_SAFE_INTEGER : 0];
  }),
  'once per ticket': {
    ...PRODUCT,
    admitOnReserve: (book, claim, capacity) => admitOnReserve(forgetful(book), claim, capacity),
    admitFailover: (book, claim, gen, serial) => admitFailover(forgetful(book), claim, gen, serial),
  },
};
