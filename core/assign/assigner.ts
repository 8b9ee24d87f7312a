import { refuse } from '../errors.ts';
import type { AgentStore, Clock, Rng, Signer } from '../ports.ts';
import type { RosterView } from '../registry/roster.ts';
import type { Placement } from '../registry/row.ts';
import { DEFAULT_TIMING, type SeatTiming } from '../registry/timing.ts';
import type { Choice } from '../select/choices.ts';
import { issueTicket } from '../ticket/issue.ts';
import { createFullCheck, type FullCheck } from './full-check.ts';
import { createLiveView, type LiveView } from './live-view.ts';
import { choicesOf, countCandidates, type PlacingOptions, pickFrom, RETRY_FULL_MS, type Tried } from './placing.ts';
import { takeSeats } from './seat-taker.ts';
import { createStock, type SeatInHand, type Stock } from './stock.ts';
import type { Assignment, AssignOutcome, AssignRequest } from './types.ts';

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
const RETRY_UNAVAILABLE_MS = 1_000;
const UNAVAILABLE = refuse('assign.unavailable', { retryAfterMs: RETRY_UNAVAILABLE_MS });

/** Names the server, not its index: a newer roster may be adopted at any await. */
interface SeatAt {
  readonly server: Placement;
  readonly seat: SeatInHand;
  readonly fromStock: boolean;
}

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
  private adopted: RosterView;

  constructor(options: AssignerOptions) {
    this.options = options;
    this.timing = options.timing ?? DEFAULT_TIMING;
    this.stock = createStock(this.timing);
    this.adopted = options.roster.view();
    this.live = createLiveView(this.adopted);
    this.check = createFullCheck({
      clock: options.clock,
      read: (key) => options.store.get(key),
      learn: (id, row) => this.at(id, (index) => this.live.learn(index, row)),
    });
  }

  view(): RosterView {
    const newest = this.options.roster.view();
    if (newest !== this.adopted) {
      this.adopted = newest;
      this.live.adopt(newest);
    }
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

  async assign(request: AssignRequest): Promise<AssignOutcome> {
    const { policy, service, rng } = this.options;
    const client = request.client ?? request.source.address;
    const query = { client, source: request.source, service, rng };
    const tried: Tried[] = [];
    let checked = false;
    while (tried.length < MAX_TAKES) {
      const choices = choicesOf(this.options, this.view(), request, tried);
      if ('code' in choices) return choices;
      const index = pickFrom(policy, choices, query);
      if (index < 0) {
        // "Full" is said only after a fresh consistent read.
        const free = checked ? false : await this.anyFree(request, choices);
        if (free === 'unreached') return UNAVAILABLE;
        if (!free) break;
        checked = true;
        tried.length = 0;
        continue;
      }
      const { id } = this.live.view.entries[index]!.server;
      const seat = await this.seatAt(index);
      if (seat === 'refused') {
        tried.push({ id, code: 'assign.no-capacity' });
        continue;
      }
      if (seat !== 'unreached') return this.finish(request, client, seat, choices, tried);
      tried.push({ id, code: 'registry.unreachable' });
      const spare = this.anyStocked(choices);
      return spare ? this.finish(request, client, spare, choices, tried) : UNAVAILABLE;
    }
    return refuse('assign.no-capacity', { retryAfterMs: RETRY_FULL_MS });
  }

  /** A seat at the server of `index`: from stock, else by a take. */
  private async seatAt(index: number): Promise<SeatAt | 'refused' | 'unreached'> {
    const { clock } = this.options;
    const entry = this.live.view.entries[index]!;
    const { server } = entry;
    const kept = this.handOut(server, index);
    this.stock.given(server.id, clock.monoMs());
    if (kept) return { server, seat: kept, fromStock: true };
    const wanted = this.options.stock ? this.batchAt(index) : 1;
    const beatAfter = this.options.roster.degraded() ? entry.status.beat : undefined;
    const deps = { ...this.options, timing: this.timing };
    let taken = await takeSeats(deps, entry.key, wanted, beatAfter);
    if (!taken.ok && taken.reached && wanted > 1 && (taken.row?.seats?.free ?? 0) > 0) {
      taken = await takeSeats(deps, entry.key, 1, beatAfter);
    }
    if (!taken.ok) {
      if (!taken.reached) return 'unreached';
      const { row } = taken;
      this.at(server.id, (now) => this.live.learn(now, row));
      return 'refused';
    }
    this.stock.put(server.id, taken.seats, taken.expiresWallMs);
    const now = this.live.view.indexOf.get(server.id);
    if (now === undefined) return 'refused';
    this.live.learn(now, taken.row);
    this.live.stocked(now, taken.seats.last - taken.seats.first + 1);
    const seat = this.handOut(server, now);
    return seat ? { server, seat, fromStock: false } : 'refused';
  }

  private batchAt(index: number): number {
    const { free, capacity, entries } = this.live.view;
    return this.stock.batch(entries[index]!.server.id, this.options.clock.monoMs(), free[index]!, capacity[index]!);
  }

  private handOut(server: Placement, index: number): SeatInHand | undefined {
    const seat = this.stock.hand(server.id, this.options.clock.monoMs());
    if (seat) this.live.stocked(index, -1);
    return seat;
  }

  /** The registry is away: any server that this request may have and that has a seat on hand. */
  private anyStocked(choices: readonly Choice[]): SeatAt | undefined {
    const { entries, open } = this.live.view;
    for (const { pool, allowed } of choices) {
      for (const index of pool.members) {
        if (open[index] !== 1 || !allowed(index)) continue;
        const { server } = entries[index]!;
        const seat = this.handOut(server, index);
        if (seat) return { server, seat, fromStock: true };
      }
    }
    return undefined;
  }

  private async anyFree(request: AssignRequest, choices: readonly Choice[]): Promise<boolean | 'unreached'> {
    const widest = choices.at(-1);
    const members = widest?.pool.members.filter((index) => widest.allowed(index));
    if (!widest || !members || members.length === 0) return false;
    const name = [request.app, request.world, request.pick, request.family].join('\n');
    try {
      return await this.check.anyFree(name, { view: widest.pool.view, members });
    } catch {
      return 'unreached';
    }
  }

  private finish(
    request: AssignRequest,
    client: Uint8Array,
    at: SeatAt,
    choices: readonly Choice[],
    tried: readonly Tried[],
  ): Assignment {
    const { iss, signer, clock, roster, policy } = this.options;
    const issued = issueTicket({ iss, server: at.server, seat: at.seat, client, wallMs: clock.wallMs() }, signer);
    const answer: Assignment = { ok: true, server: at.server, ...issued };
    if (!request.explain) return answer;
    return {
      ...answer,
      explain: {
        policy: policy.name,
        candidates: countCandidates(choices),
        rosterVersion: this.live.view.version,
        rosterAgeMs: Math.round(roster.ageMs()),
        refused: tried,
        fromStock: at.fromStock,
      },
    };
  }

  private at(id: string, run: (index: number) => void): void {
    const index = this.live.view.indexOf.get(id);
    if (index !== undefined) run(index);
  }
}
