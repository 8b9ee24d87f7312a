import type { AgentStore, Clock, RegistryStore } from '../ports.ts';
import { decodeDynamic, decodeIndex, dynamicName, INDEX_NAME, type ShardVersions, staticName } from './roster-codec.ts';
import { decodeStatic } from './roster-static.ts';
import { planRoster, restoreWriter, type StoredShard, type WriterState } from './roster-writer.ts';
import type { ServerRow } from './row.ts';

/** Rows as a stream of changes brought them. */
export interface RowChanges {
  readonly rows: readonly ServerRow[];
  /** Keys of rows that were deleted. */
  readonly removed: readonly string[];
}

export interface RosterPassReport {
  readonly version: number;
  readonly servers: number;
  /** Names of the items written. */
  readonly written: readonly string[];
}

export interface RosterWriter {
  /**
   * Brings the stored roster up to date. With `changes`, by these and now and then by a list; without (where there are
   * no streams), by a list each time. Throws OnedoorError `registry.*`; the next pass then does the rest.
   */
  pass(changes?: RowChanges): Promise<RosterPassReport>;
}

export interface RosterWriterOptions {
  readonly store: Pick<RegistryStore, 'list' | 'readRoster' | 'writeRoster'>;
  readonly clock: Pick<Clock, 'monoMs'>;
  /** How long changes alone are trusted before everything is listed again. @default 60000 */
  readonly relistMs?: number;
}

/** Of two images of a row the later: takes raise `issued`, the agent's writes `beat`; of two alike the second. */
function later(held: ServerRow | undefined, next: ServerRow): ServerRow {
  if (!held?.seats || !next.seats) return next;
  const behind = next.seats.beat - held.seats.beat || next.seats.issued - held.seats.issued;
  return behind < 0 ? held : next;
}

async function readShard(
  readRoster: AgentStore['readRoster'],
  shard: number,
  versions: ShardVersions,
): Promise<StoredShard> {
  const [fixed, moving] = await Promise.all([readRoster(staticName(shard)), readRoster(dynamicName(shard))]);
  const entries = (fixed && decodeStatic(fixed.body)) ?? [];
  const dynamic = moving && decodeDynamic(moving.body);
  const { dynamicAgeMs } = versions;
  const fits = fixed !== undefined && dynamic?.staticVersion === fixed.version;
  const staticVersion = fixed?.version ?? 0;
  return { staticVersion, entries, ...(fits && { dynamic }), dynamicAgeMs };
}

/** What another writer left, or undefined if there is no roster yet. */
async function readState(readRoster: AgentStore['readRoster'], nowMs: number): Promise<WriterState | undefined> {
  const index = await readRoster(INDEX_NAME);
  if (!index) return undefined;
  const versions = decodeIndex(index.body) ?? [];
  const shards = await Promise.all(versions.map((shard, n) => readShard(readRoster, n, shard)));
  return restoreWriter(index.version, shards, nowMs);
}

/** The one writer of the roster: a function on the table's stream, or a tick where there are no streams. */
export function createRosterWriter({ store, clock, relistMs = 60_000 }: RosterWriterOptions): RosterWriter {
  let state: WriterState | undefined;
  let rows = new Map<string, ServerRow>();
  let listedAtMs = Number.NEGATIVE_INFINITY;
  let last: Promise<unknown> = Promise.resolve();

  async function learn(changes: RowChanges | undefined, nowMs: number): Promise<void> {
    if (!changes || nowMs - listedAtMs >= relistMs) {
      const listed = await store.list();
      rows = new Map(listed.map((row) => [row.key, later(rows.get(row.key), row)]));
      listedAtMs = nowMs;
    }
    for (const row of changes?.rows ?? []) rows.set(row.key, later(rows.get(row.key), row));
    for (const key of changes?.removed ?? []) rows.delete(key);
  }

  async function pass(changes: RowChanges | undefined): Promise<RosterPassReport> {
    const nowMs = clock.monoMs();
    state ??= await readState(store.readRoster, nowMs);
    await learn(changes, nowMs);
    const plan = planRoster(state, [...rows.values()], nowMs);
    const write = (prefix: RegExp) =>
      Promise.all(plan.items.filter(({ name }) => prefix.test(name)).map((item) => store.writeRoster(item)));
    await write(/^S/);
    await write(/^D/);
    await write(/^INDEX/);
    state = plan.state;
    const servers = plan.state.shards.reduce((sum, shard) => sum + shard.entries.length, 0);
    return { version: plan.state.version, servers, written: plan.items.map(({ name }) => name) };
  }

  return {
    pass(changes) {
      // One after the other: two passes at once would each write a roster without the other's servers.
      const next = last.then(() => pass(changes));
      last = next.catch(() => {});
      return next;
    },
  };
}
