import type { RosterView } from '../registry/roster.ts';
import type { ServerRow } from '../registry/row.ts';

/**
 * The newest of what an assigner knows: the roster, corrected by the rows that its own takes returned, plus the seats
 * it holds in stock, less the hints it gave. Policies read `view.free`; only this file writes it:
 * `free = registry's free + stock - hints`, at least 1 while there is a seat: a hint makes a server less attractive, and
 * takes no seat from those who ask for one.
 */
export interface LiveView {
  readonly view: RosterView;
  /** A newer roster; corrections that are newer than it stay in force. */
  adopt(next: RosterView): void;
  /** A row came back from the registry for the server at `index` (undefined: the row is gone). */
  learn(index: number, row: ServerRow | undefined): void;
  /** Seats put into stock (positive) or handed out (negative). */
  stocked(index: number, change: number): void;
  /** Hints given (positive) or expired (negative). */
  hinted(index: number, change: number): void;
}

interface Correction {
  readonly beat: number;
  readonly free: number;
  readonly capacity: number;
  readonly open: boolean;
}

/** A correction counts until the roster shows a later beat; of the same beat the lower `free` is the later one. */
function stillNewer(correction: Correction, beat: number): boolean {
  return correction.beat >= beat;
}

export function createLiveView(initial: RosterView): LiveView {
  let view = initial;
  let corrections = new Map<string, Correction>();
  let registryFree = Int32Array.from(initial.free);
  let stock = new Int32Array(initial.free.length);
  let hints = new Int32Array(initial.free.length);

  const settle = (index: number): void => {
    const seats = registryFree[index]! + stock[index]!;
    view.free[index] = Math.max(Math.min(1, seats), seats - hints[index]!);
  };

  /** `rosterBeat`: the beat that the view's roster shows. */
  const apply = (index: number, correction: Correction, rosterBeat: number): void => {
    const isSameBeat = correction.beat === rosterBeat;
    registryFree[index] = isSameBeat ? Math.min(correction.free, registryFree[index]!) : correction.free;
    view.capacity[index] = correction.capacity;
    // Open again only by a beat that the roster has not seen: the row itself does not tell how old its beat is.
    if (!correction.open) view.open[index] = 0;
    else if (correction.beat > rosterBeat) view.open[index] = 1;
  };

  return {
    get view() {
      return view;
    },
    adopt(next) {
      const moved = { stock: new Int32Array(next.free.length), hints: new Int32Array(next.free.length) };
      view.entries.forEach((entry, index) => {
        if (stock[index] === 0 && hints[index] === 0) return;
        const to = next.indexOf.get(entry.server.id);
        if (to === undefined) return;
        moved.stock[to] = stock[index]!;
        moved.hints[to] = hints[index]!;
      });
      const kept = new Map<string, Correction>();
      view = next;
      registryFree = Int32Array.from(next.free);
      stock = moved.stock;
      hints = moved.hints;
      for (const [id, correction] of corrections) {
        const index = next.indexOf.get(id);
        const beat = index === undefined ? Number.POSITIVE_INFINITY : next.entries[index]!.status.beat;
        if (index === undefined || !stillNewer(correction, beat)) continue;
        kept.set(id, correction);
        apply(index, correction, beat);
      }
      corrections = kept;
      for (let index = 0; index < stock.length; index++) {
        if (stock[index] !== 0 || hints[index] !== 0 || registryFree[index] !== view.free[index]) settle(index);
      }
    },
    learn(index, row) {
      const entry = view.entries[index];
      if (!entry) return;
      const { maxCapacity, id } = entry.server;
      const seats = row?.seats;
      const correction: Correction = {
        beat: seats?.beat ?? entry.status.beat,
        free: Math.min(seats?.free ?? 0, maxCapacity),
        capacity: Math.min(seats?.capacity ?? 0, maxCapacity),
        open: seats?.state === 'ready' && !row?.suspect,
      };
      const known = corrections.get(id);
      // Replies overtake each other; within one beat only takes change the row, and they lower `free`.
      const isOlder =
        known &&
        seats &&
        (correction.beat < known.beat || (correction.beat === known.beat && correction.free > known.free));
      if (isOlder) return;
      corrections.set(id, correction);
      registryFree[index] = correction.free;
      apply(index, correction, entry.status.beat);
      settle(index);
    },
    // A server that left the roster and came back lost its counts on the way: what is taken off them then was not there.
    stocked(index, change) {
      stock[index] = Math.max(0, stock[index]! + change);
      settle(index);
    },
    hinted(index, change) {
      hints[index] = Math.max(0, hints[index]! + change);
      settle(index);
    },
  };
}
