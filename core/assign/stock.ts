import type { TakenSeats } from '../registry/take.ts';

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
  /** Seats on hand, also those that are too old and not swept yet. */
  size(): number;
  /** Drops what is too old; calls back with each server's loss. */
  sweep(nowMs: number, lost: (id: string, count: number) => void): void;
}

interface Lot {
  readonly gen: string;
  next: number;
  readonly last: number;
  readonly usableUntilMs: number;
  readonly expiresWallMs: number;
}

export function createStock(): Stock {
  const lots = new Map<string, Lot[]>();

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
    size() {
      let seats = 0;
      for (const here of lots.values()) for (const lot of here) seats += lot.last - lot.next + 1;
      return seats;
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
    },
  };
}
