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

/** Who stands at one place of a view; the same object for as long as its static shard is the same. */
export interface RosterEntry {
  /** The row key, needed to take seats. */
  readonly key: string;
  readonly server: Placement;
}

/**
 * The roster as an assigner holds it: parallel arrays by server index, ordered by server id (bytes), so that a policy
 * reads numbers only.
 *
 * One object is one list of servers: while the same servers stand in the same places it stays, its numbers are written
 * over, and `revision` moves. So what hangs on the servers alone is kept by the view itself (core/once-per.ts), and what
 * hangs on their numbers by the view and `revision`. `free`, `capacity` and `open` are the newest of roster and
 * reservation replies: the assigner and the closed roster correct them in place after each revision, nothing else does.
 */
export interface RosterView {
  /** Version of the roster; 0: there has been none yet. */
  readonly version: number;
  /** Moves whenever the roster's numbers have been written over all corrections. */
  readonly revision: number;
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
  /** Moves whenever a correction gives a server a first seat, or opens it. */
  gains: number;
  /** From here on as the roster has it, and nothing corrects it: `free` */
  readonly listedFree: Int32Array;
  readonly sessions: Int32Array;
  readonly beat: Float64Array;
  /** Age of `beat` in ms when its shard was written, by the writer's monotonic clock. */
  readonly beatAgeMs: Float64Array;
  /** Place in `STATES`. */
  readonly state: Uint8Array;
  readonly suspect: Uint8Array;
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

/** Place of `ready` in `STATES`. */
export const READY = 1;

/** A view of these servers, which are ordered by id, before anything is known of them: all closed. */
export function emptyView(entries: readonly RosterEntry[]): RosterView {
  const size = entries.length;
  return {
    version: 0,
    revision: 0,
    gains: 0,
    entries,
    indexOf: new Map(entries.map(({ server }, index) => [server.id, index])),
    free: new Int32Array(size),
    capacity: new Int32Array(size),
    open: new Uint8Array(size),
    listed: new Uint8Array(size),
    listedFree: new Int32Array(size),
    sessions: new Int32Array(size),
    beat: new Float64Array(size),
    beatAgeMs: new Float64Array(size),
    state: new Uint8Array(size),
    suspect: new Uint8Array(size),
  };
}
