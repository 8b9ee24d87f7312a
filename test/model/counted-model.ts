import type { BeatCommand } from '../../core/registry/commands.ts';
import { replay, snapshot } from '../../core/registry/journal.ts';
import type { JournalEntry } from '../../core/registry/journal-entry.ts';
import type { SeatFields } from '../../core/registry/row.ts';
import { occupied, type SeatBook } from '../../core/registry/seat-book.ts';
import { DEFAULT_TIMING, type SeatTiming } from '../../core/registry/timing.ts';
import { COUNTED_PRODUCT, type CountedRules } from './counted-rules.ts';
import { type CountedBudget, type CountedState, countedKey, promised, settled } from './counted-state.ts';
import type { Model, Step } from './explore.ts';

const NO_BUDGET: CountedBudget = {
  takes: 0,
  beats: 0,
  copies: 1,
  walkIns: 0,
  restarts: 0,
  withJournal: false,
  withoutJournal: false,
  capacityChanges: 0,
};

export interface CountedConfiguration {
  readonly capacity: number;
  /** T in steps of the clock: in how many places within T something can happen. Here time is not free, as the game asks
   * for no ticket and only its age ends it. */
  readonly expireMs: number;
  readonly budget: Partial<CountedBudget>;
}

type Draft = Partial<CountedState>;
type Move = readonly [label: string, change: Draft | undefined, cost?: keyof CountedBudget, by?: number];

/** Times T after which everything that can expire has, and what the count fell by is free. */
const QUIET_ROUNDS = 5;

/** One unmodified game that refuses nobody, and is read by a query. */
export class CountedModel implements Model<CountedState> {
  readonly start: CountedState;
  readonly key = countedKey;
  readonly #rules: CountedRules;
  readonly #lowCapacity: number;
  readonly #timing: SeatTiming;

  constructor({ capacity, expireMs, budget }: CountedConfiguration, rules: CountedRules = COUNTED_PRODUCT) {
    this.#rules = rules;
    this.#lowCapacity = capacity - 1;
    this.#timing = { ...DEFAULT_TIMING, expireMs };
    const born = this.#live({ row: undefined, journal: [], lives: 0, nowMs: 0 });
    const empty: CountedState = {
      ...{ left: { ...NO_BUDGET, ...budget }, nowMs: 0, capacity, came: 0, walkIns: 0, seats: [], beats: [] },
      ...(born as Required<Pick<CountedState, 'row' | 'book' | 'journal' | 'lives'>>),
      ...{ query: undefined, waitsFor: undefined, answer: undefined },
    };
    const counting = { ...empty, ...this.#observe(empty, 0, 0) };
    const sent = { ...counting, ...this.#sendBeat(counting) };
    const landed = { ...sent, ...this.#landBeat(sent, 0), beats: [] };
    this.start = settled({ ...landed, ...this.#hear(landed, landed.answer) }, expireMs);
  }

  readonly problem = (before: CountedState, after: CountedState): string | undefined => {
    const { row, seats, came } = after;
    if (row.free < 0) return `free is ${row.free}`;
    const sum = promised(after);
    if (sum <= row.capacity || sum <= promised(before)) return undefined;
    return `${row.free} free + ${seats.length} may come + ${came} came by the door > ${row.capacity}`;
  };

  /** Quiet for long enough, all seats that nobody occupies are free. */
  readonly flaw = (state: CountedState): string | undefined => {
    const { row, capacity, came, walkIns } = state;
    if (!state.book || row.gen !== state.book.gens.at(-1)) return undefined;
    const players = came + walkIns;
    let now: CountedState = { ...state, query: undefined, beats: [], waitsFor: undefined };
    now = { ...now, ...this.#hear({ ...now, waitsFor: 0 }, { ok: false, seats: row }) };
    for (let round = 0; round < QUIET_ROUNDS; round++) {
      now = { ...now, ...this.#observe(now, players, now.nowMs) };
      now = { ...now, ...this.#sendBeat(now) };
      now = { ...now, ...this.#landBeat(now, 0), beats: [] };
      now = { ...now, ...this.#hear(now, now.answer), nowMs: now.nowMs + this.#timing.expireMs };
    }
    const { free } = now.row;
    const k = now.book ? occupied(now.book) : 0;
    if (k === players && free === Math.max(0, capacity - players)) return undefined;
    return `when all was quiet: ${free} free, ${players} play, ${k} known, capacity ${capacity}`;
  };

  *steps(state: CountedState): Iterable<Step<CountedState>> {
    for (const [label, change, cost, by = 1] of this.#moves(state)) {
      if (!change) continue;
      const left = cost === undefined ? state.left : { ...state.left, [cost]: (state.left[cost] as number) - by };
      yield { label, next: settled({ ...state, left, ...change }, this.#timing.expireMs) };
    }
  }

  *#moves(state: CountedState): Iterable<Move> {
    const { left, query, came, walkIns, seats, nowMs } = state;
    yield ['time passes', { nowMs: nowMs + 1 }];
    for (let k = 1; k <= Math.min(2, left.takes); k++) yield [`take ${k}`, this.#take(state, k), 'takes', k];
    if (left.beats > 0 && state.waitsFor === undefined) yield ['beat', this.#sendBeat(state), 'beats'];
    for (const at of state.beats.keys()) yield [`beat ${at} lands`, this.#landBeat(state, at)];
    yield ['its answer comes', this.#hear(state, state.answer)];
    yield ['no answer, the row is read', this.#hear(state, { ok: false, seats: state.row })];
    const players = came + walkIns;
    if (state.book && !query) yield ['the game is asked', { query: { sentAtMs: nowMs, count: players } }];
    if (query) {
      const { count, sentAtMs } = query;
      yield [`it says ${count}, as it was`, { ...this.#observe(state, count, sentAtMs), query: undefined }];
      if (players !== count) {
        yield [`it says ${players}`, { ...this.#observe(state, players, sentAtMs), query: undefined }];
      }
      yield ['it says nothing', { query: undefined }];
    }
    for (const takenAtMs of new Set(seats)) {
      const rest = [...seats];
      rest.splice(seats.indexOf(takenAtMs), 1);
      yield [`the holder of a seat taken ${nowMs - takenAtMs} ago comes`, { seats: rest, came: came + 1 }];
    }
    if (came > 0) yield ['somebody goes', { came: came - 1 }];
    if (left.walkIns > 0) yield ['somebody walks in', { walkIns: walkIns + 1 }, 'walkIns'];
    if (walkIns > 0) yield ['a walk-in goes', { walkIns: walkIns - 1 }];
    if (left.capacityChanges > 0) yield ['capacity is cut', { capacity: this.#lowCapacity }, 'capacityChanges'];
    if (left.restarts > 0) {
      if (left.withJournal) yield ['restart', this.#live(state), 'restarts'];
      if (left.withoutJournal) yield ['restart without journal', this.#live({ ...state, journal: [] }), 'restarts'];
    }
    if (!state.book) yield ['the agent starts again', this.#live(state)];
  }

  #take(state: CountedState, k: number): Draft | undefined {
    const reply = this.#rules.write(state.row, { kind: 'take', k, token: 't' });
    if (!reply.ok || !reply.row.seats) return undefined;
    return { row: reply.row.seats, seats: [...state.seats, ...Array<number>(k).fill(state.nowMs)] };
  }

  #sendBeat(state: CountedState): Draft | undefined {
    const { book, capacity, nowMs, left } = state;
    const plan = book && this.#rules.planBeat(book, { capacity, state: 'ready' }, nowMs, 0, this.#timing);
    if (!plan) return undefined;
    return {
      book: plan.book,
      journal: [...state.journal, ...plan.journal],
      beats: [...state.beats, { command: plan.command, copies: left.copies }],
      waitsFor: plan.command.beat,
      answer: undefined,
    };
  }

  #landBeat(state: CountedState, at: number): Draft {
    const { command, copies } = state.beats[at] as { command: BeatCommand; copies: number };
    const reply = this.#rules.write(state.row, command);
    const beats = state.beats.flatMap((beat, index) => {
      if (index !== at) return [beat];
      return copies > 1 ? [{ command, copies: copies - 1 }] : [];
    });
    const row = reply.row?.seats as SeatFields;
    const isAwaited = state.waitsFor === command.beat && state.book?.gens.at(-1) === command.gen && !state.answer;
    return { row, beats, ...(isAwaited && { answer: { ok: reply.ok, seats: row } }) };
  }

  #hear(state: CountedState, answer: CountedState['answer']): Draft | undefined {
    const { book, waitsFor } = state;
    if (!book || waitsFor === undefined || !answer?.seats) return undefined;
    const row = { key: '', suspect: false, seats: answer.seats };
    const { book: next, verdict } = this.#rules.readBeatReply(book, { ok: answer.ok, row }, state.nowMs);
    return { book: verdict === 'lost' ? undefined : next, waitsFor: undefined, answer: undefined };
  }

  #observe(state: CountedState, count: number, sentAtMs: number): Draft {
    const { book, journal, nowMs } = state;
    if (!book) return {};
    const change = this.#rules.observeCount(book, { count, sentAtMs }, nowMs, this.#timing);
    const isKnownNow = change.book.known && !book.known;
    return { book: change.book, journal: isKnownNow ? snapshot(change.book) : [...journal, ...change.journal] };
  }

  #live(state: {
    readonly row: SeatFields | undefined;
    readonly journal: readonly JournalEntry[];
    readonly lives: number;
    readonly nowMs: number;
  }): Draft | undefined {
    const life = state.lives + 1;
    const restored = state.journal.length > 0 ? replay(state.journal) : undefined;
    const row = state.row && { key: '', suspect: false, seats: state.row };
    const begin = this.#rules.startLife(row, restored, `g${life}`, 0);
    const reply = this.#rules.write(state.row, begin.command);
    const seats = reply.row?.seats;
    if (!reply.ok || !seats) return undefined;
    const options = { counted: true, timing: this.#timing };
    const book: SeatBook = this.#rules.openBook(begin, restored, seats, state.nowMs, options);
    const journal = begin.resumes ? [...state.journal, ...begin.journal] : snapshot(book);
    return { row: seats, book, journal, lives: life, query: undefined, waitsFor: undefined, answer: undefined };
  }
}
