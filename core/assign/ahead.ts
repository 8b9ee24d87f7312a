import type { RosterView } from '../registry/roster.ts';
import type { SeatTiming } from '../registry/timing.ts';
import { type Cell, type Cells, createCells } from './cells.ts';
import { countDemand, type Demand, newDemand, recentDemand } from './demand.ts';

/**
 * How many seats an assigner takes ahead of clients, and where it hands them out (docs/SEATS.md, "Stock"). What all
 * assigners hold together stays within `max(1 a server, 2 % of the free seats)`, of which each has its share.
 */
export interface Ahead {
  /** A client wants a seat at the server of `index`: demand, which takes follow. */
  wanted(index: number): void;
  /** How many to take at `index` now: one for the client who waits, the rest ahead of others. */
  batch(index: number): number;
  /**
   * Where a policy goes by load, a server with seats on hand that is about as empty as that of `index`; else undefined. So
   * what is held is held at few servers, more at each, for fewer writes.
   */
  onHand(index: number, allowed: (index: number) => boolean): number | undefined;
  /** Where a policy goes by load, a server of the last takes, if `index` is likely to be fuller by now; else `index`. */
  whereToTake(index: number, allowed: (index: number) => boolean): number;
  /** Seats on hand at server `id`, or on their way to nobody yet: more (positive) or fewer. */
  held(id: string, change: number): void;
  /** A take of k came back from server `id`, whose serials now end at `issued`. */
  took(id: string, k: number, issued: number): void;
}

export interface AheadOptions {
  readonly view: () => RosterView;
  readonly monoMs: () => number;
  readonly timing: SeatTiming;
  /** Whether the policy goes by load alone, so that a server that is as empty will do as well. */
  readonly byLoad: boolean;
}

/** Below this share of free seats nothing is taken ahead: a seat in stock is a seat that another door lacks. */
const SCARCE_SHARE = 0.05;
/** What all assigners together may hold back of the free seats. */
const AHEAD_SHARE = 0.02;
/** Of one server's free seats, so that its last ones are not all with one door. */
const SERVER_FREE_SHARE = 0.2;
/** Of one server's capacity, where any server will do: so far one batch raises its load. */
const SERVER_SHARE = 0.015;
/** A little more than that: a batch is handed out whole before its server is too full beside the one that was picked. */
const SLACK_SHARE = 0.02;
/** So much of W's demand is held where any server will do: what is not handed out within W is lost. */
const DEMAND_SHARE = 0.2;
/** Servers with seats on hand that one request looks at. */
const MOST_LOOKED_AT = 16;

export function createAhead(options: AheadOptions): Ahead {
  return new SeatsAhead(options);
}

class SeatsAhead implements Ahead {
  private readonly options: AheadOptions;
  private readonly halfMs: number;
  /** By server id; only where it matters which one a client gets. */
  private readonly demands = new Map<string, Demand>();
  private readonly cells: Cells;

  constructor(options: AheadOptions) {
    this.options = options;
    this.halfMs = options.timing.holdMs / 2;
    this.cells = createCells(this.halfMs, ({ indexOf }) => {
      for (const id of this.demands.keys()) if (!indexOf.has(id)) this.demands.delete(id);
    });
  }

  wanted(index: number): void {
    const nowMs = this.options.monoMs();
    if (this.options.byLoad) {
      countDemand(this.cellAt(index).demand, nowMs, this.halfMs);
      return;
    }
    const id = this.idAt(index);
    let demand = this.demands.get(id);
    if (!demand) {
      demand = newDemand(nowMs);
      this.demands.set(id, demand);
    }
    countDemand(demand, nowMs, this.halfMs);
  }

  batch(index: number): number {
    const { free, capacity } = this.options.view();
    const here = free[index]!;
    const seats = capacity[index]!;
    if (here < seats * SCARCE_SHARE) return 1;
    const cell = this.cellAt(index);
    const fair = this.options.byLoad ? this.fairBatch(cell, seats) : this.recentAt(index);
    const spared = 1 + Math.max(1, Math.floor(here * SERVER_FREE_SHARE));
    return Math.max(1, Math.min(fair, spared, 1 + this.roomIn(cell)));
  }

  onHand(index: number, allowed: (index: number) => boolean): number | undefined {
    if (!this.options.byLoad) return undefined;
    const { free, capacity, open, indexOf } = this.options.view();
    let best = -1;
    let looks = 0;
    for (const id of this.cellAt(index).onHand.keys()) {
      if (looks++ === MOST_LOOKED_AT) break;
      const at = indexOf.get(id)!;
      if (open[at] !== 1 || !allowed(at)) continue;
      if (best === -1 || free[at]! * capacity[best]! > free[best]! * capacity[at]!) best = at;
    }
    if (best === -1) return undefined;
    return free[best]! / capacity[best]! + SLACK_SHARE >= free[index]! / capacity[index]! ? best : undefined;
  }

  whereToTake(index: number, allowed: (index: number) => boolean): number {
    if (!this.options.byLoad) return index;
    const { view, monoMs } = this.options;
    const { recent, members } = this.cellAt(index);
    return recent.insteadOf(index, { view: view(), members, allowed, nowMs: monoMs() });
  }

  held(id: string, change: number): void {
    const index = this.options.view().indexOf.get(id);
    if (index !== undefined) this.cellAt(index).change(id, change);
  }

  took(id: string, k: number, issued: number): void {
    const index = this.options.view().indexOf.get(id);
    if (index === undefined) return;
    const { share, recent } = this.cellAt(index);
    share.took(id, k, issued, this.options.monoMs());
    recent.took(index);
  }

  /** What of the demand is not on hand yet, as far as it leaves the servers even. */
  private fairBatch(cell: Cell, seats: number): number {
    const recent = recentDemand(cell.demand, this.options.monoMs(), this.halfMs);
    return Math.min(Math.ceil(recent * DEMAND_SHARE) - cell.idle, Math.floor(seats * SERVER_SHARE));
  }

  /** What was wanted at this very server in the last W. */
  private recentAt(index: number): number {
    const demand = this.demands.get(this.idAt(index));
    return demand ? recentDemand(demand, this.options.monoMs(), this.halfMs) : 0;
  }

  /** How many more seats this assigner may hold in the cell. */
  private roomIn(cell: Cell): number {
    const nowMs = this.options.monoMs();
    const most = Math.max(cell.members.length, cell.free(this.options.view(), nowMs) * AHEAD_SHARE);
    return Math.floor(most * cell.share.now(cell.members.length, nowMs)) - cell.idle;
  }

  private cellAt(index: number): Cell {
    return this.cells.at(this.options.view(), index, this.options.monoMs());
  }

  private idAt(index: number): string {
    return this.options.view().entries[index]!.server.id;
  }
}
