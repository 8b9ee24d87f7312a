import type { AgentStore, Clock, RosterItem } from '../ports.ts';
import type { RosterView } from './roster.ts';
import { decodeDynamic, decodeIndex, dynamicName, INDEX_NAME, type ShardVersions, staticName } from './roster-codec.ts';
import { createRosterNumbers, type HeldShard } from './roster-numbers.ts';
import { decodeStatic } from './roster-static.ts';

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
  /** The newest roster read, as RosterView says; nothing in it moves until the writer has. Empty before the first `refresh`. */
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

const NO_SHARD: HeldShard = { staticVersion: 0, servers: [], dynamicVersion: 0, dynamicAgeMs: 0, dynamic: undefined };

/** A version lower by less than this is an old copy (reads are eventually consistent), not a roster begun anew. */
const OLD_COPY = 100;

/** The static items to go on with: the stored one if there is one that can be read. */
function serversOf(held: HeldShard, fixed: RosterItem | undefined): Pick<HeldShard, 'staticVersion' | 'servers'> {
  const servers = fixed && decodeStatic(fixed.body);
  return fixed && servers ? { staticVersion: fixed.version, servers } : held;
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
): HeldShard | undefined {
  const dynamic = moving && decodeDynamic(moving.body);
  const { staticVersion, servers } = serversOf(held, fixed);
  if (!moving || !dynamic || dynamic.staticVersion !== staticVersion) return undefined;
  const dynamicAgeMs = moving.version === versions.dynamicVersion ? versions.dynamicAgeMs : 0;
  return { staticVersion, servers, dynamicVersion: moving.version, dynamicAgeMs, dynamic };
}

export function createRosterReader(options: RosterReaderOptions): RosterReader {
  const { readRoster, clock, freshMs = 15_000, stillMs = 15_000, refreshMs = 1_000 } = options;
  const numbers = createRosterNumbers(freshMs);
  let shards: readonly HeldShard[] = [];
  let movedAtMs = Number.NEGATIVE_INFINITY;
  let startedAtMs = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;
  /** Some shard could not be brought to the INDEX's state: read again, even if the INDEX does not move. */
  let behind = false;

  async function readShard(n: number, versions: ShardVersions): Promise<HeldShard> {
    const held = shards[n] ?? NO_SHARD;
    const sameServers = held.staticVersion === versions.staticVersion;
    if (sameServers && held.dynamicVersion === versions.dynamicVersion) {
      return { ...held, dynamicAgeMs: versions.dynamicAgeMs };
    }
    const [fixed, moving] = await Promise.all([
      sameServers ? undefined : readRoster(staticName(n)),
      readRoster(dynamicName(n)),
    ]);
    return updateShard(held, versions, fixed, moving) ?? held;
  }

  async function read(nowMs: number): Promise<void> {
    const index = await readRoster(INDEX_NAME);
    const versions = index && decodeIndex(index.body);
    if (!index || !versions) return;
    const lag = numbers.view().version - index.version;
    if ((lag === 0 && !behind) || (lag > 0 && lag < OLD_COPY)) return;
    shards = await Promise.all(versions.map((shard, n) => readShard(n, shard)));
    behind = versions.some((shard, n) => shards[n]!.dynamicVersion < shard.dynamicVersion);
    if (lag !== 0) movedAtMs = nowMs;
    numbers.show(shards, { version: index.version, nowMs, movedAtMs });
  }

  const ageMs = (): number => clock.monoMs() - movedAtMs;

  return {
    view: numbers.view,
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
