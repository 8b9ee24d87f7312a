import { openBook, planBeat, readBeatReply, sawImage } from '../../core/registry/agent-beat.ts';
import type { RowCommand, WriteReply } from '../../core/registry/commands.ts';
import { snapshot } from '../../core/registry/journal.ts';
import type { JournalEntry } from '../../core/registry/journal-entry.ts';
import type { SeatFields } from '../../core/registry/row.ts';
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
import { SeatNetwork, SMALL_TIMING } from './seat-network.ts';
import { SeatTruth } from './seat-truth.ts';

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

const timing = SMALL_TIMING;

/**
 * One server row, one agent and any number of assigners on a virtual clock, with a network that delays, loses and
 * repeats. Everything that decides is core/registry; this file only carries messages and keeps the true books.
 */
export class SeatWorld {
  readonly net = new SeatNetwork(
    () => this.check(),
    (command) => this.land(command),
  );
  book: SeatBook | undefined;
  readonly truth = new SeatTruth();
  private capacity: number;
  private readonly faults: Faults;
  private readonly tickets: { readonly gen: string; readonly serial: number; readonly sub: string }[] = [];
  private journal: JournalEntry[] = [];
  private names = 0;
  private life = 0;
  private wallMs = 1_000;
  private isBeating = false;
  private lastBook: SeatBook | undefined;

  constructor(capacity: number, faults: Faults = {}) {
    this.capacity = capacity;
    this.faults = faults;
    this.start();
    this.pass(2);
  }

  take(k: number, landMs: number, replyMs: number | 'lost', repeatMs?: number): void {
    const token = this.name();
    const command: RowCommand = { kind: 'take', k, token };
    const sentAtMs = this.net.nowMs;
    const told = (reply: WriteReply): void => {
      const outcome = readTakeReply(command, reply, sentAtMs, this.net.nowMs, timing);
      if (!outcome.ok) return;
      const { gen, first, last } = outcome.seats;
      if (!reply.ok) this.truth.seen.echoes++;
      for (let serial = first; serial <= last; serial++) this.tickets.push({ gen, serial, sub: `${token}-${serial}` });
    };
    this.net.send(command, landMs, { replyMs, told });
    // A retry of the same take: it must find its own token, or land as a take of its own.
    if (repeatMs !== undefined) this.net.send(command, landMs + repeatMs, replyMs === 'lost' ? { told } : {});
  }

  beat(landMs: number, replyMs: number | 'lost', repeatMs?: number): void {
    const { without } = this.faults;
    if (!this.book || (this.isBeating && without !== 'beat fence')) return;
    const before = this.book;
    const wish = { capacity: this.capacity, state: 'ready' } as const;
    const plan = planBeat(before, wish, this.net.nowMs, 0, timing);
    if (!plan) return;
    let { command } = plan;
    if (without === 'floor before computing') {
      const late = planBeat(before, wish, -1e9, 0, timing);
      command = { ...command, addFree: (late?.command.addFree ?? 0) + plan.book.floor - before.floor };
    }
    this.book = plan.book;
    this.journal.push(...plan.journal);
    this.isBeating = true;
    if (command.addFree < 0) this.truth.seen.burns++;
    const { life } = this;
    const told = (reply: WriteReply): void => {
      if (life !== this.life || !this.book) return;
      this.isBeating = false;
      const { book, verdict } = readBeatReply(this.book, reply, this.net.nowMs);
      if (verdict === 'again') this.truth.seen.again++;
      this.book = verdict === 'lost' ? undefined : book;
    };
    this.net.send(command, landMs, { replyMs, told });
    // The agent gives up waiting and reads the row.
    if (replyMs === 'lost') this.net.later(timing.holdMs, () => told({ ok: false, row: this.net.row }));
    if (repeatMs !== undefined) this.net.send(command, landMs + repeatMs);
  }

  /** The holder of a ticket shows it, the newest first. */
  show(index: number): void {
    const ticket = this.tickets.at(-1 - (index % Math.max(1, this.tickets.length)));
    if (!ticket || !this.book) return;
    const { book, result, journal } = activate(this.book, ticket);
    if (this.faults.without !== 'journal before the answer') this.journal.push(...journal);
    this.book = book;
    if (result.ok && result.resumed) this.truth.seen.resumed++;
    if (result.ok && !result.resumed) this.truth.playing.set(result.session.id, ticket.sub);
    if (!result.ok && this.admitsWrongly(result)) this.letIn(ticket.sub);
    this.check();
  }

  giveBack(index: number): void {
    const ticket = this.tickets.at(-1 - (index % Math.max(1, this.tickets.length)));
    if (!ticket || !this.book) return;
    const { book, result, journal } = cancel(this.book, ticket);
    if (result) this.truth.seen.given++;
    this.journal.push(...journal);
    this.book = book;
    this.check();
  }

  joinDirect(landMs: number): void {
    if (this.faults.without === 'direct join takes' && this.book) this.letIn('direct');
    const token = this.name();
    const command: RowCommand = { kind: 'take', k: 1, token };
    const sentAtMs = this.net.nowMs;
    const { life } = this;
    const told = (reply: WriteReply): void => {
      const outcome = readTakeReply(command, reply, sentAtMs, this.net.nowMs, timing);
      const seats = outcome.row?.seats;
      if (!outcome.ok || !seats || !this.book || life !== this.life || seats.gen !== this.book.gens.at(-1)) return;
      const change = admitDirect(this.book, outcome.seats.gen, outcome.seats.last, token);
      if (change.result.ok) this.truth.playing.set(change.result.session.id, token);
      if (change.result.ok) this.truth.seen.direct++;
      this.journal.push(...change.journal);
      this.book = sawImage(change.book, seats, this.net.nowMs);
    };
    this.net.send(command, landMs, { told });
  }

  /** A session ends, and its game tells an agent that knows it. */
  leave(index: number): void {
    const id = [...this.truth.playing.keys()][index % Math.max(1, this.truth.playing.size)];
    if (id === undefined || !this.book) return;
    const { book, result, journal } = endSession(this.book, id);
    if (!result) return;
    this.truth.playing.delete(id);
    this.journal.push(...journal);
    this.book = book;
    this.check();
  }

  setCapacity(capacity: number): void {
    this.capacity = capacity;
  }

  /**
   * The agent dies and comes back; the game plays on. Row and journal are never lost together.
   * @param diesAgain once more, when its claim has landed and before it knows
   */
  restart(keepsJournal: boolean, diesAgain: boolean): void {
    if (!keepsJournal && this.net.row) this.journal = [];
    if (this.truth.playing.size > 0) this.truth.seen.busyRestarts++;
    if (diesAgain) this.claim();
    this.start();
    this.check();
  }

  /** The game names everybody who plays. */
  tell(): void {
    if (!this.book) return;
    for (const [id, sub] of this.truth.playing) {
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
    this.net.row = undefined;
    this.wallMs = wallMs;
  }

  bury(): void {
    const seats = this.net.row?.seats;
    if (seats) this.setSeats({ ...seats, state: 'gone' });
  }

  advance(ms: number): void {
    this.net.advance(ms);
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

  private check(): void {
    this.lastBook = this.book ?? this.lastBook;
    this.truth.check(this.net.row?.seats, this.lastBook);
  }

  /** What an agent would let in that lacks the rule left out. */
  private admitsWrongly(result: Exclude<Admission, { ok: true }>): boolean {
    const { without } = this.faults;
    if (without === 'used set') return !result.direct && result.code === 'ticket.ended';
    return without === 'void at restart' && result.direct === true;
  }

  private letIn(sub: string): void {
    const id = this.name();
    this.truth.playing.set(id, sub);
    if (this.book) this.book = { ...this.book, sessions: new Map(this.book.sessions).set(id, { id, sub }) };
  }

  private land(sent: RowCommand): WriteReply {
    let command = sent;
    const { without } = this.faults;
    const seats = this.net.row?.seats;
    if (without === 'beat fence' && command.kind === 'beat' && seats) command = { ...command, beat: seats.beat };
    if (without === 'take condition' && command.kind === 'take' && seats && seats.free < command.k) {
      this.setSeats({ ...seats, free: command.k });
    }
    const reply = this.net.apply(command);
    if (!reply.ok) return reply;
    const { issued, gen } = reply.row.seats as SeatFields;
    if (command.kind === 'take') {
      for (let serial = issued - command.k + 1; serial <= issued; serial++) this.truth.taken.push({ gen, serial });
    }
    return reply;
  }

  private start(): void {
    const claimed = this.claim();
    if (!claimed) return;
    const { begin, restored, seats } = claimed;
    const book = openBook(begin, restored, seats, this.net.nowMs, { counted: false, timing });
    // Where no agent ever was, nobody can play; else the game has to say who does.
    const isFirst = begin.command.kind === 'create' && restored === undefined;
    this.book = isFirst || this.faults.without === 'known sessions' ? markKnown(book) : book;
    if (begin.resumes) return;
    if (this.life > 1) this.truth.seen.voids++;
    this.journal = snapshot(this.book);
  }

  private claim() {
    const { without } = this.faults;
    this.life++;
    this.isBeating = false;
    this.lastBook = this.book ?? this.lastBook;
    this.book = undefined;
    const gen = without === 'new life in a new row' ? 'same' : this.life.toString(16).padStart(16, '0');
    const claimed = this.net.claim(this.journal, gen, this.wallMs);
    if (claimed?.begin.command.kind !== 'create') return claimed;
    if (this.life > 1) this.truth.seen.rowsMade++;
    const { capacity } = this;
    if (without === 'no free seat in a new row') this.setSeats({ ...claimed.seats, free: capacity, capacity });
    return { ...claimed, seats: this.net.row?.seats as SeatFields };
  }

  private setSeats(seats: SeatFields): void {
    if (this.net.row) this.net.row = { ...this.net.row, seats };
  }

  private name(): string {
    return `t${++this.names}`;
  }
}
