import type { Placement, ServerState } from './row.ts';

/** States in the order of their numbers in the packed dynamic shard. */
export const STATES: readonly ServerState[] = ['starting', 'ready', 'draining', 'gone'];

/** What the roster says of one server at one moment. */
export interface ServerStatus {
  readonly gen: string;
  readonly free: number;
  readonly capacity: number;
  readonly sessions: number;
  readonly state: ServerState;
  readonly suspect: boolean;
  readonly beat: number;
  /** Age of `beat` in ms when the roster was written, by the writer's monotonic clock. */
  readonly beatAgeMs: number;
}

export interface RosterEntry {
  /** The row key, needed to take seats. */
  readonly key: string;
  readonly server: Placement;
  readonly status: ServerStatus;
}

/**
 * The roster as an assigner holds it: parallel arrays by server index, ordered by server id (bytes), so that a policy
 * reads numbers only. `free`, `capacity` and `open` are the newest of roster and reservation replies; the assigner
 * corrects them in place, nothing else does.
 */
export interface RosterView {
  readonly version: number;
  readonly entries: readonly RosterEntry[];
  readonly indexOf: ReadonlyMap<string, number>;
  readonly free: Int32Array;
  readonly capacity: Int32Array;
  /** 1: may be given out (verified, ready, fresh beat, not suspect). */
  readonly open: Uint8Array;
  /**
   * The same by the roster's own word: beat ages are the writer's, and nothing corrects it, so that every reader of one
   * version has the same. What a choice without feedback goes by.
   */
  readonly listed: Uint8Array;
}

/** The servers that a policy chooses in, as indices into the view, ordered by server id (bytes). */
export interface Pool {
  readonly view: RosterView;
  readonly members: Int32Array;
}

/** The order of server ids everywhere. Ids are ASCII, so this is the order of their bytes. */
export function compareIds(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const writtenAgeMs = (entry: RosterEntry): number => entry.status.beatAgeMs;

/** True where the same servers stand in the same places, so that what hangs on that alone can be kept. */
function isLike(view: RosterView | undefined, entries: readonly RosterEntry[]): view is RosterView {
  if (view?.entries.length !== entries.length) return false;
  for (let at = 0; at < entries.length; at++) {
    // Static shards are decoded once: while one is the same, so are its objects.
    if (view.entries[at]!.server !== entries[at]!.server) return false;
  }
  return true;
}

/**
 * Builds the view: cuts `free` and `capacity` to `maxCapacity`, judges freshness by `ageMs` for `open`, and by
 * `listedAgeMs`, which the roster alone determines, for `listed`. `before`: the view of an earlier version, whose order
 * is kept while the servers are the same.
 */
export function buildView(
  entries: readonly RosterEntry[],
  version: number,
  freshMs: number,
  ageMs: (entry: RosterEntry) => number = writtenAgeMs,
  listedAgeMs: (entry: RosterEntry, index: number) => number = writtenAgeMs,
  before?: RosterView,
): RosterView {
  const like = isLike(before, entries) ? before : undefined;
  const sorted = like ? entries : [...entries].sort((a, b) => compareIds(a.server.id, b.server.id));
  const size = sorted.length;
  const view = {
    version,
    entries: sorted,
    indexOf: like?.indexOf ?? new Map(sorted.map((entry, index) => [entry.server.id, index])),
    free: new Int32Array(size),
    capacity: new Int32Array(size),
    open: new Uint8Array(size),
    listed: new Uint8Array(size),
  };
  for (let index = 0; index < size; index++) {
    const entry = sorted[index]!;
    const { status, server } = entry;
    view.free[index] = Math.min(status.free, server.maxCapacity);
    view.capacity[index] = Math.min(status.capacity, server.maxCapacity);
    if (status.state !== 'ready' || status.suspect) continue;
    view.open[index] = ageMs(entry) < freshMs ? 1 : 0;
    view.listed[index] = listedAgeMs(entry, index) < freshMs ? 1 : 0;
  }
  return view;
}
