import { openBook, planBeat, readBeatReply, sawImage, startLife } from '../../core/registry/agent-beat.ts';
import { applyCommand, type RowCommand, type WriteReply } from '../../core/registry/commands.ts';
import { replay, snapshot } from '../../core/registry/journal.ts';
import type { JournalEntry } from '../../core/registry/journal-entry.ts';
import type { SeatFields, ServerRow } from '../../core/registry/row.ts';
import {
  type Admission,
  activate,
  admitDirect,
  adoptWalkIn,
  cancel,
  endSession,
  markKnown,
  type SeatBook,
} from '../../core/registry/seat-book.ts';
import { readTakeReply } from '../../core/registry/take.ts';
import type { SeatTiming } from '../../core/registry/timing.ts';
import { EventQueue } from './event-queue.ts';

/** Small numbers, so that a random search meets the boundaries. */
export const SMALL_TIMING: SeatTiming = { holdMs: 2, activateMs: 3, handOverMs: 1, expireMs: 6, beatMs: 1 };

export interface Faults {
  /** Leave a rule out, to see that the search finds it. */
  readonly without?:
    | 'beat fence'
    | 'used set'
    | 'floor before computing'
    | 'take condition'
    | 'known sessions'
    | 'void at restart'
    | 'direct join takes'
    | 'journal before the answer'
    | 'no free seat in a new row'
    | 'new life in a new row';
}

const KEY = 'SRV#AROAEXAMPLE:i-a#0';
const timing = SMALL_TIMING;

/**
 * One server row, one agent and any number of assigners on a virtual clock, with a network that delays, loses and
 * repeats. Everything that decides is core/registry; this file only carries messages and keeps the true books.
 */
export class SeatWorld {
  row: ServerRow | undefined;
  book: SeatBook | undefined;
  /** Who really plays: the game knows, whatever happens to its agent. */
  readonly playing = new Map<string, string>();
  /** Breaches of the invariant of docs/SEATS.md, "Why it is right", looked for after each single happening. */
  readonly problems: string[] = [];
  /** More play than may: what a breach of the invariant leads to. */
  isOversold = false;
  readonly seen = {
    full: 0,
    busyRestarts: 0,
    voids: 0,
    again: 0,
    echoes: 0,
    burns: 0,
    given: 0,
    direct: 0,
    resumed: 0,
    rowsMade: 0,
  };
  private capacity: number;
  private readonly faults: Faults;
  private readonly queue = new EventQueue();
  private readonly tickets: { readonly gen: string; readonly serial: number; readonly sub: string }[] = [];
  /** Every seat that was ever taken. */
  private readonly seats: { readonly gen: string; readonly serial: number }[] = [];
  private journal: JournalEntry[] = [];
  private names = 0;
  private life = 0;
  private wallMs = 1_000;
  private isBeating = false;
  private isLowered = false;
  private lastBook: SeatBook | undefined;
  private lastSum = 0;

  constructor(capacity: number, faults: Faults = {}) {
    this.capacity = capacity;
    this.faults = faults;
    this.start();
    this.pass(2);
  }

  take(k: number, landMs: number, replyMs: number | 'lost', repeatMs?: number): void {
    const token = this.name();
    const command: RowCommand = { kind: 'take', k, token };
    const sentAtMs = this.queue.nowMs;
    const told = (reply: WriteReply): void => {
      const outcome = readTakeReply(command, reply, sentAtMs, this.queue.nowMs, timing);
      if (!outcome.ok) return;
      const { gen, first, last } = outcome.seats;
      if (!reply.ok) this.seen.echoes++;
      for (let serial = first; serial <= last; serial++) this.tickets.push({ gen, serial, sub: `${token}-${serial}` });
    };
    const isLost = replyMs === 'lost';
    this.send(command, landMs, isLost ? 0 : replyMs, isLost ? undefined : told);
    // A retry of the same take: it must find its own token, or land as a take of its own.
    if (repeatMs !== undefined) this.send(command, landMs + repeatMs, 0, isLost ? told : undefined);
  }

  beat(landMs: number, replyMs: number | 'lost', repeatMs?: number): void {
    const { without } = this.faults;
    if (!this.book || (this.isBeating && without !== 'beat fence')) return;
    const before = this.book;
    const wish = { capacity: this.capacity, state: 'ready' } as const;
    const plan = planBeat(before, wish, this.queue.nowMs, 0, timing);
    if (!plan) return;
    let { command } = plan;
    if (without === 'floor before computing') {
      const late = planBeat(before, wish, -1e9, 0, timing);
      command = { ...command, addFree: (late?.command.addFree ?? 0) + plan.book.floor - before.floor };
    }
    this.book = plan.book;
    this.journal.push(...plan.journal);
    this.isBeating = true;
    if (command.addFree < 0) this.seen.burns++;
    const { life } = this;
    const told = (reply: WriteReply): void => {
      if (life !== this.life || !this.book) return;
      this.isBeating = false;
      const { book, verdict } = readBeatReply(this.book, reply, this.queue.nowMs);
      if (verdict === 'again') this.seen.again++;
      this.book = verdict === 'lost' ? undefined : book;
    };
    const isLost = replyMs === 'lost';
    this.send(command, landMs, isLost ? 0 : replyMs, isLost ? undefined : told);
    // The agent gives up waiting and reads the row.
    if (isLost) this.queue.later(timing.holdMs, () => told({ ok: false, row: this.row }));
    if (repeatMs !== undefined) this.send(command, landMs + repeatMs, 0);
  }

  /** The holder of a ticket shows it, the newest first. */
  show(index: number): void {
    const ticket = this.tickets.at(-1 - (index % Math.max(1, this.tickets.length)));
    if (!ticket || !this.book) return;
    const { book, result, journal } = activate(this.book, ticket);
    if (this.faults.without !== 'journal before the answer') this.journal.push(...journal);
    this.book = book;
    if (result.ok && result.resumed) this.seen.resumed++;
    if (result.ok && !result.resumed) this.playing.set(result.session.id, ticket.sub);
    if (!result.ok && this.admitsWrongly(result)) this.letIn(ticket.sub);
    this.check();
  }

  giveBack(index: number): void {
    const ticket = this.tickets.at(-1 - (index % Math.max(1, this.tickets.length)));
    if (!ticket || !this.book) return;
    const { book, result, journal } = cancel(this.book, ticket);
    if (result) this.seen.given++;
    this.journal.push(...journal);
    this.book = book;
    this.check();
  }

  joinDirect(landMs: number): void {
    if (this.faults.without === 'direct join takes' && this.book) this.letIn('direct');
    const token = this.name();
    const command: RowCommand = { kind: 'take', k: 1, token };
    const sentAtMs = this.queue.nowMs;
    const { life } = this;
    this.send(command, landMs, 0, (reply) => {
      const outcome = readTakeReply(command, reply, sentAtMs, this.queue.nowMs, timing);
      const seats = outcome.row?.seats;
      if (!outcome.ok || !seats || !this.book || life !== this.life || seats.gen !== this.book.gens.at(-1)) return;
      const change = admitDirect(this.book, outcome.seats.gen, outcome.seats.last, token);
      if (change.result.ok) this.playing.set(change.result.session.id, token);
      if (change.result.ok) this.seen.direct++;
      this.journal.push(...change.journal);
      this.book = sawImage(change.book, seats, this.queue.nowMs);
    });
  }

  /** A session ends, and its game tells an agent that knows it. */
  leave(index: number): void {
    const id = [...this.playing.keys()][index % Math.max(1, this.playing.size)];
    if (id === undefined || !this.book) return;
    const { book, result, journal } = endSession(this.book, id);
    if (!result) return;
    this.playing.delete(id);
    this.journal.push(...journal);
    this.book = book;
    this.check();
  }

  setCapacity(capacity: number): void {
    this.isLowered ||= capacity < this.capacity;
    this.capacity = capacity;
  }

  /**
   * The agent dies and comes back; the game plays on. Row and journal are never lost together.
   * @param diesAgain once more, when its claim has landed and before it knows
   */
  restart(keepsJournal: boolean, diesAgain: boolean): void {
    if (!keepsJournal && this.row) this.journal = [];
    if (this.playing.size > 0) this.seen.busyRestarts++;
    if (diesAgain) this.claim();
    this.start();
    this.check();
  }

  /** The game names everybody who plays. */
  tell(): void {
    if (!this.book) return;
    for (const [id, sub] of this.playing) {
      const change = adoptWalkIn(this.book, id, sub);
      this.journal.push(...change.journal);
      this.book = change.book;
    }
    const wasKnown = this.book.known;
    this.book = markKnown(this.book);
    if (!wasKnown) this.journal = snapshot(this.book);
  }

  /** The row is deleted. Where it is made anew, the wall clock may have gone back, so that serials repeat. */
  loseRow(wallMs: number): void {
    this.row = undefined;
    this.wallMs = wallMs;
  }

  bury(): void {
    if (this.row?.seats) this.row = { ...this.row, seats: { ...this.row.seats, state: 'gone' } };
  }

  advance(ms: number): void {
    this.queue.advance(ms, () => this.check());
  }

  /** Time goes by as it should: beats on a perfect network. */
  pass(beats: number): void {
    for (let beat = 0; beat < beats; beat++) {
      this.beat(0, 0);
      this.advance(timing.beatMs);
    }
  }

  /** Until everything that can expire has. */
  settle(): void {
    if (!this.book) this.start();
    this.tell();
    this.pass(2 * timing.expireMs + 4);
  }

  /** `free + K + (serials that would be admitted) <= capacity in force`, or falling. */
  private check(): void {
    const { free = 0, capacity = 0 } = this.row?.seats ?? {};
    const book = this.book ?? this.lastBook;
    this.lastBook = book;
    const live = new Set<number>();
    for (const { gen, serial } of this.seats) {
      if (book && serial > book.floor && book.gens.includes(gen) && !book.used.has(serial)) live.add(serial);
    }
    const sum = free + this.playing.size + live.size;
    if (free < 0) this.problems.push(`free is ${free}`);
    if (sum > capacity && sum > this.lastSum) {
      this.problems.push(`${free} free + ${this.playing.size} play + ${live.size} may come > ${capacity}`);
    }
    this.isOversold ||= this.playing.size > this.capacity && !this.isLowered;
    if (free === 0 && this.playing.size === capacity && capacity > 0) this.seen.full++;
    this.lastSum = sum;
  }

  /** What an agent would let in that lacks the rule left out. */
  private admitsWrongly(result: Exclude<Admission, { ok: true }>): boolean {
    const { without } = this.faults;
    if (without === 'used set') return !result.direct && result.code === 'ticket.ended';
    return without === 'void at restart' && result.direct === true;
  }

  private letIn(sub: string): void {
    const id = this.name();
    this.playing.set(id, sub);
    if (this.book) this.book = { ...this.book, sessions: new Map(this.book.sessions).set(id, { id, sub }) };
  }

  private send(command: RowCommand, landMs: number, replyMs: number, told?: (reply: WriteReply) => void): void {
    this.queue.later(landMs, () => {
      const reply = this.land(command);
      if (told) this.queue.later(replyMs, () => told(reply));
    });
  }

  private land(sent: RowCommand): WriteReply {
    let command = sent;
    const { without } = this.faults;
    const seats = this.row?.seats;
    if (without === 'beat fence' && command.kind === 'beat' && seats) command = { ...command, beat: seats.beat };
    if (without === 'take condition' && command.kind === 'take' && seats && seats.free < command.k) {
      this.row = { ...(this.row as ServerRow), seats: { ...seats, free: command.k } };
    }
    const reply = applyCommand(KEY, this.row, command);
    if (!reply.ok) return reply;
    this.row = reply.row;
    const { issued, gen } = reply.row.seats as SeatFields;
    if (command.kind === 'take') {
      for (let serial = issued - command.k + 1; serial <= issued; serial++) this.seats.push({ gen, serial });
    }
    return reply;
  }

  private start(): void {
    const claimed = this.claim();
    if (!claimed) return;
    const { begin, restored, seats } = claimed;
    const book = openBook(begin, restored, seats, this.queue.nowMs, { counted: false, timing });
    // Where no agent ever was, nobody can play; else the game has to say who does.
    const isFirst = begin.command.kind === 'create' && restored === undefined;
    this.book = isFirst || this.faults.without === 'known sessions' ? markKnown(book) : book;
    if (begin.resumes) return;
    this.seen.voids++;
    this.journal = snapshot(this.book);
  }

  private claim() {
    this.life++;
    this.isBeating = false;
    this.lastBook = this.book ?? this.lastBook;
    this.book = undefined;
    const gen = this.faults.without === 'new life in a new row' ? 'same' : this.life.toString(16).padStart(16, '0');
    const restored = this.journal.length > 0 ? replay(this.journal) : undefined;
    const begin = startLife(this.row, restored, gen, this.wallMs);
    this.journal.push(...begin.journal);
    const reply = applyCommand(KEY, this.row, begin.command);
    if (!reply.ok || !reply.row.seats) return undefined;
    this.row = reply.row;
    if (begin.command.kind === 'create') {
      this.seen.rowsMade++;
      if (this.faults.without === 'no free seat in a new row') {
        this.row = {
          ...reply.row,
          seats: { ...reply.row.seats, free: this.capacity, state: 'ready', capacity: this.capacity },
        };
      }
    }
    return { begin, restored, seats: this.row.seats as SeatFields };
  }

  private name(): string {
    return `t${++this.names}`;
  }
}
