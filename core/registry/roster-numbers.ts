import { compareIds, emptyView, READY, type RosterEntry, type RosterView } from './roster.ts';
import {
  beatAgeMsAt,
  beatAt,
  capacityAt,
  type DynamicShard,
  entryAt,
  freeAt,
  placeAt,
  sessionsAt,
  stateAt,
  suspectAt,
} from './roster-codec.ts';

/** A shard as it was read last. */
export interface HeldShard {
  readonly staticVersion: number;
  /** The same object while the static item is the same. */
  readonly servers: readonly RosterEntry[];
  readonly dynamicVersion: number;
  /** Age of the dynamic item by the INDEX that was read last. */
  readonly dynamicAgeMs: number;
  /** Absent before there was one. It fits `servers`. */
  readonly dynamic: DynamicShard | undefined;
}

/** When a roster was read, by the reader's clock, and what its INDEX says. */
interface Reading {
  readonly version: number;
  readonly nowMs: number;
  /** When the writer was last seen to move. */
  readonly movedAtMs: number;
}

/** The view of the shards that were read last. */
export interface RosterNumbers {
  view(): RosterView;
  /** Writes what the shards say into the view; into a new one where other servers stand in them than before. */
  show(shards: readonly HeldShard[], reading: Reading): void;
}

/** A view with what a reader must know beside it, by the same index. */
interface Shown {
  readonly view: { -readonly [Name in keyof RosterView]: RosterView[Name] };
  readonly shards: readonly HeldShard[];
  /** For each shard: the index in the view of its n-th dynamic entry. */
  readonly places: readonly Int32Array[];
  readonly maxCapacity: Int32Array;
  /** When the beat was first read, by the reader's clock. */
  readonly seenAtMs: Float64Array;
  /** Its age at that time. */
  readonly ageAtMs: Float64Array;
}

/** No beat has this number. */
const NO_BEAT = -1;

/**
 * Nothing is made while the same servers stand in the same places: a roster of 10,000 servers that were objects, or new
 * arrays once a second, would cost more than reading them and leave megabytes a minute to the garbage collector.
 */
export function createRosterNumbers(freshMs: number): RosterNumbers {
  let shown = arrange([]);
  let revision = 0;

  return {
    view: () => shown.view,
    show(shards, reading) {
      shown = isLike(shown, shards) ? { ...shown, shards } : keepArrivals(arrange(shards), shown);
      for (let shard = 0; shard < shards.length; shard++) write(shown, shard, reading, freshMs);
      shown.view.version = reading.version;
      shown.view.revision = ++revision;
    },
  };
}

/** True where the same servers stand in the same places. */
function isLike({ shards: before }: Shown, shards: readonly HeldShard[]): boolean {
  return (
    before.length === shards.length &&
    shards.every((shard, n) => shard.servers === before[n]!.servers && samePlaces(before[n]!, shard))
  );
}

function samePlaces({ dynamic: before }: HeldShard, { dynamic }: HeldShard): boolean {
  if (dynamic === before) return true;
  if (dynamic?.size !== before?.size) return false;
  for (let n = 0; n < (dynamic?.size ?? 0); n++) {
    if (placeAt(dynamic!.data, entryAt(n)) !== placeAt(before!.data, entryAt(n))) return false;
  }
  return true;
}

/** The servers that the shards say anything of, ordered by id, as an empty view. */
function arrange(shards: readonly HeldShard[]): Shown {
  const found: { readonly entry: RosterEntry; readonly shard: number; readonly n: number }[] = [];
  shards.forEach(({ dynamic, servers }, shard) => {
    for (let n = 0; n < (dynamic?.size ?? 0); n++) {
      const entry = servers[placeAt(dynamic!.data, entryAt(n))];
      if (entry) found.push({ entry, shard, n });
    }
  });
  found.sort((a, b) => compareIds(a.entry.server.id, b.entry.server.id));
  const places = shards.map(({ dynamic }) => new Int32Array(dynamic?.size ?? 0).fill(-1));
  found.forEach(({ shard, n }, index) => {
    places[shard]![n] = index;
  });
  const view = emptyView(found.map(({ entry }) => entry));
  view.beat.fill(NO_BEAT);
  return {
    view,
    shards,
    places,
    maxCapacity: Int32Array.from(found, ({ entry }) => entry.server.maxCapacity),
    seenAtMs: new Float64Array(found.length),
    ageAtMs: new Float64Array(found.length),
  };
}

/** What is known of the beats of servers that were there before. */
function keepArrivals(next: Shown, before: Shown): Shown {
  const indexOf = new Map(before.view.entries.map(({ key }, index) => [key, index]));
  next.view.entries.forEach(({ key }, index) => {
    const old = indexOf.get(key);
    if (old === undefined) return;
    next.view.beat[index] = before.view.beat[old]!;
    next.seenAtMs[index] = before.seenAtMs[old]!;
    next.ageAtMs[index] = before.ageAtMs[old]!;
  });
  return next;
}

/**
 * Writes one shard over what stands in the view. Ages are as of the writer's last move: what it could not have seen,
 * nobody holds against a server.
 */
function write(shown: Shown, shard: number, { nowMs, movedAtMs }: Reading, freshMs: number): void {
  const { dynamic, dynamicAgeMs } = shown.shards[shard]!;
  if (!dynamic) return;
  const { data, size } = dynamic;
  const places = shown.places[shard]!;
  const { maxCapacity, seenAtMs, ageAtMs, view } = shown;
  const { free, listedFree, capacity, open, listed, sessions, beat, beatAgeMs, state, suspect } = view;
  for (let n = 0; n < size; n++) {
    const index = places[n]!;
    if (index < 0) continue;
    const at = entryAt(n);
    const most = maxCapacity[index]!;
    free[index] = listedFree[index] = Math.min(freeAt(data, at), most);
    capacity[index] = Math.min(capacityAt(data, at), most);
    sessions[index] = sessionsAt(data, at);
    state[index] = stateAt(data, at);
    suspect[index] = suspectAt(data, at);
    beatAgeMs[index] = beatAgeMsAt(data, at);
    const newest = beatAt(data, at);
    if (newest !== beat[index]) {
      beat[index] = newest;
      seenAtMs[index] = nowMs;
      ageAtMs[index] = beatAgeMs[index]! + dynamicAgeMs;
    }
    const isReady = state[index] === READY && suspect[index] === 0;
    open[index] = isReady && ageAtMs[index]! + movedAtMs - seenAtMs[index]! < freshMs ? 1 : 0;
    listed[index] = isReady && beatAgeMs[index]! + dynamicAgeMs < freshMs ? 1 : 0;
  }
}
