import type { Journal } from '../../adapters/journal/journal.ts';
import { systemClock } from '../../adapters/system/system-clock.ts';
import { createSystemRng } from '../../adapters/system/system-rng.ts';
import { BeatLoop } from '../../agents/beat-loop.ts';
import { SeatKeeper } from '../../agents/seat-keeper.ts';
import type { RegistryStore } from '../../core/ports.ts';
import { accountedSeats } from '../../core/registry/agent-beat.ts';
import type { RowCommand, WriteReply } from '../../core/registry/commands.ts';
import type { JournalEntry } from '../../core/registry/journal-entry.ts';
import type { Placement, SeatFields } from '../../core/registry/row.ts';
import type { SeatTiming } from '../../core/registry/timing.ts';
import type { ListedServer } from '../support/build-view.ts';
import { until } from '../support/until.ts';
import type { Tally } from './tally.ts';

/** A server has no file here: its agent never starts again. */
const memoryJournal = (): Journal<JournalEntry> => ({
  entries: [],
  isDamaged: false,
  append() {},
  isLong: () => false,
  rewrite() {},
  async close() {},
});

const PATIENCE_MS = 120_000;

export interface BurstServerOptions {
  readonly burst: number;
  readonly key: string;
  readonly placement: Placement;
  readonly store: RegistryStore;
  /** What the assigners go by, too. */
  readonly timing: SeatTiming;
  /** What the agent goes by. */
  readonly agentTiming: SeatTiming;
  readonly tally: Tally;
}

interface Ticket {
  readonly gen: string;
  readonly serial: number;
  readonly sub: string;
}

/** A server of one burst: the agent's own seat keeper and beats, beside books of what its clients really have. */
export class BurstServer {
  readonly options: BurstServerOptions;
  readonly #keeper: SeatKeeper;
  readonly #loop: BeatLoop;
  /** Tickets that clients hold, by serial. */
  readonly #given = new Map<number, Ticket>();
  readonly #admitted = new Map<number, string>();
  #firstSerial = 0;
  /** Since when no write of the agent can have raised `free`; Infinity while one is under way. */
  #steadySinceMs = 0;
  #wishAtMs = 0;
  #beatAtMs = Number.POSITIVE_INFINITY;
  #onBeat: (sentAtMs: number, image: SeatFields) => void = () => {};

  constructor(options: BurstServerOptions) {
    this.options = options;
    const { key, store, timing, agentTiming, placement, tally } = options;
    const clock = systemClock;
    const rng = createSystemRng();
    this.#keeper = new SeatKeeper({
      ...{ key, clock, rng, timing: agentTiming, isCounted: false, journal: memoryJournal() },
      store: { ...store, write: (at, command) => this.#write(at, command) },
      onLost: (reason) => this.hold('over', false, () => `the agent has lost its row: ${reason}`),
    });
    this.#loop = new BeatLoop({
      ...{ keeper: this.#keeper, clock, rng, timing, onClaim: () => {} },
      outage: { bad() {}, good() {} },
      counters: { count() {} },
      wish: () => {
        this.#wishAtMs = clock.monoMs();
        return { capacity: placement.maxCapacity, state: 'ready' };
      },
      onBeat: () => {
        const nowMs = clock.monoMs();
        tally.longestBeatMs = Math.max(tally.longestBeatMs, nowMs - this.#beatAtMs);
        this.#beatAtMs = nowMs;
        const image = this.#keeper.book?.image;
        if (image) this.#onBeat(this.#wishAtMs, image);
      },
    });
  }

  get id(): string {
    return this.options.placement.id;
  }

  get #capacity(): number {
    return this.options.placement.maxCapacity;
  }

  hold(invariant: 'over' | 'twice' | 'full' | 'away', holds: boolean, text: () => string): void {
    const { tally, burst } = this.options;
    tally.hold(invariant, burst, holds, () => `${this.id}: ${text()}`);
  }

  /** Resolves, with the server as the roster has it, when all its seats are free. */
  async start(): Promise<ListedServer> {
    const { key, store, placement: server } = this.options;
    this.#loop.start();
    await until(() => this.#keeper.book !== undefined, PATIENCE_MS);
    await store.place(key, server);
    await until(() => this.#keeper.book?.image?.free === this.#capacity, PATIENCE_MS);
    const image = this.#keeper.book!.image!;
    this.#firstSerial = image.issued;
    return { key, server, status: { ...image, suspect: false, beatAgeMs: 0 } };
  }

  /** A client got a ticket. */
  given(ticket: Ticket): void {
    const before = this.#given.get(ticket.serial);
    this.hold('twice', !before, () => `serial ${ticket.serial} for ${before?.sub} and for ${ticket.sub}`);
    this.#given.set(ticket.serial, ticket);
    this.#checkRights();
  }

  /** The client comes with its ticket; false if it is let in no more. */
  come(ticket: Ticket): boolean {
    const admission = this.#keeper.activate(ticket);
    if (!admission.ok) {
      const isUsed = !admission.direct && admission.code.startsWith('ticket.');
      this.hold('twice', !isUsed, () => `serial ${ticket.serial} of ${ticket.sub} was used before`);
      return false;
    }
    this.#admitted.set(ticket.serial, admission.session.id);
    this.#checkRights();
    return true;
  }

  /** The row by a consistent read that starts now; `raisedMs`: since when `free` has only fallen until it came. */
  async read(): Promise<{ readonly seats: SeatFields; readonly steadySinceMs: number } | undefined> {
    const row = await this.options.store.get(this.options.key);
    if (row?.seats) this.#checkImage(row.seats);
    return row?.seats && { seats: row.seats, steadySinceMs: this.#steadySinceMs };
  }

  /** Seats taken so far of which no client knows. */
  lost(seats: SeatFields): number {
    return seats.issued - this.#firstSerial - this.#given.size;
  }

  /**
   * The burst is over. Resolves at the beat that must have brought everything back: the first one T after the first one
   * that saw the last take. In time that is at most T + 2 beats, and as much more as this machine keeps a beat waiting.
   */
  async settle(sinceMs: number): Promise<void> {
    let seen: { readonly atMs: number; readonly issued: number } | undefined;
    const whole = await new Promise<SeatFields>((resolve) => {
      this.#onBeat = (sentAtMs, image) => {
        if (sentAtMs < sinceMs) return;
        if (seen?.issued !== image.issued) seen = { atMs: systemClock.monoMs(), issued: image.issued };
        else if (sentAtMs >= seen.atMs + this.options.timing.expireMs) resolve(image);
      };
    });
    const { free, sessions } = whole;
    const { tally } = this.options;
    tally.longestAwayMs = Math.max(tally.longestAwayMs, systemClock.monoMs() - sinceMs);
    const sum = `free ${free} + sessions ${sessions}, capacity ${this.#capacity}`;
    this.hold('away', free + sessions === this.#capacity, () => `${sum} at the beat after T`);
    this.hold(
      'over',
      sessions === this.#admitted.size,
      () => `${this.#admitted.size} are in, the row says ${sessions}`,
    );
  }

  /** All go home. Resolves after the beat that gives their seats back. */
  async empty(): Promise<void> {
    const back = new Promise<SeatFields>((resolve) => {
      const endedAtMs = systemClock.monoMs();
      this.#onBeat = (sentAtMs, image) => {
        if (sentAtMs >= endedAtMs) resolve(image);
      };
    });
    for (const session of this.#admitted.values()) this.#keeper.end(session);
    this.#loop.kick();
    const { free } = await back;
    this.hold('away', free === this.#capacity, () => `free ${free} of ${this.#capacity} when all have gone`);
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  async #write(key: string, command: RowCommand): Promise<WriteReply> {
    const raises = command.kind === 'beat' && command.addFree > 0;
    // A write of which nothing was heard may still land; the next beat that lands is its end.
    if (raises) this.#steadySinceMs = Number.POSITIVE_INFINITY;
    const reply = await this.options.store.write(key, command);
    if (raises || this.#steadySinceMs === Number.POSITIVE_INFINITY) this.#steadySinceMs = systemClock.monoMs();
    if (reply.row?.seats) this.#checkImage(reply.row.seats);
    return reply;
  }

  /**
   * The agent's book beside a row: free + sessions + seats that are out. The book may be newer than the row, which only
   * lowers the sum.
   */
  #checkImage(seats: SeatFields): void {
    const book = this.#keeper.book;
    if (!book?.gens.includes(seats.gen)) return;
    const sum = accountedSeats(book, seats);
    this.hold('over', sum <= this.#capacity, () => `the book accounts for ${sum} seats of ${this.#capacity}`);
  }

  /** Who is in, and who holds a ticket that still lets him in: counted here, not by the agent. */
  #checkRights(): void {
    const floor = this.#keeper.book?.floor ?? 0;
    let rights = this.#admitted.size;
    for (const serial of this.#given.keys()) if (serial > floor && !this.#admitted.has(serial)) rights++;
    this.hold('over', rights <= this.#capacity, () => `${rights} clients have a seat, of ${this.#capacity}`);
  }
}
