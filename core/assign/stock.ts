import type { TakenSeats } from '../registry/take.ts';
import type { SeatTiming } from '../registry/timing.ts';

/** One seat out of a take, and the wall time in ms at which its ticket expires (sending + W + A). */
export interface SeatInHand {
  readonly gen: string;
  readonly serial: number;
  readonly expiresWallMs: number;
}

/**
 * Seats taken ahead of clients, by server id (docs/SEATS.md, "stock"). They may be handed out within W of sending and
 * are simply forgotten after that: their serials expire at the agent like any unused ticket.
 */
export interface Stock {
  /** Puts what a take won beside what is left. */
  put(id: string, seats: TakenSeats, expiresWallMs: number): void;
  /** Hands out the oldest live seat; undefined if there is none. */
  hand(id: string, nowMs: number): SeatInHand | undefined;
  /** Drops what is too old; calls back with each server's loss. */
  sweep(nowMs: number, lost: (id: string, count: number) => void): void;
  /**
   * How many seats to take at `id` now: one for the client who waits, and ahead of others as many as were given there
   * in the last W, but no more than `max(1, 2 % of free)`; where less than 5 % is free, none ahead.
   */
  batch(id: string, nowMs: number, free: number, capacity: number): number;
  /** One seat was given at `id`: demand that `batch` follows. */
  given(id: string, nowMs: number): void;
}

interface Lot {
  readonly gen: string;
  next: number;
  readonly last: number;
  readonly usableUntilMs: number;
  readonly expiresWallMs: number;
}

/** Demand in two half windows: the current one and the one before, so that old demand is forgotten within 2 W. */
interface Demand {
  windowStartMs: number;
  current: number;
  previous: number;
}

/** Below this share of free seats nothing is taken ahead: a seat in stock is a seat that another door lacks. */
const SCARCE_SHARE = 0.05;
/** What one assigner may hold back of a server's free seats: by the roster of the others they are taken. */
const AHEAD_SHARE = 0.02;

export function createStock(timing: SeatTiming): Stock {
  const lots = new Map<string, Lot[]>();
  const demands = new Map<string, Demand>();
  const halfMs = timing.holdMs / 2;

  const roll = (demand: Demand, nowMs: number): void => {
    const passed = Math.floor((nowMs - demand.windowStartMs) / halfMs);
    if (passed <= 0) return;
    demand.previous = passed === 1 ? demand.current : 0;
    demand.current = 0;
    demand.windowStartMs += passed * halfMs;
  };

  return {
    put(id, seats, expiresWallMs) {
      const lot: Lot = {
        gen: seats.gen,
        next: seats.first,
        last: seats.last,
        usableUntilMs: seats.usableUntilMs,
        expiresWallMs,
      };
      const here = lots.get(id);
      if (here) here.push(lot);
      else lots.set(id, [lot]);
    },
    hand(id, nowMs) {
      const here = lots.get(id);
      const lot = here?.find((candidate) => candidate.usableUntilMs > nowMs && candidate.next <= candidate.last);
      if (!here || !lot) return undefined;
      const seat = { gen: lot.gen, serial: lot.next++, expiresWallMs: lot.expiresWallMs };
      // A spent lot must not wait for the sweep: where every take is for one client, each leaves one.
      if (lot.next > lot.last) here.splice(here.indexOf(lot), 1);
      if (here.length === 0) lots.delete(id);
      return seat;
    },
    sweep(nowMs, lost) {
      for (const [id, here] of lots) {
        const live = here.filter((lot) => lot.usableUntilMs > nowMs);
        if (live.length === here.length) continue;
        const gone = here
          .filter((lot) => lot.usableUntilMs <= nowMs)
          .reduce((sum, lot) => sum + lot.last - lot.next + 1, 0);
        if (live.length === 0) lots.delete(id);
        else lots.set(id, live);
        lost(id, gone);
      }
      for (const [id, demand] of demands) {
        roll(demand, nowMs);
        if (demand.current === 0 && demand.previous === 0) demands.delete(id);
      }
    },
    batch(id, nowMs, free, capacity) {
      if (free < capacity * SCARCE_SHARE) return 1;
      const demand = demands.get(id);
      if (!demand) return 1;
      roll(demand, nowMs);
      const wanted = demand.current + demand.previous;
      return Math.max(1, Math.min(wanted, 1 + Math.max(1, Math.floor(free * AHEAD_SHARE))));
    },
    given(id, nowMs) {
      const demand = demands.get(id);
      if (!demand) {
        demands.set(id, { windowStartMs: nowMs, current: 1, previous: 0 });
        return;
      }
      roll(demand, nowMs);
      demand.current++;
    },
  };
}
