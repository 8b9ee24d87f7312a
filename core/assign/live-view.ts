import type { RosterView } from '../registry/roster.ts';
import type { ServerRow } from '../registry/row.ts';

/**
 * The newest of what an assigner knows: the roster, corrected by the rows that its own takes returned, plus the seats
 * it holds in stock, less the hints it gave. Policies read `view.free`; only this file writes it:
 * `free = registry's free + stock - hints`, at least 1 while there is a seat: a hint makes a server less attractive, and
 * takes no seat from those who ask for one.
 */
export interface LiveView {
  /** The newest roster; corrections that are newer than it stay in force. */
  readonly view: RosterView;
  /** A row came back from the registry for the server at `index` (undefined: the row is gone). */
  learn(index: number, row: ServerRow | undefined): void;
  /** Seats put into stock (positive) or handed out (negative). */
  stocked(index: number, change: number): void;
  /** Hints given (positive) or expired (negative). */
  hinted(index: number, change: number): void;
}

/** What an assigner knows of the servers of a view beside the roster, by index. */
interface Known {
  readonly registryFree: Int32Array;
  readonly stock: Int32Array;
  readonly hints: Int32Array;
  /** Beat of the row that came back last; `NO_ROW`: nothing that the roster does not know by now. */
  readonly rowBeat: Float64Array;
  readonly rowFree: Int32Array;
  readonly rowCapacity: Int32Array;
  readonly rowOpen: Uint8Array;
}

const NO_ROW = -1;

function knownOf(view: RosterView): Known {
  const size = view.entries.length;
  return {
    registryFree: Int32Array.from(view.listedFree),
    stock: new Int32Array(size),
    hints: new Int32Array(size),
    rowBeat: new Float64Array(size).fill(NO_ROW),
    rowFree: new Int32Array(size),
    rowCapacity: new Int32Array(size),
    rowOpen: new Uint8Array(size),
  };
}

/** The same about the same servers, where they stand in `view`. */
function moved(before: RosterView, known: Known, view: RosterView): Known {
  const next = knownOf(view);
  before.entries.forEach(({ server }, from) => {
    const to = view.indexOf.get(server.id);
    if (to === undefined) return;
    next.stock[to] = known.stock[from]!;
    next.hints[to] = known.hints[from]!;
    next.rowBeat[to] = known.rowBeat[from]!;
    next.rowFree[to] = known.rowFree[from]!;
    next.rowCapacity[to] = known.rowCapacity[from]!;
    next.rowOpen[to] = known.rowOpen[from]!;
  });
  return next;
}

/**
 * @param newest the roster: as RosterView says, its numbers are written over from time to time
 * @param onAdopt its numbers are others now, with what is known beside them
 */
export function createLiveView(newest: () => RosterView, onAdopt: () => void = () => {}): LiveView {
  let view = newest();
  let { revision } = view;
  let known = knownOf(view);

  const settle = (index: number): void => {
    const seats = known.registryFree[index]! + known.stock[index]!;
    if (view.free[index] === 0 && seats > 0) view.gains++;
    view.free[index] = Math.max(Math.min(1, seats), seats - known.hints[index]!);
  };

  /** The row that came back last, where it is not older than the roster. */
  const apply = (index: number): void => {
    const beat = known.rowBeat[index]!;
    const rosterBeat = view.beat[index]!;
    const free = known.rowFree[index]!;
    // Of the same beat the lower `free` is the later one: only takes change it there.
    known.registryFree[index] = beat === rosterBeat ? Math.min(free, known.registryFree[index]!) : free;
    view.capacity[index] = known.rowCapacity[index]!;
    // Open again only by a beat that the roster has not seen: the row itself does not tell how old its beat is.
    if (known.rowOpen[index] !== 1) view.open[index] = 0;
    else if (beat > rosterBeat && view.open[index] === 0) {
      view.open[index] = 1;
      view.gains++;
    }
  };

  /** Corrections count until the roster shows a later beat. */
  const correct = (): void => {
    const { registryFree, stock, hints, rowBeat } = known;
    for (let index = 0; index < registryFree.length; index++) {
      const isNews = rowBeat[index]! >= view.beat[index]!;
      if (isNews) apply(index);
      else rowBeat[index] = NO_ROW;
      if (isNews || stock[index] !== 0 || hints[index] !== 0) settle(index);
    }
  };

  const current = (): RosterView => {
    const next = newest();
    if (next === view && next.revision === revision) return view;
    if (next === view) known.registryFree.set(next.listedFree);
    else known = moved(view, known, next);
    view = next;
    revision = next.revision;
    correct();
    onAdopt();
    return view;
  };

  return {
    get view() {
      return current();
    },
    learn(index, row) {
      const { entries, beat } = current();
      const entry = entries[index];
      if (!entry) return;
      const { maxCapacity } = entry.server;
      const { seats, suspect } = row ?? {};
      const rowBeat = seats?.beat ?? beat[index]!;
      const free = Math.min(seats?.free ?? 0, maxCapacity);
      const heldBeat = known.rowBeat[index]!;
      // Replies overtake each other; within one beat only takes change the row, and they lower `free`.
      if (seats && (rowBeat < heldBeat || (rowBeat === heldBeat && free > known.rowFree[index]!))) return;
      known.rowBeat[index] = rowBeat;
      known.rowFree[index] = free;
      known.rowCapacity[index] = Math.min(seats?.capacity ?? 0, maxCapacity);
      known.rowOpen[index] = seats?.state === 'ready' && !suspect ? 1 : 0;
      known.registryFree[index] = free;
      apply(index);
      settle(index);
    },
    // A server that left the roster and came back lost its counts on the way: what is taken off them then was not there.
    stocked(index, change) {
      current();
      known.stock[index] = Math.max(0, known.stock[index]! + change);
      settle(index);
    },
    hinted(index, change) {
      current();
      known.hints[index] = Math.max(0, known.hints[index]! + change);
      settle(index);
    },
  };
}
