import { openBook, planBeat, readBeatReply } from '../../core/registry/agent-beat.ts';
import type { RowCommand, WriteReply } from '../../core/registry/commands.ts';
import { observeCount } from '../../core/registry/counted.ts';
import { snapshot } from '../../core/registry/journal.ts';
import type { JournalEntry } from '../../core/registry/journal-entry.ts';
import { cancel, markKnown, occupied, type SeatBook } from '../../core/registry/seat-book.ts';
import { readTakeReply } from '../../core/registry/take.ts';
import { SeatNetwork, SMALL_TIMING } from './seat-network.ts';

export interface CountedFaults {
  /** Leave a rule of docs/SEATS.md, "Games that can only be counted", out. */
  readonly without?:
    | 'fall held for T'
    | 'fall by a query sent after T'
    | 'oldest marked'
    | 'floor by the query'
    | 'no mark before a trusted query'
    | 'no raise before a trusted query';
}

/** A seat that was taken, and who may still come on it. */
interface Seat {
  readonly gen: string;
  readonly serial: number;
  /** From here on its holder has no right to it: T after sending, the latest that T >= W + A + tau allows. */
  readonly untilMs: number;
  /** `flying`: the reply is on its way; `lost`: nobody will ever hold it. */
  state: 'flying' | 'held' | 'joined' | 'lost';
}

const { holdMs, expireMs, beatMs } = SMALL_TIMING;

/**
 * One unmodified game that refuses nobody, its row, the agent that counts its players, and assigners, on a virtual clock
 * with a network that delays, loses and repeats. Everything that decides is core/registry; this file carries messages
 * and keeps the true books.
 */
export class CountedWorld {
  book: SeatBook | undefined;
  /** Who plays: on the seat that brought him, or without one. */
  readonly players: (Seat | 'walk-in')[] = [];
  readonly seats: Seat[] = [];
  /** Every breach of the invariant, checked after each single happening. */
  readonly problems: string[] = [];
  readonly seen = { falls: 0, marks: 0, voids: 0, resumes: 0, deferred: 0, full: 0, raises: 0, late: 0 };
  readonly net = new SeatNetwork(() => this.check());
  private journal: JournalEntry[] = [];
  private names = 0;
  private life = 0;
  private isBeating = false;
  private lastSum = 0;
  private capacity: number;
  private readonly faults: CountedFaults;

  constructor(capacity: number, faults: CountedFaults = {}) {
    this.capacity = capacity;
    this.faults = faults;
    this.start();
    this.pass(2);
  }

  /** Free + outstanding + players who came by the door <= the capacity in force, or falling; whoever else is there. */
  private check(): void {
    const { free = 0, capacity = 0 } = this.net.row?.seats ?? {};
    const outstanding = this.seats.filter((seat) => this.canCome(seat)).length;
    const byDoor = this.players.filter((player) => player !== 'walk-in').length;
    const sum = free + outstanding + byDoor;
    if (free < 0) this.problems.push(`free is ${free}`);
    if (sum > capacity && sum > this.lastSum) {
      this.problems.push(`${free} free + ${outstanding} out + ${byDoor} came by the door > ${capacity}`);
    }
    if (free === 0 && sum > 0) this.seen.full++;
    this.lastSum = sum;
  }

  private canCome(seat: Seat): boolean {
    return (seat.state === 'flying' || seat.state === 'held') && this.nowMs < seat.untilMs;
  }

  take(k: number, landMs: number, replyMs: number | 'lost', repeatMs?: number): void {
    const command: RowCommand = { kind: 'take', k, token: `t${++this.names}` };
    const sentAtMs = this.nowMs;
    const landed = (reply: WriteReply): void => {
      const seats = reply.ok ? reply.row.seats : undefined;
      if (!seats) return;
      for (let serial = seats.issued - k + 1; serial <= seats.issued; serial++) {
        this.seats.push({ gen: seats.gen, serial, untilMs: sentAtMs + expireMs, state: 'flying' });
      }
    };
    const told = (reply: WriteReply): void => {
      const outcome = readTakeReply(command, reply, sentAtMs, this.nowMs, SMALL_TIMING);
      if (!outcome.ok) return;
      for (const seat of this.seats) {
        const isOurs = seat.serial >= outcome.seats.first && seat.serial <= outcome.seats.last;
        if (isOurs && seat.untilMs === sentAtMs + expireMs && seat.state === 'flying') seat.state = 'held';
      }
    };
    this.net.send(command, landMs, { replyMs, landed, told });
    if (repeatMs !== undefined) this.net.send(command, landMs + repeatMs, { landed, told });
    // From W after sending on, no reply gives anybody a seat.
    this.net.later(holdMs, () => {
      for (const seat of this.seats) {
        if (seat.state === 'flying' && seat.untilMs <= this.nowMs - holdMs + expireMs) seat.state = 'lost';
      }
    });
  }

  /** The holder of a seat comes, in time or as a walk-in. */
  join(index: number): void {
    const held = this.seats.filter((seat) => seat.state === 'held');
    const seat = held[index % Math.max(1, held.length)];
    if (!seat) return;
    const isInTime = this.canCome(seat);
    seat.state = 'joined';
    if (!isInTime) this.seen.late++;
    this.players.push(isInTime ? seat : 'walk-in');
    this.check();
  }

  /** The holder of a seat, who may be playing on it for all the agent knows, gives it back. */
  giveBack(index: number): void {
    const seat = this.seats[index % Math.max(1, this.seats.length)];
    if (!seat || !this.book) return;
    const { book, result, journal } = cancel(this.book, { ...seat, sub: 'anybody' });
    if (result && seat.state === 'held') seat.state = 'lost';
    this.book = book;
    this.journal.push(...journal);
  }

  walkIn(): void {
    this.players.push('walk-in');
    this.check();
  }

  /** Somebody goes; 0 is who came last. */
  leave(index: number): void {
    if (this.players.length === 0) return;
    this.players.splice(-1 - (index % this.players.length), 1);
    this.check();
  }

  /** The agent asks the game how many play: the game looks `lookMs` later and the answer arrives `replyMs` after that. */
  query(lookMs: number, replyMs: number | 'failed'): void {
    const sentAtMs = this.nowMs;
    const { life } = this;
    this.net.later(lookMs, () => {
      const count = this.players.length;
      if (replyMs !== 'failed') this.net.later(replyMs, () => life === this.life && this.observe(count, sentAtMs));
    });
  }

  beat(landMs: number, replyMs: number | 'lost', repeatMs?: number): void {
    if (!this.book || this.isBeating) return;
    const wish = { capacity: this.capacity, state: 'ready' } as const;
    const plan = planBeat(this.forBeat(this.book), wish, this.nowMs, this.nowMs, SMALL_TIMING);
    if (!plan) return;
    const { counted, known } = this.book;
    this.book = { ...plan.book, known, ...(counted ? { counted } : {}) };
    this.journal.push(...plan.journal);
    this.isBeating = true;
    const { life } = this;
    const told = (reply: WriteReply): void => {
      if (life !== this.life || !this.book) return;
      this.isBeating = false;
      const { book, verdict } = readBeatReply(this.book, reply, this.nowMs);
      this.book = verdict === 'lost' ? undefined : book;
    };
    const landed = (reply: WriteReply): void => {
      if (reply.ok && plan.command.addFree > 0) this.seen.raises++;
    };
    // A lost reply: after a while the agent reads the row instead.
    if (replyMs === 'lost') this.net.later(holdMs, () => told({ ok: false, row: this.net.row }));
    this.net.send(plan.command, landMs, { replyMs, landed, told });
    if (repeatMs !== undefined) this.net.send(plan.command, landMs + repeatMs);
  }

  /**
   * The agent dies, and comes back at once: the game plays on. Row and journal are never lost together.
   * @param diesAgain once more, when its claim has landed and before it knows
   */
  restart(keepsJournal: boolean, diesAgain: boolean): void {
    if (!keepsJournal && this.net.row) this.journal = [];
    if (diesAgain) this.claim();
    this.start();
  }

  setCapacity(capacity: number): void {
    this.capacity = capacity;
  }

  /** The row is deleted; the agent, if it lives, finds out by its next beat. */
  loseRow(): void {
    this.net.row = undefined;
  }

  advance(ms: number): void {
    this.net.advance(ms);
  }

  /** Time goes by as it should: each beat, a query and a write on a perfect network. */
  pass(beats: number): void {
    for (let beat = 0; beat < beats; beat++) {
      this.query(0, 0);
      this.advance(0);
      this.beat(0, 0);
      this.advance(beatMs);
    }
  }

  /** Long enough that everything that can expire has: T for what is out, T for who went, T after a restart. */
  settle(): void {
    if (!this.book) this.start();
    this.pass(3 * expireMs + 6);
  }

  private observe(count: number, sentAtMs: number): void {
    const before = this.book;
    if (!before) return;
    const { without } = this.faults;
    const asked = without === 'no mark before a trusted query' ? markKnown(before) : before;
    const change = observeCount(asked, { count, sentAtMs }, this.nowMs, SMALL_TIMING);
    let { book } = change;
    const { counted } = book;
    const belowSinceMs = before.counted?.belowSinceMs ?? this.nowMs;
    // Answers out of order are dropped, with any rule left out.
    if (!counted || sentAtMs < (before.counted?.sentAtMs ?? 0)) return;
    if (!before.known && !book.known) this.seen.deferred++;
    if (asked !== before) book = { ...book, known: before.known || sentAtMs >= counted.trustFromMs };
    if (without === 'fall held for T') book = { ...book, counted: { ...counted, k: count } };
    if (without === 'fall by a query sent after T' && this.nowMs - belowSinceMs >= expireMs) {
      book = { ...book, counted: { ...counted, k: count } };
    }
    if (without === 'oldest marked' && change.result > 0) {
      const used = new Set(before.used);
      for (let serial = before.image?.issued ?? 0, left = change.result; left > 0; serial--) {
        if (!used.has(serial)) left--;
        used.add(serial);
      }
      book = { ...book, used };
    }
    this.seen.marks += change.result;
    if (occupied(book) < occupied(before)) this.seen.falls++;
    this.book = book;
    this.journal.push(...change.journal);
    if (book.known && !before.known) this.journal = snapshot(book);
  }

  /** The book as an agent sees it that lacks the rule left out. */
  private forBeat(book: SeatBook): SeatBook {
    const { without } = this.faults;
    if (without === 'no raise before a trusted query') return markKnown(book);
    if (without !== 'floor by the query' || !book.counted) return book;
    return { ...book, counted: { ...book.counted, sentAtMs: this.nowMs } };
  }

  private get nowMs(): number {
    return this.net.nowMs;
  }

  private start(): void {
    const claimed = this.claim();
    if (!claimed) return;
    const { begin, restored, seats } = claimed;
    this.book = openBook(begin, restored, seats, this.nowMs, { counted: true, timing: SMALL_TIMING });
    this.seen[begin.resumes ? 'resumes' : 'voids']++;
    if (!begin.resumes) this.journal = snapshot(this.book);
  }

  private claim() {
    this.isBeating = false;
    this.book = undefined;
    return this.net.claim(this.journal, (++this.life).toString(16).padStart(16, '0'), this.nowMs);
  }
}
