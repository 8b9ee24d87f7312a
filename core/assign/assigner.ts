import { refuse } from '../errors.ts';
import type { AgentStore, Clock, Rng, Signer } from '../ports.ts';
import type { RosterView } from '../registry/roster.ts';
import type { Placement } from '../registry/row.ts';
import { DEFAULT_TIMING, type SeatTiming } from '../registry/timing.ts';
import type { Choice } from '../select/choices.ts';
import { alternatesOf } from './alternates.ts';
import { assignmentOf } from './assignment-of.ts';
import { createFullCheck, type FullCheck } from './full-check.ts';
import { createLiveView, type LiveView } from './live-view.ts';
import { choicesOf, explain, type PlacingOptions, pickFrom, RETRY_FULL_MS, type Tried, withSeats } from './placing.ts';
import { createRowTakes, type RowTakes } from './row-takes.ts';
import { createStock, type SeatInHand, type Stock } from './stock.ts';
import type { Assignment, AssignOutcome, AssignRequest } from './types.ts';
import { inLine, type WaitLine } from './wait-line.ts';

/** The roster as an assigner gets it: from the shards, or in tests by hand. */
export interface RosterSource {
  view(): RosterView;
  /** Milliseconds since the roster was last confirmed by its writer. */
  ageMs(): number;
  /** True when the writer has stood still: beats no longer say anything, takes must find a later one themselves. */
  degraded(): boolean;
}

export interface AssignerOptions extends PlacingOptions {
  readonly store: Pick<AgentStore, 'write' | 'get'>;
  readonly roster: RosterSource;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly rng: Rng;
  /** The deployment's name, `iss` of every ticket. */
  readonly iss: string;
  /** The configured public address and probe port of the door. */
  readonly service: { readonly address: Uint8Array; readonly port: number };
  readonly timing?: SeatTiming;
  /** Absent: who was refused comes back like anybody else. */
  readonly waitLine?: WaitLine;
  /** Take seats ahead of clients (gateways); without, every take is for one client. */
  readonly stock: boolean;
}

export interface Assigner {
  /** Gives one client a seat and its ticket, or says why not. Never throws for reasons that lie in the registry. */
  assign(request: AssignRequest): Promise<AssignOutcome>;
  /** The newest roster, corrected by this assigner's own takes. */
  view(): RosterView;
  /** Forgets stock that is too old; call it about once a second. */
  sweep(): void;
  /** A classic answer named the server at `index` (+1), or its hint expired (-1). */
  hinted(index: number, change: number): void;
}

/** Takes that one request may cost before the assigner gives up; each refused one corrects the view first. */
const MAX_TAKES = 32;
/** After a call that was waited for in vain: how long seats on hand are all that is given, so that clients need not wait. */
const AWAY_MS = 1_000;
const SLOW_MS = 500;
const HOLDER_BYTES = 16;
const RETRY_UNAVAILABLE_MS = 1_000;
const FULL = refuse('assign.no-capacity', { retryAfterMs: RETRY_FULL_MS });
const UNAVAILABLE = refuse('assign.unavailable', { retryAfterMs: RETRY_UNAVAILABLE_MS });

/** Names the server, not its index: a newer roster may be adopted at any await. */
interface SeatAt {
  readonly server: Placement;
  /** One, or as many as the party has clients. */
  readonly seats: readonly SeatInHand[];
  readonly fromStock: boolean;
}

/** `refused`: no seat here; `unreached`: the registry did not answer in time. */
type Sought = SeatAt | 'refused' | 'unreached';

/** The use case of the whole product: roster -> policy -> seat -> ticket. */
export function createAssigner(options: AssignerOptions): Assigner {
  return new SeatAssigner(options);
}

class SeatAssigner implements Assigner {
  private readonly options: AssignerOptions;
  private readonly timing: SeatTiming;
  private readonly stock: Stock;
  private readonly live: LiveView;
  private readonly check: FullCheck;
  private readonly takes: RowTakes;
  /** Takes ahead of clients: those who come while one is under way wait for its seats, as far as they go. */
  private readonly underWay = new Map<string, { readonly done: Promise<Sought>; spare: number }>();
  private awayUntilMs = Number.NEGATIVE_INFINITY;

  constructor(options: AssignerOptions) {
    this.options = options;
    this.timing = options.timing ?? DEFAULT_TIMING;
    this.stock = createStock(this.timing);
    this.live = createLiveView(options.roster.view, () => this.takes.forget());
    this.takes = createRowTakes({ ...options, timing: this.timing, live: this.live });
    this.check = createFullCheck({
      clock: options.clock,
      read: (key) => options.store.get(key),
      learn: this.takes.learn,
    });
  }

  view(): RosterView {
    return this.live.view;
  }

  sweep(): void {
    this.stock.sweep(this.options.clock.monoMs(), (id, count) => {
      this.at(id, (index) => this.live.stocked(index, -count));
    });
  }

  hinted(index: number, change: number): void {
    this.live.hinted(index, change);
  }

  assign(request: AssignRequest): Promise<AssignOutcome> {
    const { waitLine: line, defaultApp } = this.options;
    const found = () => choicesOf(this.options, this.view(), request, []);
    const seek = () => this.seek(request);
    return line ? inLine({ line, request, defaultApp, found, seek, pace: this.check.pace }) : seek();
  }

  private async seek(request: AssignRequest): Promise<AssignOutcome> {
    const { policy, service, rng } = this.options;
    const { source, latencies, party, client = party?.[0] } = request;
    const query = { client: client ?? source.address, source, service, rng, ...(latencies && { latencies }) };
    // Many clients share one address: a ticket is bound to its client's identity or to nobody else's.
    const holders = party ?? [client ?? rng.bytes(HOLDER_BYTES)];
    const k = holders.length;
    const tried: Tried[] = [];
    let isChecked = false;
    for (;;) {
      const choices = choicesOf(this.options, this.view(), request, tried);
      if ('code' in choices) return choices;
      const mayTake = tried.length < MAX_TAKES;
      // Some policies do not look at free seats: once they are known, the rest is out of the question.
      const fitting = isChecked || k > 1 ? withSeats(choices, k) : choices;
      const index = mayTake ? pickFrom(policy, fitting, query) : -1;
      if (index < 0) {
        if (isChecked) return mayTake ? FULL : UNAVAILABLE;
        // "Full" is said only after a fresh consistent read.
        const askedAtMs = this.options.clock.monoMs();
        const free = this.isAway ? 'unreached' : await this.anyFree(request, k);
        if (free === 'unreached') return this.notAnswered(askedAtMs);
        if (!free) return FULL;
        isChecked = true;
        tried.length = 0;
        continue;
      }
      const { id } = this.live.view.entries[index]!.server;
      const askedAtMs = this.options.clock.monoMs();
      const seat = this.isAway ? 'unreached' : await this.seatAt(index, k);
      if (seat === 'refused') {
        tried.push({ id, code: 'assign.no-capacity' });
        continue;
      }
      if (seat !== 'unreached') return this.finish(request, holders, seat, choices, tried);
      const refusal = this.notAnswered(askedAtMs);
      tried.push({ id, code: 'registry.unreachable' });
      const spare = k === 1 && this.anyStocked(choices);
      return spare ? this.finish(request, holders, spare, choices, tried) : refusal;
    }
  }

  private get isAway(): boolean {
    return this.options.clock.monoMs() < this.awayUntilMs;
  }

  /** A failure that comes at once costs nobody time; one that had to be waited for is remembered. */
  private notAnswered(askedAtMs: number): typeof UNAVAILABLE {
    const nowMs = this.options.clock.monoMs();
    if (nowMs - askedAtMs >= SLOW_MS) this.awayUntilMs = nowMs + AWAY_MS;
    return UNAVAILABLE;
  }

  /** A seat at the server of `index`: from stock, from a take that is under way, else by a take; k of them by one take. */
  private async seatAt(index: number, k: number): Promise<Sought> {
    const { stock, clock } = this.options;
    if (k > 1) return this.takeTogether(index, k);
    const { server } = this.live.view.entries[index]!;
    const kept = this.handOut(server);
    if (!stock) return kept ?? this.takeAt(index, 1);
    this.stock.given(server.id, clock.monoMs());
    if (kept) return kept;
    const ahead = this.underWay.get(server.id);
    if (ahead && ahead.spare > 0) {
      ahead.spare--;
      const outcome = await ahead.done;
      if (typeof outcome === 'string') return outcome;
      const seat = this.handOut(server);
      if (seat) return seat;
    }
    const now = this.live.view.indexOf.get(server.id);
    return now === undefined ? 'refused' : this.takeAhead(now);
  }

  /** Takes what demand asks for, and lets those who come meanwhile share it: else each of them would take as much. */
  private takeAhead(index: number): Promise<Sought> {
    const { free, capacity, entries } = this.live.view;
    const { id } = entries[index]!.server;
    const wanted = this.stock.batch(id, this.options.clock.monoMs(), free[index]!, capacity[index]!);
    const done = this.takeAt(index, wanted);
    const underWay = { done, spare: wanted - 1 };
    this.underWay.set(id, underWay);
    const clear = (): void => {
      if (this.underWay.get(id) === underWay) this.underWay.delete(id);
    };
    done.then(clear, clear);
    return done;
  }

  /** All seats of a party by one write, beside the stock: all or none. */
  private async takeTogether(index: number, k: number): Promise<Sought> {
    const { server } = this.live.view.entries[index]!;
    const taken = await this.takes.take(index, k, false);
    if (typeof taken === 'string') return taken;
    const { gen, first } = taken.seats;
    const { expiresWallMs } = taken;
    const seats = Array.from({ length: k }, (_, n) => ({ gen, serial: first + n, expiresWallMs }));
    return { server, seats, fromStock: false };
  }

  private async takeAt(index: number, wanted: number): Promise<Sought> {
    const { server } = this.live.view.entries[index]!;
    const { id } = server;
    const taken = await this.takes.take(index, wanted, true);
    if (typeof taken === 'string') return taken;
    this.stock.put(id, taken.seats, taken.expiresWallMs);
    this.at(id, (now) => this.live.stocked(now, taken.seats.last - taken.seats.first + 1));
    const seat = this.handOut(server);
    return seat ? { ...seat, fromStock: false } : 'refused';
  }

  private handOut(server: Placement): SeatAt | undefined {
    const seat = this.stock.hand(server.id, this.options.clock.monoMs());
    if (!seat) return undefined;
    this.at(server.id, (index) => this.live.stocked(index, -1));
    return { server, seats: [seat], fromStock: true };
  }

  /** The registry is away: any server that this request may have and that has a seat on hand. */
  private anyStocked(choices: readonly Choice[]): SeatAt | undefined {
    const { indexOf, open } = this.live.view;
    for (const { pool, allowed } of choices) {
      for (const member of pool.members) {
        // The choices are of the view that the request began with; a newer one has other indices.
        const { server } = pool.view.entries[member]!;
        const index = indexOf.get(server.id);
        if (index === undefined || open[index] !== 1 || !allowed(member)) continue;
        const seat = this.handOut(server);
        if (seat) return seat;
      }
    }
    return undefined;
  }

  /** Reads all that the request may have, also what it tried in vain: a seat may have come back since. */
  private async anyFree(request: AssignRequest, k: number): Promise<boolean | 'unreached'> {
    const choices = choicesOf(this.options, this.view(), request, []);
    const widest = 'code' in choices ? undefined : choices.at(-1);
    if (!widest) return false;
    const { view } = widest.pool;
    try {
      const members = widest.pool.members.filter((index) => widest.allowed(index));
      return await this.check.anyFree({ view, members }, k);
    } catch {
      return 'unreached';
    }
  }

  private finish(
    request: AssignRequest,
    holders: readonly Uint8Array[],
    at: SeatAt,
    choices: readonly Choice[],
    tried: readonly Tried[],
  ): Assignment {
    const alternates = alternatesOf(this.view(), at.server, request, holders[0]!);
    const why = request.explain ? explain(this.options, choices, tried, at.fromStock) : undefined;
    return assignmentOf(this.options, { ...at, holders, alternates, why });
  }

  private at(id: string, run: (index: number) => void): void {
    const index = this.live.view.indexOf.get(id);
    if (index !== undefined) run(index);
  }
}
