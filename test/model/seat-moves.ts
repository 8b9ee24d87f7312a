import { sawImage } from '../../core/registry/agent-beat.ts';
import type { TakeCommand } from '../../core/registry/commands.ts';
import { type FailoverClaim, reserveOf } from '../../core/registry/failover.ts';
import { replay, snapshot } from '../../core/registry/journal.ts';
import type { JournalEntry } from '../../core/registry/journal-entry.ts';
import {
  type Admission,
  adoptWalkIn,
  type BookChange,
  endSession,
  markKnown,
  type SeatBook,
} from '../../core/registry/seat-book.ts';
import { DEFAULT_TIMING } from '../../core/registry/timing.ts';
import type { SeatRules } from './seat-rules.ts';
import type { AgentState, OwnSeat, Retry, Seat, SeatState } from './seat-state.ts';

/** What changes; undefined: the step is not possible. */
export type Draft = Partial<SeatState>;

const NEVER = Number.MAX_SAFE_INTEGER;
/** A life that shares its row with nobody. */
const ALONE = { provenAtMs: Number.POSITIVE_INFINITY, raisesFromMs: Number.NEGATIVE_INFINITY, nowMs: 0 } as const;
const IDLE = { waitsFor: undefined, answer: undefined, own: undefined } as const;

interface MovesOptions {
  readonly rules: SeatRules;
  /** Lives are called by it and their number. */
  readonly name: string;
  readonly reservePercent: number;
}

/** Everything that can happen to one server and its agent, by the product's own functions. */
export class SeatMoves {
  readonly #rules: SeatRules;
  readonly #name: string;
  readonly #reservePercent: number;

  constructor({ rules, name, reservePercent }: MovesOptions) {
    this.#rules = rules;
    this.#name = name;
    this.#reservePercent = reservePercent;
  }

  /** Lands at once: what an assigner knew before a take is nothing that the row depends on. */
  take(state: SeatState, k: number): Draft {
    const command: TakeCommand = { kind: 'take', k, token: `n${state.retries.length}` };
    const copies = state.left.copies - 1;
    const retries = copies > 0 ? [...state.retries, { command, copies }] : state.retries;
    return { retries, ...this.#landTake(state, command) };
  }

  retry(state: SeatState, at: number): Draft {
    const { command } = state.retries[at] as Retry;
    const retries = state.retries.flatMap((retry, index) => {
      if (index !== at) return [retry];
      return retry.copies > 1 ? [{ command, copies: retry.copies - 1 }] : [];
    });
    return { retries, ...this.#landTake(state, command) };
  }

  #landTake(state: SeatState, command: TakeCommand): Draft {
    const reply = this.#rules.write(state.row, command);
    const outcome = this.#rules.readTakeReply(command, reply, 0, 0, DEFAULT_TIMING);
    const row = reply.row?.seats;
    if (!outcome.ok) return { row };
    const { gen, first, last } = outcome.seats;
    const tickets = [...state.tickets];
    for (let serial = first; serial <= last; serial++) {
      if (!tickets.some((seat) => seat.gen === gen && seat.serial === serial)) tickets.push({ gen, serial });
    }
    return { row, tickets };
  }

  sendBeat(state: SeatState, mark: number): Draft | undefined {
    const { book, capacity, left, beats } = state;
    if (!book || (state.waitsFor !== undefined && !this.#rules.isHasty)) return undefined;
    const nowMs = mark + DEFAULT_TIMING.expireMs;
    const wish = { capacity, state: 'ready', reserve: reserveOf(capacity, this.#reservePercent) } as const;
    const plan = this.#rules.planBeat(book, wish, nowMs, 0, DEFAULT_TIMING);
    if (!plan) return undefined;
    const command = this.#rules.withinLease(plan.command, state.raisesFromMs, state.nowMs);
    return {
      ...this.#commit(state, { ...plan, result: undefined }),
      beats: [...beats, { command, copies: left.copies }],
      waitsFor: plan.command.beat,
      answer: undefined,
    };
  }

  landBeat(state: SeatState, at: number): Draft {
    const { command, copies } = state.beats[at] as SeatState['beats'][number];
    const reply = this.#rules.write(state.row, command);
    const beats = state.beats.flatMap((beat, index) => {
      if (index !== at) return [beat];
      return copies > 1 ? [{ command, copies: copies - 1 }] : [];
    });
    const seats = reply.row?.seats;
    const told = <A extends AgentState>(agent: A): A => {
      const awaits = agent.waitsFor === command.beat && agent.book?.gens.at(-1) === command.gen;
      return awaits && !agent.answer ? { ...agent, answer: { ok: reply.ok, seats } } : agent;
    };
    return { row: seats, beats, answer: told(state).answer, rival: state.rival && told(state.rival) };
  }

  hear(state: SeatState, answer: AgentState['answer']): Draft | undefined {
    const { book, waitsFor } = state;
    if (!book || waitsFor === undefined || !answer) return undefined;
    const row = answer.seats && { key: '', suspect: false, seats: answer.seats };
    const reply = answer.ok && row ? ({ ok: true, row } as const) : ({ ok: false, row } as const);
    const { book: next, verdict } = this.#rules.readBeatReply(book, reply, book.marks.length);
    return { ...IDLE, ...(verdict === 'lost' ? { book: undefined } : { book: next, own: state.own }) };
  }

  show(state: SeatState, { gen, serial }: Seat): Draft | undefined {
    if (!state.book || !this.#isLeased(state)) return undefined;
    const change = this.#rules.activate(state.book, { gen, serial, sub: `${gen}:${serial}` });
    return { ...this.#commit(state, change, true), ...this.#came(state, change.result) };
  }

  cancel(state: SeatState, { gen, serial }: Seat): Draft | undefined {
    if (!state.book) return undefined;
    return this.#commit(state, this.#rules.cancel(state.book, { gen, serial, sub: `${gen}:${serial}` }));
  }

  /** A living agent hears of it from the game; who ends while it is dead is missing when the game names who plays. */
  end(state: SeatState, id: string): Draft | undefined {
    if (!state.book) return undefined;
    const playing = [...state.playing];
    playing.splice(playing.indexOf(id), 1);
    const { rival } = state;
    const beside = rival?.book && { ...rival, ...this.#commit(rival, endSession(rival.book, id)) };
    return { ...this.#commit(state, endSession(state.book, id)), playing, rival: beside };
  }

  /** The agent takes at its own row: for somebody without a ticket, or for a client of a lost server. */
  takeOwn(state: SeatState, jti?: string): Draft | undefined {
    const { book } = state;
    if (!book || state.own || !this.#isLeased(state)) return undefined;
    if (jti !== undefined && (book.sessions.has(jti) || book.failovers?.has(jti))) return undefined;
    const command: TakeCommand = { kind: 'take', k: 1, token: 'd' };
    const reply = this.#rules.write(state.row, command);
    const seats = reply.row?.seats;
    const outcome = this.#rules.readTakeReply(command, reply, 0, 0, DEFAULT_TIMING);
    if (outcome.ok && seats) {
      const own: OwnSeat = { gen: outcome.seats.gen, serial: outcome.seats.last, seats };
      return { row: seats, own: jti === undefined ? own : { ...own, jti } };
    }
    const isMine = seats !== undefined && seats.gen === book.gens.at(-1);
    return { row: seats, ...(isMine && { book: sawImage(book, seats, book.marks.length) }) };
  }

  joinFreely(state: SeatState): Draft | undefined {
    const change = state.book && adoptWalkIn(state.book, 'd');
    return change && { ...this.#commit(state, change), playing: [...new Set([...state.playing, 'd'])].sort() };
  }

  admitOwn(state: SeatState): Draft | undefined {
    const { book, own } = state;
    if (!book || !own || own.seats.gen !== book.gens.at(-1) || !this.#isLeased(state)) return undefined;
    const seen = sawImage(book, own.seats, book.marks.length);
    const { gen, serial, jti } = own;
    const change =
      jti === undefined
        ? this.#rules.admitDirect(seen, gen, serial)
        : this.#rules.admitFailover(seen, claimOf(jti), gen, serial);
    return { ...this.#commit(state, change), ...this.#came(state, change.result, jti), own: undefined };
  }

  /** The registry does not answer the agent. */
  admitOnReserve(state: SeatState, jti: string): Draft | undefined {
    if (!state.book) return undefined;
    const change = this.#rules.admitOnReserve(state.book, claimOf(jti), state.capacity);
    const { result } = change;
    if (!result.ok || result.resumed) return undefined;
    return { ...this.#commit(state, change), ...this.#came(state, result, jti) };
  }

  /** A new life: whatever the last one waited for is nobody's now. */
  live(state: SeatState): Draft | undefined {
    const { rules, life } = { rules: this.#rules, life: state.lives + 1 };
    const restored = state.journal.length > 0 ? replay(state.journal) : undefined;
    const row = state.row && { key: '', suspect: false, seats: state.row };
    const begin = rules.startLife(row, restored, rules.hasOneGen ? this.#name : `${this.#name}${life}`, 0);
    const reply = rules.write(state.row, begin.command);
    const seats = reply.row?.seats;
    if (!reply.ok || !seats) return undefined;
    const book = rules.openBook(begin, restored, seats, 0, { counted: false, timing: DEFAULT_TIMING });
    const journal = begin.resumes ? [...state.journal, ...begin.journal] : snapshot(book);
    const entered = begin.resumes ? state.entered : [];
    return { ...IDLE, ...ALONE, row: seats, book, journal, lives: life, rival: undefined, entered };
  }

  /** A life without the journal begins while the one before lives on: its last write landed just before the claim. */
  liveBeside(state: SeatState): Draft | undefined {
    const { book, journal, waitsFor, answer, own, settled } = state;
    const next = this.live({ ...state, journal: [] });
    if (!book || !next || state.rival) return undefined;
    const begin = { command: { kind: 'claim', seen: '', gen: '' }, resumes: false, journal: [] } as const;
    return {
      ...next,
      nowMs: 0,
      raisesFromMs: this.#rules.raisesFromMs(begin, 0, DEFAULT_TIMING),
      rival: { book, journal, waitsFor, answer, own, settled, provenAtMs: 0, raisesFromMs: ALONE.raisesFromMs },
    };
  }

  /** Only those who play are sessions from now on, and all of them. */
  tell(state: SeatState): Draft | undefined {
    if (!state.book || state.book.known) return undefined;
    return this.#told(state.book, state.playing);
  }

  /** The rival's lease runs out, and then the game names once more who plays before the first beat that may raise. */
  wait(state: SeatState): Draft | undefined {
    if (!state.rival && state.nowMs === 0) return undefined;
    const { expireMs, beatMs } = DEFAULT_TIMING;
    if (state.nowMs === 0) return { nowMs: expireMs };
    if (state.nowMs > expireMs || !state.book) return undefined;
    return { ...this.#told(state.book, state.playing), nowMs: expireMs + beatMs };
  }

  #told(before: SeatBook, playing: readonly string[]): Draft {
    let book = before;
    for (const id of playing) book = adoptWalkIn(book, id).book;
    book = markKnown(book);
    return { book, journal: snapshot(book) };
  }

  #isLeased({ provenAtMs, nowMs }: SeatState): boolean {
    return this.#rules.isLeased(provenAtMs, nowMs, DEFAULT_TIMING);
  }

  #came(state: SeatState, result: Admission, jti?: string): Draft {
    if (!result.ok || result.resumed) return {};
    const { id } = result.session;
    // Without its journal an agent lets a ticket in again; to the game that is the session that it has.
    const isBack = jti !== undefined && state.playing.includes(id);
    const playing = isBack ? state.playing : [...state.playing, id].sort();
    if (jti === undefined) return { playing };
    if (state.entered.includes(jti)) return { playing, isTwice: true };
    return { playing, entered: [...state.entered, jti].sort() };
  }

  #commit(state: AgentState, change: BookChange<unknown>, isSession = false): Pick<SeatState, 'book' | 'journal'> {
    const entries: readonly JournalEntry[] = isSession && !this.#rules.journalsSessions ? [] : change.journal;
    const journal = entries.length === 0 ? state.journal : [...state.journal, ...entries];
    return { book: change.book, journal };
  }
}

function claimOf(jti: string): FailoverClaim {
  return { jti, sub: jti, untilSeconds: NEVER };
}
