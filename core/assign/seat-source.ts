import type { Clock } from '../ports.ts';
import type { Placement } from '../registry/row.ts';
import type { SeatTiming } from '../registry/timing.ts';
import type { Choice } from '../select/choices.ts';
import { type Ahead, createAhead } from './ahead.ts';
import type { LiveView } from './live-view.ts';
import type { RowTakes } from './row-takes.ts';
import { createStock, type SeatInHand, type Stock } from './stock.ts';

/** Names the server, not its index: a newer roster may be adopted at any await. */
export interface SeatAt {
  readonly server: Placement;
  /** One, or as many as the party has clients. */
  readonly seats: readonly SeatInHand[];
  readonly fromStock: boolean;
}

/** `refused`: no seat here; `unreached`: the registry did not answer in time. */
export type Sought = SeatAt | 'refused' | 'unreached';

export interface SeatSource {
  /** Where to have the seat that was picked at `index`: there, or where one is on hand that will do as well. */
  whereFor(index: number, allowed: (index: number) => boolean): number;
  /** A seat at the server of `index`: from stock, from a take that is under way, else by a take; k of them by one take. */
  seatAt(index: number, k: number): Promise<Sought>;
  /** The registry is away: any server that this request may have and that has a seat on hand. */
  anyStocked(choices: readonly Choice[]): SeatAt | undefined;
  /** Seats on hand. */
  stocked(): number;
  /** Forgets stock that is too old; call it about once a second. */
  sweep(): void;
}

/** Where an assigner's seats come from: its stock, and takes at the rows, which it makes larger than it needs. */
export function createSeatSource(options: SeatSourceOptions): SeatSource {
  return new StockedSource(options);
}

interface SeatSourceOptions {
  readonly live: LiveView;
  readonly takes: RowTakes;
  readonly clock: Clock;
  readonly timing: SeatTiming;
  /** False: every take is for one client, or one party. */
  readonly stock: boolean;
  /** Whether the policy goes by load alone. */
  readonly byLoad: boolean;
}

class StockedSource implements SeatSource {
  private readonly live: LiveView;
  private readonly takes: RowTakes;
  private readonly clock: Clock;
  private readonly mayTakeAhead: boolean;
  private readonly stock: Stock = createStock();
  private readonly ahead: Ahead;
  /** Takes ahead of clients: those who come while one is under way wait for its seats, as far as they go. */
  private readonly underWay = new Map<string, { readonly done: Promise<Sought>; spare: number }>();

  constructor({ live, takes, clock, timing, stock, byLoad }: SeatSourceOptions) {
    this.live = live;
    this.takes = takes;
    this.clock = clock;
    this.mayTakeAhead = stock;
    this.ahead = createAhead({ view: () => live.view, monoMs: () => clock.monoMs(), timing, byLoad });
  }

  whereFor(index: number, allowed: (index: number) => boolean): number {
    const onHand = this.mayTakeAhead ? this.ahead.onHand(index, allowed) : undefined;
    return onHand ?? this.ahead.whereToTake(index, allowed);
  }

  stocked(): number {
    return this.stock.size();
  }

  sweep(): void {
    this.stock.sweep(this.clock.monoMs(), (id, count) => {
      this.changed(id, -count);
      this.ahead.held(id, -count);
    });
  }

  async seatAt(index: number, k: number): Promise<Sought> {
    const { server } = this.live.view.entries[index]!;
    if (k === 1 && this.mayTakeAhead) {
      this.ahead.wanted(index);
      const kept = this.fromStock(server);
      if (kept) return kept;
    }
    // Who comes before the answer sees the server as full as it will be then.
    this.live.hinted(index, k);
    try {
      return await this.seek(index, server, k);
    } finally {
      const now = this.live.view.indexOf.get(server.id);
      if (now !== undefined) this.live.hinted(now, -k);
    }
  }

  private async seek(index: number, server: Placement, k: number): Promise<Sought> {
    if (k > 1) return this.takeTogether(index, k);
    if (!this.mayTakeAhead) return this.takeAt(index, 1);
    const ahead = this.underWay.get(server.id);
    if (ahead && ahead.spare > 0) {
      ahead.spare--;
      this.ahead.held(server.id, -1);
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
    const { id } = this.live.view.entries[index]!.server;
    const wanted = this.ahead.batch(index);
    const came = (count: number): void => {
      if (this.underWay.get(id) === underWay) this.underWay.delete(id);
      if (count === wanted) return;
      this.ahead.held(id, -underWay.spare);
      underWay.spare = 0;
    };
    this.ahead.held(id, wanted - 1);
    const underWay = { spare: wanted - 1, done: this.takeAt(index, wanted, came) };
    this.underWay.set(id, underWay);
    return underWay.done;
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

  /** @param came how many seats came; called before anybody gets one of them */
  private async takeAt(index: number, wanted: number, came?: (count: number) => void): Promise<Sought> {
    const { server } = this.live.view.entries[index]!;
    const { id } = server;
    const taken = await this.takes.take(index, wanted, true);
    if (typeof taken === 'string') {
      came?.(0);
      return taken;
    }
    const { seats, expiresWallMs } = taken;
    const count = seats.last - seats.first + 1;
    came?.(count);
    this.stock.put(id, seats, expiresWallMs);
    this.ahead.took(id, count, seats.last);
    this.changed(id, count);
    const seat = this.handOut(server);
    return seat ? { ...seat, fromStock: false } : 'refused';
  }

  /** A seat that nobody waits for yet. */
  private fromStock(server: Placement): SeatAt | undefined {
    const seat = this.handOut(server);
    if (seat) this.ahead.held(server.id, -1);
    return seat;
  }

  private handOut(server: Placement): SeatAt | undefined {
    const seat = this.stock.hand(server.id, this.clock.monoMs());
    if (!seat) return undefined;
    this.changed(server.id, -1);
    return { server, seats: [seat], fromStock: true };
  }

  anyStocked(choices: readonly Choice[]): SeatAt | undefined {
    const { indexOf, open } = this.live.view;
    for (const { pool, allowed } of choices) {
      for (const member of pool.members) {
        // The choices are of the view that the request began with; a newer one has other indices.
        const { server } = pool.view.entries[member]!;
        const index = indexOf.get(server.id);
        if (index === undefined || open[index] !== 1 || !allowed(member)) continue;
        const seat = this.fromStock(server);
        if (seat) return seat;
      }
    }
    return undefined;
  }

  private changed(id: string, change: number): void {
    const index = this.live.view.indexOf.get(id);
    if (index !== undefined) this.live.stocked(index, change);
  }
}
