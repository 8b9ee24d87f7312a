import { refuse } from '../errors.ts';
import type { AgentStore, Clock, Rng, Signer } from '../ports.ts';
import type { RosterView } from '../registry/roster.ts';
import { DEFAULT_TIMING, type SeatTiming } from '../registry/timing.ts';
import type { Choice } from '../select/choices.ts';
import { alternatesOf } from './alternates.ts';
import { assignmentOf } from './assignment-of.ts';
import { createFullCheck, type FullCheck } from './full-check.ts';
import { createLiveView, type LiveView } from './live-view.ts';
import { choicesOf, explain, type PlacingOptions, pickFrom, RETRY_FULL_MS, type Tried, withSeats } from './placing.ts';
import { createRowTakes, type OnTake, type RowTakes } from './row-takes.ts';
import { createSeatSource, type SeatAt, type SeatSource } from './seat-source.ts';
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
  /** Take seats ahead of clients; without, every take is for one client. */
  readonly stock: boolean;
  /** Told what became of each take. @default nobody */
  readonly onTake?: OnTake;
  /** Pools of up to so many servers are read anew before anybody is told that they are full. @default 16 */
  readonly readAnewUpTo?: number;
}

export interface Assigner {
  /** Gives one client a seat and its ticket, or says why not. Never throws for reasons that lie in the registry. */
  assign(request: AssignRequest): Promise<AssignOutcome>;
  /** The newest roster, corrected by this assigner's own takes. */
  view(): RosterView;
  /** Seats taken ahead of clients, on hand. */
  stocked(): number;
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

/** The use case of the whole product: roster -> policy -> seat -> ticket. */
export function createAssigner(options: AssignerOptions): Assigner {
  return new SeatAssigner(options);
}

class SeatAssigner implements Assigner {
  private readonly options: AssignerOptions;
  private readonly source: SeatSource;
  private readonly live: LiveView;
  private readonly check: FullCheck;
  private readonly takes: RowTakes;
  private awayUntilMs = Number.NEGATIVE_INFINITY;

  constructor(options: AssignerOptions) {
    this.options = options;
    const timing = options.timing ?? DEFAULT_TIMING;
    this.live = createLiveView(options.roster.view, () => this.takes.forget());
    this.takes = createRowTakes({ ...options, timing, live: this.live });
    this.source = createSeatSource({
      ...options,
      live: this.live,
      takes: this.takes,
      timing,
      byLoad: options.policy.byLoad === true,
    });
    this.check = createFullCheck({
      clock: options.clock,
      read: (key) => options.store.get(key),
      learn: this.takes.learn,
      ...(options.readAnewUpTo !== undefined && { readAnewUpTo: options.readAnewUpTo }),
    });
  }

  view(): RosterView {
    return this.live.view;
  }

  stocked(): number {
    return this.source.stocked();
  }

  sweep(): void {
    this.source.sweep();
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
      const picked = mayTake ? pickFrom(policy, fitting, query) : -1;
      if (picked < 0) {
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
      const index = k === 1 ? this.source.whereFor(picked, fitting[0]!.allowed) : picked;
      const { id } = this.live.view.entries[index]!.server;
      const askedAtMs = this.options.clock.monoMs();
      const seat = this.isAway ? 'unreached' : await this.source.seatAt(index, k);
      if (seat === 'refused') {
        tried.push({ id, code: 'assign.no-capacity' });
        continue;
      }
      if (seat !== 'unreached') return this.finish(request, holders, seat, choices, tried);
      const refusal = this.notAnswered(askedAtMs);
      tried.push({ id, code: 'registry.unreachable' });
      const spare = k === 1 && this.source.anyStocked(choices);
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
}
