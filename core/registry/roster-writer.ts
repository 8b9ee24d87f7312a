import type { RosterItem } from '../ports.ts';
import { compareIds, type RosterEntry, type ServerStatus } from './roster.ts';
import {
  type DynamicShard,
  dynamicName,
  encodeDynamic,
  encodeIndex,
  INDEX_NAME,
  type PlacedStatus,
  placedStatus,
  staticName,
} from './roster-codec.ts';
import { encodeStatic, samePlacement, staticBytes, staticVersion } from './roster-static.ts';
import type { ServerRow } from './row.ts';
import { silentByWords } from './witnesses.ts';

interface RosterLimits {
  /** Servers in a shard at most. @default 1024 */
  readonly shardServers: number;
  /** Bytes of a static shard at most: an item of DynamoDB has 400 KB. @default 380000 */
  readonly shardBytes: number;
  /** How long a server that is gone stays in the roster after its last beat. @default 60000 */
  readonly goneMs: number;
}

const DEFAULT_LIMITS: RosterLimits = { shardServers: 1_024, shardBytes: 380_000, goneMs: 60_000 };

/** Age of a beat of which nobody knows when it came: too old to be given out, until the next beat. */
const UNKNOWN_AGE_MS = 2 ** 31;

/** When a beat arrived, by the writer's monotonic clock; `beat` never repeats, so it stands for the agent's life too. */
interface Arrival {
  readonly beat: number;
  readonly atMs: number;
  /** Its age at that time: 0 if the writer saw it come. */
  readonly ageMs: number;
}

interface ShardState {
  /** Ordered by id: the order of the static item. */
  readonly entries: readonly RosterEntry[];
  /** `staticBytes` of each entry. */
  readonly sizes: readonly number[];
  readonly staticVersion: number;
}

/** What a roster writer knows from one pass to the next. */
export interface WriterState {
  /** Version of the INDEX: the writer's own beat. */
  readonly version: number;
  /** By row key, of every row with seats. */
  readonly arrivals: ReadonlyMap<string, Arrival>;
  readonly shards: readonly ShardState[];
  /** False while the state comes from stored items alone: then a row that is not in them is not necessarily new. */
  readonly warm: boolean;
}

export interface RosterPlan {
  readonly state: WriterState;
  /** What to write, in this order: a reader that sees the INDEX then finds what it names. */
  readonly items: readonly RosterItem[];
}

/** A shard as stored, with the age of its dynamic item when the INDEX was written. */
export interface StoredShard {
  readonly staticVersion: number;
  readonly entries: readonly RosterEntry[];
  /** Absent if there is none that fits. */
  readonly dynamic?: DynamicShard;
  readonly dynamicAgeMs: number;
}

/** The state of a writer that starts from what another one stored: ages go on from there. */
export function restoreWriter(version: number, shards: readonly StoredShard[], nowMs: number): WriterState {
  const arrivals = new Map<string, Arrival>();
  const states = shards.map(({ entries, dynamic, dynamicAgeMs, staticVersion }): ShardState => {
    for (let n = 0; n < (dynamic?.size ?? 0); n++) {
      const { index, status } = placedStatus(dynamic!, n);
      const key = entries[index]?.key;
      if (key) arrivals.set(key, { beat: status.beat, atMs: nowMs, ageMs: status.beatAgeMs + dynamicAgeMs });
    }
    return { entries, sizes: entries.map(staticBytes), staticVersion };
  });
  return { version, arrivals, shards: states, warm: false };
}

/** A server that belongs in the roster. */
interface Member {
  readonly entry: RosterEntry;
  readonly status: ServerStatus;
}

function arrivalOf(previous: WriterState | undefined, key: string, beat: number, nowMs: number): Arrival {
  const held = previous?.arrivals.get(key);
  if (held?.beat === beat) return held;
  const cameJustNow = held !== undefined || previous?.warm === true;
  return { beat, atMs: nowMs, ageMs: cameJustNow ? 0 : UNKNOWN_AGE_MS };
}

/** The rows that belong in the roster: verified, claimed by an agent, and not gone for long. */
function membersOf(
  rows: readonly ServerRow[],
  arrivals: ReadonlyMap<string, Arrival>,
  nowMs: number,
  goneMs: number,
): Map<string, Member> {
  const members = new Map<string, Member>();
  const ageMs = (arrival: Arrival | undefined): number =>
    arrival ? arrival.ageMs + nowMs - arrival.atMs : Number.POSITIVE_INFINITY;
  const silent = silentByWords(rows, ({ key }) => ageMs(arrivals.get(key)));
  for (const { key, seats, placement, suspect: isMarked } of rows) {
    const arrival = arrivals.get(key);
    if (!seats || !placement || !arrival) continue;
    const beatAgeMs = ageMs(arrival);
    const suspect = isMarked || silent.has(placement.id);
    if (seats.state === 'gone' && beatAgeMs > goneMs) continue;
    const { gen, free, capacity, sessions, state, beat } = seats;
    const status = { gen, free, capacity, sessions, state, suspect, beat, beatAgeMs };
    members.set(key, { entry: { key, server: placement }, status });
  }
  return members;
}

/** A shard under construction. */
interface Draft {
  entries: RosterEntry[];
  sizes: Map<string, number>;
  bytes: number;
  readonly before: ShardState | undefined;
}

function fits(draft: Draft, size: number, limits: RosterLimits): boolean {
  return draft.entries.length < limits.shardServers && draft.bytes + size <= limits.shardBytes;
}

function add(draft: Draft, entry: RosterEntry, size: number): void {
  draft.entries.push(entry);
  draft.sizes.set(entry.key, size);
  draft.bytes += size;
}

/**
 * Servers stay in the shard they are in, so that one that comes or goes rewrites one static item; new ones go where
 * there is room.
 */
function drafts(previous: WriterState | undefined, members: ReadonlyMap<string, Member>, limits: RosterLimits) {
  const placed = new Set<string>();
  const shards = (previous?.shards ?? []).map((before): Draft => {
    const draft: Draft = { entries: [], sizes: new Map(), bytes: 0, before };
    before.entries.forEach((old, n) => {
      const member = members.get(old.key);
      if (!member || placed.has(old.key)) return;
      const same = samePlacement(old.server, member.entry.server);
      const size = same ? before.sizes[n]! : staticBytes(member.entry);
      if (!fits(draft, size, limits)) return;
      placed.add(old.key);
      add(draft, same ? old : member.entry, size);
    });
    return draft;
  });
  const newcomers = [...members.values()].map(({ entry }) => entry).filter(({ key }) => !placed.has(key));
  newcomers.sort((a, b) => compareIds(a.server.id, b.server.id));
  let at = 0;
  for (const entry of newcomers) {
    const size = staticBytes(entry);
    while (at < shards.length && !fits(shards[at]!, size, limits)) at++;
    if (at === shards.length) shards.push({ entries: [], sizes: new Map(), bytes: 0, before: undefined });
    add(shards[at]!, entry, size);
  }
  while (shards.at(-1)?.entries.length === 0) shards.pop();
  return shards;
}

function sameEntries(before: readonly RosterEntry[] | undefined, entries: readonly RosterEntry[]): boolean {
  return before?.length === entries.length && entries.every((entry, n) => entry === before[n]);
}

/**
 * One pass: the static items that changed, every dynamic one, and the INDEX, whose version says that the writer lives. A
 * pass writes as much, and makes its readers read as much, whether all servers beat or none does: what fails must not
 * change the work ("constant work", C. MacCárthaigh, Amazon Builders' Library).
 */
export function planRoster(
  previous: WriterState | undefined,
  rows: readonly ServerRow[],
  nowMs: number,
  options: Partial<RosterLimits> = {},
): RosterPlan {
  const limits = { ...DEFAULT_LIMITS, ...options };
  const version = (previous?.version ?? 0) + 1;
  const arrivals = new Map(
    rows.flatMap(({ key, seats }) => (seats ? [[key, arrivalOf(previous, key, seats.beat, nowMs)]] : [])),
  );
  const members = membersOf(rows, arrivals, nowMs, limits.goneMs);
  const statics: RosterItem[] = [];
  const dynamics: RosterItem[] = [];
  const shards = drafts(previous, members, limits).map((draft, n): ShardState => {
    const { before } = draft;
    const entries = draft.entries.sort((a, b) => compareIds(a.server.id, b.server.id));
    const sameServers = before !== undefined && sameEntries(before.entries, entries);
    let fitting = before?.staticVersion ?? 0;
    if (!sameServers) {
      const body = encodeStatic(entries);
      fitting = staticVersion(body);
      statics.push({ name: staticName(n), version: fitting, body });
    }
    const placed = entries.map(({ key }, index): PlacedStatus => ({ index, status: members.get(key)!.status }));
    dynamics.push({ name: dynamicName(n), version, body: encodeDynamic(fitting, placed) });
    return { entries, sizes: entries.map(({ key }) => draft.sizes.get(key)!), staticVersion: fitting };
  });
  const versions = shards.map(({ staticVersion: fitting }) => ({
    staticVersion: fitting,
    dynamicVersion: version,
    dynamicAgeMs: 0,
  }));
  const index = { name: INDEX_NAME, version, body: encodeIndex(versions) };
  return { state: { version, arrivals, shards, warm: true }, items: [...statics, ...dynamics, index] };
}
