import { openBook, planBeat, readBeatReply, sawImage, startLife } from '../../core/registry/agent-beat.ts';
import { applyCommand, type RowCommand, type WriteReply } from '../../core/registry/commands.ts';
import { type JournalEntry, replay } from '../../core/registry/journal.ts';
import type { ServerRow } from '../../core/registry/row.ts';
import {
  type Admission,
  activate,
  admitDirect,
  cancel,
  endSession,
  markKnown,
  type SeatBook,
} from '../../core/registry/seat-book.ts';
import { readTakeReply } from '../../core/registry/take.ts';
import { DEFAULT_TIMING } from '../../core/registry/timing.ts';

/**
 * One server row, one agent and any number of assigners on a virtual clock, with a network that delays, loses and
 * repeats. Everything that decides is core/registry; this file only carries messages and keeps the true books.
 */
export interface Faults {
  /** Leave a rule out, to see that the invariant finds it. */
  readonly without?:
    | 'beat fence'
    | 'used set'
    | 'floor before computing'
    | 'take condition'
    | 'known sessions'
    | 'void at restart';
}

interface Message {
  readonly atMs: number;
  readonly command: RowCommand;
  readonly reply?: (reply: WriteReply) => void;
  readonly replyDelayMs: number;
}

const KEY = 'SRV#AROAEXAMPLE:i-a#0';
const timing = DEFAULT_TIMING;

export class SeatWorld {
  nowMs = 1_000;
  capacity: number;
  row: ServerRow | undefined;
  /** Who really plays: the game knows, whatever happens to its agent. */
  readonly playing = new Map<string, string>();
  readonly tickets: { gen: string; serial: number; sub: string }[] = [];
  book: SeatBook | undefined;
  private inFlight: Message[] = [];
  private replies: { atMs: number; run: () => void }[] = [];
  private journal: JournalEntry[] = [];
  private serialOfToken = 0;
  private life = 0;
  private beatInFlight = false;
  private readonly faults: Faults;

  constructor(capacity: number, faults: Faults = {}) {
    this.capacity = capacity;
    this.faults = faults;
    this.start();
    this.settle();
  }

  /** Seats in play or free, beyond which the server is oversold. */
  problems(): string[] {
    const free = this.row?.seats?.free ?? 0;
    const problems: string[] = [];
    if (free < 0) problems.push(`free is ${free}`);
    if (this.playing.size > this.capacity && this.lowered === 0) {
      problems.push(`${this.playing.size} play on ${this.capacity} seats`);
    }
    return problems;
  }
  private lowered = 0;

  take(k: number, landMs: number, replyMs: number | 'lost', repeatMs?: number): void {
    const token = `t${++this.serialOfToken}`;
    const command: RowCommand = { kind: 'take', k, token };
    const sentAtMs = this.nowMs;
    const onReply = (reply: WriteReply): void => {
      const outcome = readTakeReply(command, reply, sentAtMs, this.nowMs, timing);
      if (!outcome.ok) return;
      for (let serial = outcome.seats.first; serial <= outcome.seats.last; serial++) {
        if (this.tickets.some((ticket) => ticket.serial === serial && ticket.gen === outcome.seats.gen)) continue;
        this.tickets.push({ gen: outcome.seats.gen, serial, sub: `client-${token}-${serial}` });
      }
    };
    const lost = replyMs === 'lost';
    this.send(command, landMs, lost ? 0 : replyMs, lost ? undefined : onReply);
    // A retry of the same take: it must find its own token, or land as a take of its own.
    if (repeatMs !== undefined) this.send(command, landMs + repeatMs, 0, onReply);
  }

  beat(landMs: number, replyMs: number | 'lost', repeatMs?: number): void {
    if (!this.book || (this.beatInFlight && this.faults.without !== 'beat fence')) return;
    const before = this.book;
    const plan = planBeat(before, { capacity: this.capacity, state: 'ready' }, this.nowMs, this.nowMs, timing);
    if (!plan) return;
    let { command } = plan;
    if (this.faults.without === 'floor before computing') {
      const late = planBeat(before, { capacity: this.capacity, state: 'ready' }, -1e9, this.nowMs, timing);
      const expired = plan.book.floor - before.floor;
      command = { ...command, addFree: (late?.command.addFree ?? 0) + Math.max(0, expired) };
    }
    this.book = plan.book;
    this.append(plan.journal);
    this.beatInFlight = true;
    const life = this.life;
    const onReply = (reply: WriteReply): void => {
      if (life !== this.life || !this.book) return;
      this.beatInFlight = false;
      const { book, verdict } = readBeatReply(this.book, reply, this.nowMs);
      this.book = verdict === 'lost' ? undefined : book;
    };
    if (replyMs === 'lost') {
      this.send(command, landMs, 0);
      // The agent gives up waiting after the write timeout and reads the row.
      this.replies.push({ atMs: this.nowMs + 2_000, run: () => this.row && onReply({ ok: false, row: this.row }) });
    } else this.send(command, landMs, replyMs, onReply);
    if (repeatMs !== undefined) this.send(command, landMs + repeatMs, 0);
  }

  show(index: number): void {
    const ticket = this.tickets[index % Math.max(1, this.tickets.length)];
    if (!ticket || !this.book) return;
    const change = activate(this.book, ticket);
    if (change.result.ok && !change.result.resumed) this.playing.set(change.result.session.id, ticket.sub);
    this.book = change.book;
    this.append(change.journal);
    const { result } = change;
    if (result.ok || !this.admitsWrongly(result)) return;
    const id = `wrong-${++this.serialOfToken}`;
    this.playing.set(id, ticket.sub);
    this.book = { ...this.book, sessions: new Map(this.book.sessions).set(id, { id, sub: ticket.sub }) };
  }

  /** What an agent would let in that lacks the rule left out. */
  private admitsWrongly(result: Exclude<Admission, { ok: true }>): boolean {
    const { without } = this.faults;
    if (without === 'used set') return !result.direct && result.code === 'ticket.ended';
    return without === 'void at restart' && result.direct === true;
  }

  giveBack(index: number): void {
    const ticket = this.tickets[index % Math.max(1, this.tickets.length)];
    if (!ticket || !this.book) return;
    const change = cancel(this.book, ticket);
    this.book = change.book;
    this.append(change.journal);
  }

  joinDirect(landMs: number): void {
    const token = `t${++this.serialOfToken}`;
    const command: RowCommand = { kind: 'take', k: 1, token };
    const sentAtMs = this.nowMs;
    const life = this.life;
    this.send(command, landMs, 0, (reply) => {
      const outcome = readTakeReply(command, reply, sentAtMs, this.nowMs, timing);
      if (!outcome.ok || !this.book || life !== this.life) return;
      const change = admitDirect(this.book, outcome.seats.gen, outcome.seats.last, token);
      if (change.result.ok) this.playing.set(change.result.session.id, token);
      const seats = outcome.row.seats;
      this.book = seats ? sawImage(change.book, seats, this.nowMs) : change.book;
      this.append(change.journal);
    });
  }

  leave(index: number): void {
    const ids = [...this.playing.keys()];
    const id = ids[index % Math.max(1, ids.length)];
    if (id === undefined || !this.book) return;
    const change = endSession(this.book, id);
    if (!change.result) return;
    this.playing.delete(id);
    this.book = change.book;
    this.append(change.journal);
  }

  setCapacity(capacity: number): void {
    if (capacity < this.capacity) this.lowered++;
    this.capacity = capacity;
  }

  /** The agent dies and comes back; the game plays on. Without its journal it asks the game who is there. */
  restart(keepsJournal: boolean): void {
    if (!keepsJournal) this.journal = [];
    this.book = undefined;
    this.start();
  }

  advance(ms: number): void {
    const until = this.nowMs + ms;
    for (;;) {
      const due = Math.min(
        ...this.inFlight.map((message) => message.atMs),
        ...this.replies.map((reply) => reply.atMs),
        Number.POSITIVE_INFINITY,
      );
      if (due > until) break;
      this.nowMs = Math.max(this.nowMs, due);
      const landing = this.inFlight.filter((message) => message.atMs <= this.nowMs);
      this.inFlight = this.inFlight.filter((message) => message.atMs > this.nowMs);
      for (const message of landing) this.land(message);
      const answered = this.replies.filter((reply) => reply.atMs <= this.nowMs);
      this.replies = this.replies.filter((reply) => reply.atMs > this.nowMs);
      for (const reply of answered) reply.run();
    }
    this.nowMs = until;
  }

  /** Beats with a perfect network until everything that can expire has. */
  settle(): void {
    for (let beat = 0; beat < Math.ceil((2 * timing.expireMs) / timing.beatMs) + 4; beat++) {
      this.advance(timing.beatMs);
      if (!this.book) this.start();
      this.beat(0, 0);
      this.advance(1);
    }
  }

  private land(message: Message): void {
    let { command } = message;
    const seats = this.row?.seats;
    const { without } = this.faults;
    if (without === 'beat fence' && command.kind === 'beat' && seats) command = { ...command, beat: seats.beat };
    if (without === 'take condition' && command.kind === 'take' && seats && seats.free < command.k) {
      this.row = { ...(this.row as ServerRow), seats: { ...seats, free: command.k } };
    }
    const reply = applyCommand(KEY, this.row, command);
    if (reply.ok) this.row = reply.row;
    const { reply: tell } = message;
    if (tell) this.replies.push({ atMs: this.nowMs + message.replyDelayMs, run: () => tell(reply) });
  }

  private send(command: RowCommand, landMs: number, replyDelayMs: number, reply?: (reply: WriteReply) => void): void {
    this.inFlight.push({ atMs: this.nowMs + landMs, command, replyDelayMs, ...(reply ? { reply } : {}) });
  }

  private start(): void {
    this.life++;
    this.beatInFlight = false;
    const gen = this.life.toString(16).padStart(16, '0');
    const restored = this.journal.length > 0 ? replay(this.journal) : undefined;
    const begin = startLife(this.row, restored, gen, this.nowMs);
    this.append(begin.journal);
    const reply = applyCommand(KEY, this.row, begin.command);
    if (!reply.ok || !reply.row.seats) return;
    this.row = reply.row;
    const { without } = this.faults;
    let book = openBook(begin, restored, reply.row.seats, this.nowMs, { counted: false, timing });
    if (!begin.resumes) {
      this.journal = [
        { t: 'gen', gen },
        { t: 'floor', floor: book.floor },
      ];
      if (without !== 'known sessions') {
        const sessions = new Map([...this.playing].map(([id, sub]) => [id, { id, sub }]));
        book = { ...book, sessions };
        for (const session of sessions.values()) this.append([{ t: 'in', ...session }]);
      }
      book = markKnown(book);
    }
    this.book = book;
  }

  private append(entries: readonly JournalEntry[]): void {
    this.journal.push(...entries);
  }
}
