import { openBook, planBeat, readBeatReply, startLife } from '../../core/registry/agent-beat.ts';
import { applyCommand, type RowCommand, type WriteReply } from '../../core/registry/commands.ts';
import type { SeatFields } from '../../core/registry/row.ts';
import { activate, admitDirect, cancel } from '../../core/registry/seat-book.ts';
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
};
