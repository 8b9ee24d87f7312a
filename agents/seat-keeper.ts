import { type Refusal, refuse } from '../core/errors.ts';
import { type BeatWish, openBook, planBeat, readBeatReply, sawImage, startLife } from '../core/registry/agent-beat.ts';
import type { TakeCommand, WriteReply } from '../core/registry/commands.ts';
import { observeCount } from '../core/registry/counted.ts';
import { forgetFailovers } from '../core/registry/failover.ts';
import { type JournalState, replay, snapshot } from '../core/registry/journal.ts';
import type { SeatSession } from '../core/registry/journal-entry.ts';
import { raisesFromMs, withinLease } from '../core/registry/lease.ts';
import type { Placement } from '../core/registry/row.ts';
import {
  type Admission,
  activate,
  admitDirect,
  adoptWalkIn,
  type BookChange,
  cancel,
  endSession,
  markKnown,
  occupied,
  type SeatBook,
  type SeatClaim,
} from '../core/registry/seat-book.ts';
import { readTakeReply, type TakenSeats } from '../core/registry/take.ts';
import { bytesToHex } from '../core/text.ts';
import type { OperatorWishes } from './operator-wishes.ts';
import { RowProof } from './row-proof.ts';
import type { SeatKeeperOptions } from './seat-keeper-options.ts';
import { writeTake } from './write-take.ts';

/** `again`: the row had moved, compute anew; `unknown`: the write may have landed or not. */
export type BeatResult = 'ok' | 'again' | 'lost' | 'unknown';

const GEN_BYTES = 8;
const TOKEN_BYTES = 16;

/**
 * The seats of one slot: the book of core/registry kept in step with its journal and its row (docs/SEATS.md). Everything
 * that must survive the process is in the journal before anybody is answered.
 *
 * A journal without a `gen` belongs to no life and is never resumed. A life that begins without knowing who is on the
 * game writes its `gen` only when it knows, so that a crash in between starts from "unknown" again.
 */
export class SeatKeeper {
  readonly #options: SeatKeeperOptions;
  #book: SeatBook | undefined;
  #placement: Placement | undefined;
  #wishes: OperatorWishes = {};
  /** The beat of this life's claim. */
  #claimedAt = 0;
  /** What the journal held; undefined on a machine where no agent ever served this slot. */
  #restored: JournalState | undefined;
  readonly #proof: RowProof;
  /** Another life may still admit until then, if its lock was broken: nothing is raised. */
  #raiseFromMs = Number.NEGATIVE_INFINITY;
  #isUnsure = false;
  #isLost = false;
  #owesBeat = false;

  constructor(options: SeatKeeperOptions) {
    this.#options = options;
    this.#proof = new RowProof(options);
    const { entries, isDamaged } = options.journal;
    if (entries.length > 0 || isDamaged) this.#restored = replay(entries);
  }

  /** Undefined before the row is claimed. */
  get book(): SeatBook | undefined {
    return this.#book;
  }

  /** Where the server is, as the registrar found out; the newest that came with any reply. */
  get placement(): Placement | undefined {
    return this.#placement;
  }

  /** What the operator wants, by the newest reply, and the beat from which on it is meant for this life. */
  get wishes(): { readonly wanted: OperatorWishes; readonly since: number } {
    return { wanted: this.#wishes, since: this.#claimedAt };
  }

  /** K. */
  get sessions(): number {
    return this.#book ? occupied(this.#book) : 0;
  }

  /** No seat is free, and one has come back since the last beat: the next one may be early. */
  get owesBeat(): boolean {
    return this.#owesBeat && this.#book?.image?.free === 0;
  }

  /** Time since the last write that landed was sent. */
  get provenAgeMs(): number {
    return this.#proof.ageMs;
  }

  /** Lately enough the row was certainly ours. */
  get isLeased(): boolean {
    return this.#proof.isLeased;
  }

  /** Finds out anew whether the row is ours, if that is long ago. Never rejects. */
  async prove(): Promise<boolean> {
    return !this.#isLost && this.#proof.renew(this.#book?.gens.at(-1));
  }

  /** Tries to make the row ours. False: it moved meanwhile, try again. Throws OnedoorError `registry.*`. */
  async claim(): Promise<boolean> {
    const { key, store, journal, clock, rng, timing, isCounted } = this.#options;
    const row = await store.get(key);
    const gen = bytesToHex(rng.bytes(GEN_BYTES));
    const start = startLife(row, this.#restored, gen, clock.wallMs());
    if (start.resumes && this.#restored) {
      journal.append(start.journal);
      // The claim may land while its reply is lost: then the row's life is this one.
      this.#restored = { ...this.#restored, gens: [...this.#restored.gens, gen] };
    }
    const sentAtMs = clock.monoMs();
    const reply = await store.write(key, start.command);
    const seats = reply.row?.seats;
    if (!reply.ok || !seats) return false;
    const nowMs = clock.monoMs();
    const book = openBook(start, this.#restored, seats, nowMs, { counted: isCounted, timing });
    // Nobody was ever given a seat here, and the game lets nobody in without us.
    const isFresh = start.command.kind === 'create' && this.#restored === undefined && !isCounted;
    this.#book = isFresh ? markKnown(book) : book;
    this.#proof.landed(sentAtMs);
    this.#raiseFromMs = raisesFromMs(start, nowMs, timing);
    this.#placement = reply.row?.placement;
    this.#wishes = reply.row ?? {};
    this.#claimedAt = seats.beat;
    this.#compact(this.#book);
    return true;
  }

  /** One beat, computed now and sent once. Never rejects for a registry that is away. */
  async beat(wish: BeatWish, onTrouble: (error: unknown) => void): Promise<BeatResult> {
    const { key, store, journal, clock, timing } = this.#options;
    try {
      if (this.#isUnsure) {
        const row = await store.get(key);
        this.#isUnsure = false;
        if (!this.#adopt({ ok: false, row })) return 'lost';
      }
      const plan = this.#book && planBeat(this.#book, wish, clock.monoMs(), clock.wallMs(), timing);
      if (!plan || this.#isLost) return 'lost';
      journal.append(plan.journal);
      this.#book = plan.book;
      this.#owesBeat = false;
      const command = withinLease(plan.command, this.#raiseFromMs, clock.monoMs());
      const sentAtMs = clock.monoMs();
      this.#isUnsure = true;
      const reply = await store.write(key, command);
      this.#isUnsure = false;
      if (!this.#adopt(reply)) return 'lost';
      if (reply.ok) this.#proof.landed(sentAtMs);
      this.#tidy();
      return reply.ok ? 'ok' : 'again';
    } catch (error) {
      onTrouble(error);
      return 'unknown';
    }
  }

  /** A verified ticket was shown. `direct`: its seat is void, go on with `takeDirect`. */
  activate(claim: SeatClaim, refusal?: Refusal): Admission {
    const book = this.#book;
    if (!book) return refuse('agent.not-ready');
    const change = activate(book, claim);
    const { result } = change;
    if (result.ok ? result.resumed : !result.direct) return result;
    // A living session may always come back; from here on somebody new would be let in.
    const blocked = this.#blocked() ?? refusal;
    if (blocked) return blocked;
    if (!result.ok) return result;
    return this.#commit(change) ? result : refuse('agent.not-ready');
  }

  /** Gives an unused seat back; true if it was one. */
  cancel(claim: SeatClaim): boolean {
    // A counted game cannot tell which seat a player came on: his could be another's (docs/SEATS.md), so it just expires.
    if (!this.#book || this.#isLost || this.#options.isCounted) return false;
    const change = cancel(this.#book, claim);
    if (!change.result || !this.#commit(change)) return false;
    this.#owesBeat = true;
    return true;
  }

  /** A join without a seat: takes one on the own row. Refused: `agent.full`, `agent.not-ready`, `registry.*`. */
  async takeDirect(sub?: string): Promise<Admission> {
    const taken = await this.takeOwn(1);
    if ('code' in taken) return taken;
    return this.change((book) => admitDirect(book, taken.gen, taken.last, sub)) ?? refuse('agent.not-ready');
  }

  /** Takes seats at the own row. Refused: `agent.full` (there are fewer), `agent.not-ready`, `registry.*`. */
  async takeOwn(k: number): Promise<TakenSeats | Refusal> {
    await this.prove();
    const blocked = this.#blocked();
    if (blocked) return blocked;
    const { clock, rng, timing } = this.#options;
    const command: TakeCommand = { kind: 'take', k, token: bytesToHex(rng.bytes(TOKEN_BYTES)) };
    const sentAtMs = clock.monoMs();
    const reply = await writeTake(command, sentAtMs + timing.holdMs, this.#options);
    if ('code' in reply) return reply;
    const outcome = readTakeReply(command, reply, sentAtMs, clock.monoMs(), timing);
    const seats = reply.row?.seats;
    const book = this.#book;
    if (!book || !seats || seats.gen !== book.gens.at(-1)) return refuse('agent.not-ready');
    this.#book = sawImage(book, seats, clock.monoMs());
    const isFull = seats.state === 'ready' && !outcome.ok && outcome.code === 'assign.no-capacity';
    if (!outcome.ok) return refuse(isFull ? 'agent.full' : 'agent.not-ready');
    // Since the take was sent, this life may have ended.
    return this.#blocked() ?? outcome.seats;
  }

  /** Changes the book. Undefined, and nothing is changed: there is none, or it could not be journalled. */
  change<T>(run: (book: SeatBook) => BookChange<T>): T | undefined {
    const change = this.#book && !this.#isLost ? run(this.#book) : undefined;
    return change && this.#commit(change) ? change.result : undefined;
  }

  /** The session is over. False: there is none of this id. */
  end(id: string): boolean {
    if (!this.change((book) => endSession(book, id))) return false;
    this.#owesBeat = true;
    return true;
  }

  /** Somebody is on the game whom nobody asked us about. */
  adopt(id: string, sub?: string): SeatSession | undefined {
    return this.change((book) => adoptWalkIn(book, id, sub));
  }

  /** From now on the sessions here are the truth: after a restart without journal the game has named all of them. */
  sessionsAreKnown(): void {
    if (!this.#book || this.#book.known) return;
    this.#book = markKnown(this.#book);
    this.#compact(this.#book);
  }

  /** A query of a counted game was answered. */
  observe(count: number, sentAtMs: number): void {
    const before = this.#book;
    if (!before) return;
    const { clock, timing } = this.#options;
    const change = observeCount(before, { count, sentAtMs }, clock.monoMs(), timing);
    const fell = (change.book.counted?.k ?? 0) < (before.counted?.k ?? 0);
    if (!this.#commit(change)) return;
    if (fell) this.#owesBeat = true;
    if (change.book.known && !before.known) this.#compact(change.book);
  }

  #blocked(): Refusal | undefined {
    const isOurs = this.#book !== undefined && !this.#isLost && this.isLeased;
    return isOurs ? undefined : refuse('agent.not-ready');
  }

  /** Takes over the row of a reply. False: it is not ours any more. */
  #adopt(reply: WriteReply): boolean {
    if (!this.#book) return false;
    const { book, verdict } = readBeatReply(this.#book, reply, this.#options.clock.monoMs());
    if (verdict === 'lost') {
      this.#isLost = true;
      this.#options.onLost(reply.row?.seats ? 'another agent has claimed the row' : 'the row is gone');
      return false;
    }
    this.#book = book;
    this.#placement = reply.row?.placement ?? this.#placement;
    this.#wishes = reply.row ?? {};
    return true;
  }

  /** Journal first. False: it could not be written, and nothing has changed. */
  #commit(change: BookChange<unknown>): boolean {
    try {
      this.#options.journal.append(change.journal);
    } catch {
      return false;
    }
    this.#book = change.book;
    return true;
  }

  #tidy(): void {
    if (!this.#book || !this.#options.journal.isLong()) return;
    this.#book = forgetFailovers(this.#book, this.#options.clock.wallMs());
    this.#compact(this.#book);
  }

  #compact(book: SeatBook): void {
    this.#options.journal.rewrite(snapshot(book));
  }
}
