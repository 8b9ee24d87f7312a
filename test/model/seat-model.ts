import { sawImage } from '../../core/registry/agent-beat.ts';
import type { BeatCommand, TakeCommand } from '../../core/registry/commands.ts';
import { replay, snapshot } from '../../core/registry/journal.ts';
import type { JournalEntry } from '../../core/registry/journal-entry.ts';
import type { SeatFields } from '../../core/registry/row.ts';
import { adoptWalkIn, type BookChange, endSession, markKnown, type SeatBook } from '../../core/registry/seat-book.ts';
import { DEFAULT_TIMING } from '../../core/registry/timing.ts';
import type { Model, Step } from './explore.ts';
import { leak } from './seat-leak.ts';
import { PRODUCT, type SeatRules } from './seat-rules.ts';
import { mayCome, settled } from './seat-settled.ts';
import { type Budget, type Seat, type SeatState, stateKey } from './seat-state.ts';

const NO_BUDGET: Budget = {
  takes: 0,
  beats: 0,
  directJoins: 0,
  restarts: 0,
  withJournal: false,
  withoutJournal: false,
  capacityCuts: 0,
  cancels: 0,
  rowsLost: 0,
  copies: 1,
};

export interface SeatConfiguration {
  readonly name: string;
  readonly capacity: number;
  readonly budget: Partial<Budget>;
}

type Draft = Partial<SeatState>;

/** Lives are numbered; without the rule all are one. */
function genOf(life: number, rules: SeatRules): string {
  return rules.hasOneGen ? 'g' : `g${life}`;
}

export class SeatModel implements Model<SeatState> {
  readonly start: SeatState;
  readonly key = stateKey;
  readonly #rules: SeatRules;
  /** Cut to, when the operator lowers it. */
  readonly #lowCapacity: number;

  constructor({ capacity, budget }: SeatConfiguration, rules: SeatRules = PRODUCT) {
    this.#rules = rules;
    this.#lowCapacity = capacity - 1;
    const empty: SeatState = {
      left: { ...NO_BUDGET, ...budget },
      row: undefined,
      book: undefined,
      journal: [],
      lives: 0,
      capacity,
      playing: [],
      tickets: [],
      retries: [],
      beats: [],
      waitsFor: undefined,
      answer: undefined,
      direct: undefined,
      sum: 0,
    };
    // The first life finds no row and nobody playing, and gives all of its seats by its first beat.
    const born: SeatState = { ...empty, ...this.#live(empty) };
    const book = markKnown(born.book as SeatBook);
    const plan = rules.planBeat(book, { capacity, state: 'ready' }, 0, 0, DEFAULT_TIMING);
    const reply = rules.write(born.row, plan?.command as BeatCommand);
    const row = reply.row?.seats as SeatFields;
    const opened = sawImage(book, row, 1);
    this.start = settled({ ...born, row, book: opened, journal: snapshot(opened) });
  }

  readonly problem = (before: SeatState, after: SeatState): string | undefined => {
    const { row, playing, sum } = after;
    if (row && row.free < 0) return `free is ${row.free}`;
    // What was promised before a cut may go on; it must not grow.
    if (row && sum > row.capacity && sum > before.sum) {
      return `${row.free} free + ${playing.length} play + ${mayCome(after)} may come > ${row.capacity}`;
    }
    return leak(after, this.#rules);
  };

  *steps(state: SeatState): Iterable<Step<SeatState>> {
    const { left } = state;
    const to = (label: string, change: Draft | undefined, cost?: keyof Budget, by = 1): Step<SeatState>[] => {
      if (!change) return [];
      const rest = cost === undefined ? left : { ...left, [cost]: (left[cost] as number) - by };
      return [{ label, next: settled({ ...state, left: rest, ...change }) }];
    };
    for (let k = 1; k <= Math.min(2, left.takes); k++) yield* to(`take ${k}`, this.#take(state, k), 'takes', k);
    for (const [at, take] of state.retries.entries()) yield* to(`take ${take.k} again`, this.#retry(state, at));
    if (left.beats > 0) {
      for (const mark of [-1, ...(state.book?.marks.keys() ?? [])]) {
        yield* to(`beat, ${mark < 0 ? 'nothing' : `mark ${mark}`} expires`, this.#sendBeat(state, mark), 'beats');
      }
    }
    for (const at of state.beats.keys()) yield* to(`beat ${at} lands`, this.#landBeat(state, at));
    yield* to('its answer comes', this.#hear(state, state.answer));
    if (!state.answer) {
      yield* to('no answer, the row is read', this.#hear(state, { ok: false, seats: state.row }));
    }
    for (const seat of state.tickets) {
      yield* to(`show ${seat.gen}:${seat.serial}`, this.#show(state, seat));
      if (left.cancels > 0) yield* to(`cancel ${seat.gen}:${seat.serial}`, this.#cancel(state, seat), 'cancels');
    }
    for (const id of state.playing) yield* to(`${id} ends`, this.#end(state, id));
    if (left.directJoins > 0 && !state.direct) yield* to('a direct join', this.#joinDirect(state), 'directJoins');
    if (state.direct) {
      yield* to('the direct join is let in', this.#admitDirect(state));
      yield* to('the direct join is not answered', { direct: undefined });
    }
    if (left.capacityCuts > 0) yield* to('capacity is cut', { capacity: this.#lowCapacity }, 'capacityCuts');
    if (left.rowsLost > 0 && state.row) yield* to('the row is deleted', { row: undefined }, 'rowsLost');
    if (left.restarts > 0) {
      if (left.withJournal) yield* to('restart', this.#live(state), 'restarts');
      if (left.withoutJournal && state.row) {
        yield* to('restart without journal', this.#live({ ...state, journal: [] }), 'restarts');
      }
    }
    if (!state.book) yield* to('the agent starts again', this.#live(state));
    yield* to('the game names who plays', this.#tell(state));
  }

  /** Lands at once: what an assigner knew before a take is nothing that the row depends on. */
  #take(state: SeatState, k: number): Draft {
    const command: TakeCommand = { kind: 'take', k, token: `n${state.retries.length}` };
    const retries = state.left.copies > 1 ? [...state.retries, command] : state.retries;
    return { retries, ...this.#landTake(state, command) };
  }

  #retry(state: SeatState, at: number): Draft {
    const command = state.retries[at] as TakeCommand;
    return { retries: state.retries.filter((_, index) => index !== at), ...this.#landTake(state, command) };
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

  #sendBeat(state: SeatState, mark: number): Draft | undefined {
    const { book, capacity, left, beats } = state;
    if (!book || (state.waitsFor !== undefined && !this.#rules.isHasty)) return undefined;
    const nowMs = mark + DEFAULT_TIMING.expireMs;
    const plan = this.#rules.planBeat(book, { capacity, state: 'ready' }, nowMs, 0, DEFAULT_TIMING);
    if (!plan) return undefined;
    return {
      book: plan.book,
      journal: [...state.journal, ...plan.journal],
      beats: [...beats, { command: plan.command, copies: left.copies }],
      waitsFor: plan.command.beat,
      answer: undefined,
    };
  }

  #landBeat(state: SeatState, at: number): Draft {
    const { command, copies } = state.beats[at] as SeatState['beats'][number];
    const reply = this.#rules.write(state.row, command);
    const beats = state.beats.flatMap((beat, index) => {
      if (index !== at) return [beat];
      return copies > 1 ? [{ command, copies: copies - 1 }] : [];
    });
    const isAwaited = state.waitsFor === command.beat && !state.answer && state.book?.gens.at(-1) === command.gen;
    return { row: reply.row?.seats, beats, ...(isAwaited && { answer: { ok: reply.ok, seats: reply.row?.seats } }) };
  }

  #hear(state: SeatState, answer: SeatState['answer']): Draft | undefined {
    const { book, waitsFor } = state;
    if (!book || waitsFor === undefined || !answer) return undefined;
    const row = answer.seats && { key: '', suspect: false, seats: answer.seats };
    const reply = answer.ok && row ? ({ ok: true, row } as const) : ({ ok: false, row } as const);
    const { book: next, verdict } = this.#rules.readBeatReply(book, reply, book.marks.length);
    if (verdict === 'lost') return { book: undefined, waitsFor: undefined, answer: undefined, direct: undefined };
    return { book: next, waitsFor: undefined, answer: undefined };
  }

  #show(state: SeatState, { gen, serial }: Seat): Draft | undefined {
    if (!state.book) return undefined;
    const change = this.#rules.activate(state.book, { gen, serial, sub: `${gen}:${serial}` });
    const { result } = change;
    const isNew = result.ok && !result.resumed;
    const came = isNew ? { playing: [...state.playing, result.session.id].sort() } : {};
    return { ...this.#commit(state, change, isNew), ...came };
  }

  #cancel(state: SeatState, { gen, serial }: Seat): Draft | undefined {
    if (!state.book) return undefined;
    return this.#commit(state, this.#rules.cancel(state.book, { gen, serial, sub: `${gen}:${serial}` }));
  }

  /** A living agent hears of it from the game; who ends while it is dead is missing when the game names who plays. */
  #end(state: SeatState, id: string): Draft | undefined {
    if (!state.book) return undefined;
    return { ...this.#commit(state, endSession(state.book, id)), playing: state.playing.filter((one) => one !== id) };
  }

  #joinDirect(state: SeatState): Draft | undefined {
    const { book } = state;
    if (!book) return undefined;
    if (this.#rules.joinsFreely) {
      const change = adoptWalkIn(book, 'd');
      return { ...this.#commit(state, change), playing: [...new Set([...state.playing, 'd'])].sort() };
    }
    const command: TakeCommand = { kind: 'take', k: 1, token: 'd' };
    const reply = this.#rules.write(state.row, command);
    const seats = reply.row?.seats;
    const outcome = this.#rules.readTakeReply(command, reply, 0, 0, DEFAULT_TIMING);
    if (!outcome.ok || !seats) {
      const isMine = seats !== undefined && seats.gen === book.gens.at(-1);
      return { row: seats, ...(isMine && { book: sawImage(book, seats, book.marks.length) }) };
    }
    return { row: seats, direct: { gen: outcome.seats.gen, serial: outcome.seats.last, seats } };
  }

  #admitDirect(state: SeatState): Draft | undefined {
    const { book, direct } = state;
    if (!book || !direct || direct.seats.gen !== book.gens.at(-1)) return undefined;
    const seen = sawImage(book, direct.seats, book.marks.length);
    const change = this.#rules.admitDirect(seen, direct.gen, direct.serial);
    const { result } = change;
    const came = result.ok ? { playing: [...state.playing, result.session.id].sort() } : {};
    return { ...this.#commit(state, change), ...came, direct: undefined };
  }

  /** A new life: whatever the last one waited for is nobody's now. */
  #live(state: SeatState): Draft | undefined {
    const { rules, life } = { rules: this.#rules, life: state.lives + 1 };
    const restored = state.journal.length > 0 ? replay(state.journal) : undefined;
    const row = state.row && { key: '', suspect: false, seats: state.row };
    const begin = rules.startLife(row, restored, genOf(life, rules), 0);
    const reply = rules.write(state.row, begin.command);
    const seats = reply.row?.seats;
    if (!reply.ok || !seats) return undefined;
    const book = rules.openBook(begin, restored, seats, 0, { counted: false, timing: DEFAULT_TIMING });
    const journal = begin.resumes ? [...state.journal, ...begin.journal] : snapshot(book);
    return {
      row: seats,
      book,
      journal,
      lives: life,
      waitsFor: undefined,
      answer: undefined,
      direct: undefined,
    };
  }

  /** Only those who play are sessions from now on, and all of them. */
  #tell(state: SeatState): Draft | undefined {
    if (!state.book || state.book.known) return undefined;
    let book = state.book;
    for (const id of state.playing) book = adoptWalkIn(book, id).book;
    book = markKnown(book);
    return { book, journal: snapshot(book) };
  }

  #commit(state: SeatState, change: BookChange<unknown>, isSession = false): Draft {
    const entries: readonly JournalEntry[] = isSession && !this.#rules.journalsSessions ? [] : change.journal;
    return { book: change.book, journal: [...state.journal, ...entries] };
  }
}
