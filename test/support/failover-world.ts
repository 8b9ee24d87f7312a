import { openBook, planBeat, readBeatReply, sawImage } from '../../core/registry/agent-beat.ts';
import type { RowCommand, WriteReply } from '../../core/registry/commands.ts';
import { admitFailover, admitOnReserve, type FailoverClaim } from '../../core/registry/failover.ts';
import { snapshot } from '../../core/registry/journal.ts';
import type { JournalEntry } from '../../core/registry/journal-entry.ts';
import {
  activate,
  type BookChange,
  endSession,
  markKnown,
  occupied,
  type SeatBook,
} from '../../core/registry/seat-book.ts';
import { readTakeReply } from '../../core/registry/take.ts';
import { SeatNetwork, SMALL_TIMING } from './seat-network.ts';
import { SeatTruth } from './seat-truth.ts';

export interface FailoverFaults {
  /** Leave a rule out, to see that the search finds it. */
  readonly without?:
    | 'the raise on its way'
    | 'the capacity on its way'
    | 'the raise after reading again'
    | 'the lower capacity of the row'
    | 'the known total'
    | 'once per ticket'
    | 'the journal';
}

const timing = SMALL_TIMING;
/** r of the searched capacity. */
const RESERVE = 1;
const NEVER = Number.MAX_SAFE_INTEGER;

/** One alternate: a row, its agent, assigners who take its seats, and clients of lost servers who show their tickets. */
export class FailoverWorld {
  readonly net = new SeatNetwork(
    () => this.check(),
    (command) => this.land(command),
  );
  readonly truth = new SeatTruth();
  /** Tickets of lost servers by how often they were let in as new. */
  readonly let = new Map<string, number>();
  readonly seen = { onReserve: 0, onTake: 0, raisePending: 0, refused: 0 };
  book: SeatBook | undefined;
  private readonly faults: FailoverFaults;
  private readonly tickets: { readonly gen: string; readonly serial: number; readonly sub: string }[] = [];
  private journal: JournalEntry[] = [];
  private capacity: number;
  private isBeating = false;
  private life = 0;
  private names = 0;

  constructor(capacity: number, faults: FailoverFaults = {}) {
    this.capacity = capacity;
    this.faults = faults;
    this.start();
    this.pass(2);
  }

  take(k: number): void {
    const reply = this.send({ kind: 'take', k, token: this.name() });
    const seats = reply.row?.seats;
    if (!reply.ok || !seats) return;
    for (let n = 0; n < k; n++) this.tickets.push({ gen: seats.gen, serial: seats.issued - n, sub: this.name() });
  }

  show(index: number): void {
    const ticket = this.tickets.at(-1 - (index % Math.max(1, this.tickets.length)));
    const result = ticket && this.change((book) => activate(book, ticket));
    if (result?.ok && !result.resumed) this.truth.playing.set(result.session.id, 'own');
    this.check();
  }

  /** A client of a lost server. `isAway`: the registry does not answer this agent. */
  failover(which: number, isAway: boolean): void {
    const claim: FailoverClaim = { jti: `lost:${which}`, sub: `c${which}`, untilSeconds: NEVER };
    const before = this.book;
    if (!before) return;
    if (before.sent?.beat === before.image?.beat && isAway) this.seen.raisePending++;
    const seat = isAway ? undefined : this.takeOwn();
    if (!isAway && !seat) return;
    const result = this.change((book) =>
      seat ? admitFailover(this.asFaulty(book), claim, seat.gen, seat.serial) : this.onReserve(book, claim),
    );
    if (!result?.ok) this.seen.refused++;
    if (!result?.ok || result.resumed) return;
    if (seat) this.seen.onTake++;
    else this.seen.onReserve++;
    this.let.set(claim.jti, (this.let.get(claim.jti) ?? 0) + 1);
    this.truth.playing.set(result.session.id, claim.sub);
    this.check();
  }

  beat(landMs: number, replyMs: number | 'lost', readMs: number): void {
    const { book: before, life, isBeating } = this;
    if (!before || isBeating) return;
    const plan = planBeat(
      before,
      { capacity: this.capacity, state: 'ready', reserve: RESERVE },
      this.net.nowMs,
      0,
      timing,
    );
    if (!plan) return;
    this.book = plan.book;
    this.journal.push(...plan.journal);
    this.isBeating = true;
    const told = (reply: WriteReply): void => {
      if (life !== this.life || !this.book) return;
      this.isBeating = false;
      const { book, verdict } = readBeatReply(this.book, reply, this.net.nowMs);
      this.book = verdict === 'lost' ? undefined : book;
      if (this.book && this.faults.without === 'the raise after reading again')
        this.book = { ...this.book, sent: NOTHING };
    };
    this.net.send(plan.command, landMs, { replyMs, told });
    // The agent gives up waiting and reads the row; the write may land after that.
    if (replyMs === 'lost') this.net.later(readMs, () => told({ ok: false, row: this.net.row }));
  }

  leave(index: number): void {
    const id = [...this.truth.playing.keys()][index % Math.max(1, this.truth.playing.size)];
    if (id === undefined || !this.change((book) => endSession(book, id))) return;
    this.truth.playing.delete(id);
    this.check();
  }

  setCapacity(capacity: number): void {
    this.capacity = capacity;
  }

  restart(): void {
    this.start();
    this.check();
  }

  advance(ms: number): void {
    this.net.advance(ms);
  }

  pass(beats: number): void {
    for (let beat = 0; beat < beats; beat++) {
      this.beat(0, 0, 0);
      this.advance(timing.beatMs);
    }
  }

  /** Seats free once all that can expire has, and who plays. */
  settled(): readonly [number | undefined, number | undefined] {
    this.advance(5 * timing.expireMs);
    this.pass(2 * timing.expireMs + 4);
    return [this.net.row?.seats?.free, this.book && occupied(this.book)];
  }

  private onReserve(book: SeatBook, claim: FailoverClaim) {
    const { without } = this.faults;
    const image = book.image as NonNullable<SeatBook['image']>;
    const faulty = this.asFaulty(book);
    if (without === 'the raise on its way') {
      const sent = faulty.sent && { ...faulty.sent, mostAdded: 0 };
      return admitOnReserve({ ...faulty, ...(sent && { sent }) }, claim, this.capacity);
    }
    if (without === 'the capacity on its way') {
      const sent = faulty.sent && { ...faulty.sent, leastCapacity: NEVER };
      return admitOnReserve({ ...faulty, ...(sent && { sent }) }, claim, this.capacity);
    }
    if (without === 'the lower capacity of the row') {
      return admitOnReserve({ ...faulty, image: { ...image, capacity: NEVER } }, claim, this.capacity);
    }
    if (without === 'the known total') {
      // As many as r since the last beat, whatever else there is.
      const since = [...book.sessions.values()].filter(({ serial }) => serial === undefined).length;
      const capacity = since < RESERVE ? NEVER : 0;
      return admitOnReserve({ ...faulty, image: { ...image, capacity }, sent: NOTHING }, claim, capacity);
    }
    return admitOnReserve(faulty, claim, this.capacity);
  }

  private asFaulty(book: SeatBook): SeatBook {
    return this.faults.without === 'once per ticket' ? { ...book, failovers: new Map() } : book;
  }

  /** The agent's own take, answered at once. */
  private takeOwn(): { readonly gen: string; readonly serial: number } | undefined {
    const command = { kind: 'take', k: 1, token: this.name() } as const;
    const reply = this.send(command);
    const outcome = readTakeReply(command, reply, this.net.nowMs, this.net.nowMs, timing);
    const seats = reply.row?.seats;
    if (!this.book || !outcome.ok || !seats || seats.gen !== this.book.gens.at(-1)) return undefined;
    this.book = sawImage(this.book, seats, this.net.nowMs);
    return { gen: outcome.seats.gen, serial: outcome.seats.last };
  }

  private change<T>(run: (book: SeatBook) => BookChange<T>): T | undefined {
    if (!this.book) return undefined;
    const { book, result, journal } = run(this.book);
    const kept = this.faults.without === 'the journal' ? journal.filter(({ t }) => t !== 'failover') : journal;
    this.journal.push(...kept);
    // What a fault hid from the decision is still there.
    this.book = { ...book, image: this.book.image ?? book.image!, ...(this.book.sent && { sent: this.book.sent }) };
    return result;
  }

  private send(command: RowCommand): WriteReply {
    const reply = this.land(command);
    this.check();
    return reply;
  }

  private land(command: RowCommand): WriteReply {
    const reply = this.net.apply(command);
    if (reply.ok && command.kind === 'take') {
      const { issued, gen } = reply.row.seats!;
      for (let n = 0; n < command.k; n++) this.truth.taken.push({ gen, serial: issued - n });
    }
    return reply;
  }

  private check(): void {
    this.truth.check(this.net.row?.seats, this.book);
  }

  /** A life on the journal of the one before. */
  private start(): void {
    this.isBeating = false;
    const gen = (++this.life).toString(16).padStart(16, '0');
    const claimed = this.net.claim(this.journal, gen, 1_000);
    if (!claimed) return;
    const { begin, restored, seats } = claimed;
    this.book = markKnown(openBook(begin, restored, seats, this.net.nowMs, { counted: false, timing }));
    this.journal = snapshot(this.book);
  }

  private name(): string {
    return `t${++this.names}`;
  }
}

const NOTHING = { beat: -1, mostAdded: 0, leastCapacity: NEVER };
