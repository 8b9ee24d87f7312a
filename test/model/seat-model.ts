import { sawImage } from '../../core/registry/agent-beat.ts';
import type { BeatCommand } from '../../core/registry/commands.ts';
import { reserveOf } from '../../core/registry/failover.ts';
import { snapshot } from '../../core/registry/journal.ts';
import type { SeatFields } from '../../core/registry/row.ts';
import { markKnown, type SeatBook } from '../../core/registry/seat-book.ts';
import { DEFAULT_TIMING } from '../../core/registry/timing.ts';
import type { Model, Step } from './explore.ts';
import { leak } from './seat-leak.ts';
import { type Draft, SeatMoves } from './seat-moves.ts';
import { PRODUCT, type SeatRules } from './seat-rules.ts';
import { mayCome, settled } from './seat-settled.ts';
import { type AgentState, type Budget, NO_MEMORY, type SeatState, stateKey } from './seat-state.ts';

const NO_BUDGET: Budget = {
  takes: 0,
  beats: 0,
  directJoins: 0,
  failovers: 0,
  restarts: 0,
  withJournal: false,
  withoutJournal: false,
  isSplit: false,
  capacityChanges: 0,
  cancels: 0,
  rowsLost: 0,
  copies: 1,
};

export interface SeatConfiguration {
  readonly capacity: number;
  /** Part of the capacity that no beat offers. @default 0 */
  readonly reservePercent?: number;
  /** Tickets of a lost server that name this one as their alternate, by their `jti`. */
  readonly strangers?: readonly string[];
  readonly budget: Partial<Budget>;
}

/** A step before the bookkeeping: what it is called, what it changes, and what of the budget it costs. */
type Move = readonly [label: string, change: Draft | undefined, cost?: keyof Budget, by?: number];

/** One server. */
export class SeatModel implements Model<SeatState> {
  readonly start: SeatState;
  readonly key = stateKey;
  readonly #rules: SeatRules;
  readonly #moves: SeatMoves;
  readonly #reservePercent: number;
  readonly #capacity: number;
  /** Cut to, when the operator lowers it. */
  readonly #lowCapacity: number;

  /** @param name of the server: its lives are called by it */
  constructor(configuration: SeatConfiguration, rules: SeatRules = PRODUCT, name = 'g') {
    const { capacity, budget, reservePercent = 0, strangers = [] } = configuration;
    this.#rules = rules;
    this.#reservePercent = reservePercent;
    this.#moves = new SeatMoves({ rules, name, reservePercent });
    this.#capacity = capacity;
    this.#lowCapacity = capacity - 1;
    const empty: SeatState = {
      ...{ left: { ...NO_BUDGET, ...budget }, row: undefined, book: undefined, journal: [], lives: 0, capacity },
      ...{ playing: [], tickets: [], retries: [], beats: [], waitsFor: undefined, answer: undefined, own: undefined },
      ...{ provenAtMs: Number.POSITIVE_INFINITY, raisesFromMs: Number.NEGATIVE_INFINITY, nowMs: 0, rival: undefined },
      ...{ strangers, entered: [], isTwice: false, sum: 0, settled: NO_MEMORY },
    };
    // The first life finds no row and nobody playing, and gives all of its seats by its first beat.
    const born: SeatState = { ...empty, ...this.#moves.live(empty) };
    const book = markKnown(born.book as SeatBook);
    const reserve = reserveOf(capacity, reservePercent);
    const plan = rules.planBeat(book, { capacity, state: 'ready', reserve }, 0, 0, DEFAULT_TIMING);
    const reply = rules.write(born.row, plan?.command as BeatCommand);
    const row = reply.row?.seats as SeatFields;
    const opened = sawImage(book, row, 1);
    this.start = settled({ ...born, row, book: opened, journal: snapshot(opened) }, rules);
  }

  readonly problem = (before: SeatState, after: SeatState): string | undefined => {
    const { row, playing, sum } = after;
    if (row && row.free < 0) return `free is ${row.free}`;
    if (after.isTwice) return 'a ticket of a lost server let somebody in twice';
    // What was promised before a cut may go on; it must not grow.
    if (row && sum > row.capacity && sum > before.sum) {
      return `${row.free} free + ${playing.length} play + ${mayCome(after, this.#rules)} may come > ${row.capacity}`;
    }
    return undefined;
  };

  readonly flaw = (state: SeatState): string | undefined =>
    leak(state, this.#rules, reserveOf(state.capacity, this.#reservePercent));

  *steps(state: SeatState): Iterable<Step<SeatState>> {
    for (const [label, change, cost, by = 1] of this.#common(state)) {
      if (change) yield { label, next: this.#after(state, change, cost, by) };
    }
    for (const [label, change, cost, by = 1] of this.#ofAgent(state)) {
      if (change) yield { label, next: this.#after(state, change, cost, by) };
    }
    const { rival } = state;
    if (!rival) return;
    // The same with the two agents in each other's place.
    const other: SeatState = { ...state, ...rival, rival: agentOf(state) };
    for (const [label, change, cost, by = 1] of this.#ofAgent(other)) {
      if (!change) continue;
      const next = this.#paid({ ...other, ...change }, cost, by);
      yield { label: `rival: ${label}`, next: settled({ ...next, ...next.rival, rival: agentOf(next) }, this.#rules) };
    }
  }

  #after(state: SeatState, change: Draft, cost: keyof Budget | undefined, by: number): SeatState {
    return settled(this.#paid({ ...state, ...change }, cost, by), this.#rules);
  }

  #paid(state: SeatState, cost: keyof Budget | undefined, by: number): SeatState {
    if (cost === undefined) return state;
    return { ...state, left: { ...state.left, [cost]: (state.left[cost] as number) - by } };
  }

  *#common(state: SeatState): Iterable<Move> {
    const { left } = state;
    const moves = this.#moves;
    for (let k = 1; k <= Math.min(2, left.takes); k++) yield [`take ${k}`, moves.take(state, k), 'takes', k];
    for (const [at, { command }] of state.retries.entries()) yield [`take ${command.k} again`, moves.retry(state, at)];
    for (const at of state.beats.keys()) yield [`beat ${at} lands`, moves.landBeat(state, at)];
    for (const id of new Set(state.playing)) yield [`${id} ends`, moves.end(state, id)];
    if (left.capacityChanges > 0) {
      if (state.capacity === this.#capacity)
        yield ['capacity is cut', { capacity: this.#lowCapacity }, 'capacityChanges'];
      else yield ['capacity is restored', { capacity: this.#capacity }, 'capacityChanges'];
    }
    if (left.rowsLost > 0 && state.row) yield ['the row is deleted', { row: undefined }, 'rowsLost'];
    if (left.restarts > 0) {
      if (left.withJournal && !state.rival) yield ['restart', moves.live(state), 'restarts'];
      if (left.withoutJournal && state.row) {
        yield ['restart without journal', moves.live({ ...state, journal: [] }), 'restarts'];
      }
      if (left.isSplit && state.row) yield ['a second agent claims', moves.liveBeside(state), 'restarts'];
    }
    if (!state.book && !state.rival) yield ['the agent starts again', moves.live(state)];
    yield ['the game names who plays', moves.tell(state)];
    if (left.isSplit) yield ['time for the lease', moves.wait(state)];
  }

  *#ofAgent(state: SeatState): Iterable<Move> {
    const { left } = state;
    const moves = this.#moves;
    if (left.beats > 0) {
      for (const mark of [-1, ...(state.book?.marks.keys() ?? [])]) {
        yield [`beat, ${mark < 0 ? 'nothing' : `mark ${mark}`} expires`, moves.sendBeat(state, mark), 'beats'];
      }
    }
    yield ['its answer comes', moves.hear(state, state.answer)];
    yield ['no answer, the row is read', moves.hear(state, { ok: false, seats: state.row })];
    for (const seat of state.tickets) {
      yield [`show ${seat.gen}:${seat.serial}`, moves.show(state, seat)];
      if (left.cancels > 0) yield [`cancel ${seat.gen}:${seat.serial}`, moves.cancel(state, seat), 'cancels'];
    }
    if (left.directJoins > 0) {
      if (this.#rules.joinsFreely) yield ['a direct join', moves.joinFreely(state), 'directJoins'];
      else yield ['a direct join', moves.takeOwn(state), 'directJoins'];
    }
    for (const jti of left.failovers > 0 ? state.strangers : []) {
      yield [`failover of ${jti}`, moves.takeOwn(state, jti), 'failovers'];
      yield [`failover of ${jti} on the reserve`, moves.admitOnReserve(state, jti), 'failovers'];
    }
    if (state.own) {
      yield ['the seat of its own is used', moves.admitOwn(state)];
      yield ['the seat of its own is late', { own: undefined }];
    }
  }
}

function agentOf(state: SeatState): AgentState {
  const { book, journal, waitsFor, answer, own, provenAtMs, raisesFromMs, settled } = state;
  return { book, journal, waitsFor, answer, own, provenAtMs, raisesFromMs, settled };
}
