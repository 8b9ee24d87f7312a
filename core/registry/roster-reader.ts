import type { AgentStore, Clock, RosterItem } from '../ports.ts';
import { buildView, compareIds, type RosterEntry, type RosterView } from './roster.ts';
import {
  decodeDynamic,
  decodeIndex,
  dynamicName,
  INDEX_NAME,
  type ShardVersions,
  staticName,
  statusAt,
} from './roster-codec.ts';
import { decodeStatic, type StaticEntry } from './roster-static.ts';

export interface RosterReaderOptions {
  readonly readRoster: AgentStore['readRoster'];
  readonly clock: Pick<Clock, 'monoMs'>;
  /** Age of a beat from which its server is not given out. @default 15000, three beats */
  readonly freshMs?: number;
  /** How long the writer may stand still before the roster is degraded. @default 15000 */
  readonly stillMs?: number;
  /** Shortest time between two readings, however often `refresh` is called. @default 1000 */
  readonly refreshMs?: number;
}

/** The roster as a gateway, an assign function or an agent holds it. */
export interface RosterReader {
  /** The newest roster read; the same object until the writer has moved. Empty before the first `refresh`. */
  view(): RosterView;
  /** Time since the writer was last seen to move; infinite if there has been no roster yet. */
  ageMs(): number;
  /**
   * The writer has stood still for `stillMs`: beats no longer say anything. `view` stays as of its last move, and a
   * take must find a later beat itself.
   */
  degraded(): boolean;
  /**
   * Reads what changed, at most every `refreshMs` and never twice at once: the INDEX, and of each shard only the items
   * whose version moved. Throws OnedoorError `registry.*`; then everything stays as it was.
   */
  refresh(): Promise<void>;
}

/** An entry with the arrival of its beat by the reader's own clock. */
interface HeldEntry extends RosterEntry {
  readonly seenAtMs: number;
  readonly ageAtMs: number;
  /** `status.gen` as packed, to know without making its text whether it is still the same. */
  readonly genHigh: number;
  readonly genLow: number;
}

interface HeldShard {
  readonly staticVersion: number;
  readonly servers: readonly StaticEntry[];
  readonly dynamicVersion: number;
  /** Age of the dynamic item by the INDEX that was read last. */
  readonly dynamicAgeMs: number;
  /** By place in the static shard; missing where the dynamic one says nothing. */
  readonly entries: readonly (HeldEntry | undefined)[];
}

/** Where the entries stand, ordered by server id, while the shards have these static parts. */
interface Order {
  readonly statics: readonly (readonly StaticEntry[])[];
  readonly places: readonly { readonly shard: number; readonly index: number }[];
}

const NO_SHARD: HeldShard = { staticVersion: 0, servers: [], dynamicVersion: 0, dynamicAgeMs: 0, entries: [] };

/** A version lower by less than this is an old copy (reads are eventually consistent), not a roster begun anew. */
const OLD_COPY = 100;

/** The static items to go on with: the stored one if there is one that can be read. */
function serversOf(held: HeldShard, fixed: RosterItem | undefined): Pick<HeldShard, 'staticVersion' | 'servers'> {
  const servers = fixed && decodeStatic(fixed.body);
  return fixed && servers ? { staticVersion: fixed.version, servers } : held;
}

/** What was held of a server: at the same place while the static shard is the same, else found by its key. */
function arrivalsBefore(held: HeldShard, servers: readonly StaticEntry[]) {
  if (held.servers === servers) return (index: number) => held.entries[index];
  const known = new Map(held.entries.flatMap((entry) => (entry ? [[entry.key, entry] as const] : [])));
  return (_index: number, key: string) => known.get(key);
}

/**
 * The shard after its items were read, or undefined if they do not fit each other: the writer is between two items, and
 * what is held stays good until the next reading.
 */
function updateShard(
  held: HeldShard,
  versions: ShardVersions,
  fixed: RosterItem | undefined,
  moving: RosterItem | undefined,
  nowMs: number,
): HeldShard | undefined {
  const dynamic = moving && decodeDynamic(moving.body);
  const { staticVersion, servers } = serversOf(held, fixed);
  if (!moving || !dynamic || dynamic.staticVersion !== staticVersion) return undefined;
  const before = arrivalsBefore(held, servers);
  const sinceMs = moving.version === versions.dynamicVersion ? versions.dynamicAgeMs : 0;
  const entries: (HeldEntry | undefined)[] = servers.map(() => undefined);
  for (let n = 0; n < dynamic.size; n++) {
    const index = dynamic.index[n]!;
    const server = servers[index];
    if (!server) continue;
    const old = before(index, server.key);
    const genHigh = dynamic.genHigh[n]!;
    const genLow = dynamic.genLow[n]!;
    const sameLife = old?.genHigh === genHigh && old.genLow === genLow;
    const status = statusAt(dynamic, n, sameLife ? old.status.gen : undefined);
    const sameBeat = old?.status.beat === status.beat;
    const seenAtMs = sameBeat ? old.seenAtMs : nowMs;
    const ageAtMs = sameBeat ? old.ageAtMs : status.beatAgeMs + sinceMs;
    entries[index] = { key: server.key, server: server.server, status, seenAtMs, ageAtMs, genHigh, genLow };
  }
  return { staticVersion, servers, dynamicVersion: moving.version, dynamicAgeMs: sinceMs, entries };
}

export function createRosterReader(options: RosterReaderOptions): RosterReader {
  const { readRoster, clock, freshMs = 15_000, stillMs = 15_000, refreshMs = 1_000 } = options;
  let shards: readonly HeldShard[] = [];
  let view = buildView([], 0, freshMs);
  let movedAtMs = Number.NEGATIVE_INFINITY;
  let startedAtMs = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;
  let order: Order = { statics: [], places: [] };
  /** Some shard could not be brought to the INDEX's state: read again, even if the INDEX does not move. */
  let behind = false;

  async function readShard(n: number, versions: ShardVersions, nowMs: number): Promise<HeldShard> {
    const held = shards[n] ?? NO_SHARD;
    const sameServers = held.staticVersion === versions.staticVersion;
    if (sameServers && held.dynamicVersion === versions.dynamicVersion) {
      return { ...held, dynamicAgeMs: versions.dynamicAgeMs };
    }
    const [fixed, moving] = await Promise.all([
      sameServers ? undefined : readRoster(staticName(n)),
      readRoster(dynamicName(n)),
    ]);
    return updateShard(held, versions, fixed, moving, nowMs) ?? held;
  }

  /** All entries, ordered by id; where each one stands is worked out anew only when servers came or went. */
  function sorted(): { readonly entries: HeldEntry[]; readonly shardAgeMs: readonly number[] } {
    const statics = shards.map((shard) => shard.servers);
    if (statics.length !== order.statics.length || statics.some((servers, n) => servers !== order.statics[n])) {
      const places = statics.flatMap((servers, shard) =>
        servers.map(({ server }, index) => ({ shard, index, id: server.id })),
      );
      order = { statics, places: places.sort((a, b) => compareIds(a.id, b.id)) };
    }
    const entries: HeldEntry[] = [];
    const shardAgeMs: number[] = [];
    for (const { shard, index } of order.places) {
      const entry = shards[shard]!.entries[index];
      if (!entry) continue;
      entries.push(entry);
      shardAgeMs.push(shards[shard]!.dynamicAgeMs);
    }
    return { entries, shardAgeMs };
  }

  /** Ages are as of the writer's last move: what it could not have seen, nobody holds against a server. */
  function rebuild(version: number): void {
    const { entries, shardAgeMs } = sorted();
    const arrivedMs = (entry: RosterEntry): number => {
      const { ageAtMs, seenAtMs } = entry as HeldEntry;
      return ageAtMs + movedAtMs - seenAtMs;
    };
    // Entries are in the view's order already.
    const listedMs = (entry: RosterEntry, at: number): number => entry.status.beatAgeMs + shardAgeMs[at]!;
    view = buildView(entries, version, freshMs, arrivedMs, listedMs, view);
  }

  async function read(nowMs: number): Promise<void> {
    const index = await readRoster(INDEX_NAME);
    const versions = index && decodeIndex(index.body);
    if (!index || !versions) return;
    const lag = view.version - index.version;
    if ((lag === 0 && !behind) || (lag > 0 && lag < OLD_COPY)) return;
    shards = await Promise.all(versions.map((shard, n) => readShard(n, shard, nowMs)));
    behind = versions.some((shard, n) => shards[n]!.dynamicVersion < shard.dynamicVersion);
    if (lag !== 0) movedAtMs = nowMs;
    rebuild(index.version);
  }

  const ageMs = (): number => clock.monoMs() - movedAtMs;

  return {
    view: () => view,
    ageMs,
    degraded: () => ageMs() >= stillMs,
    refresh() {
      const nowMs = clock.monoMs();
      if (reading) return reading;
      if (nowMs - startedAtMs < refreshMs) return Promise.resolve();
      startedAtMs = nowMs;
      reading = read(nowMs).finally(() => {
        reading = undefined;
      });
      return reading;
    },
  };
}
