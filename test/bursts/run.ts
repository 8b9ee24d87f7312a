import { createDynamoClient } from '../../adapters/dynamodb/client.ts';
import { createRegistryStore } from '../../adapters/dynamodb/registry-store.ts';
import { DEFAULT_TIMING, type SeatTiming } from '../../core/registry/timing.ts';
import { createTable, LOCAL_ACCESS } from '../../local/dynalite.ts';
import { Burst, type Kind } from './burst.ts';
import type { Fleet } from './fleet.ts';
import type { Plant } from './messages.ts';
import { Tally } from './tally.ts';

export interface RunOptions {
  /** Of the engine, an address of this machine. */
  readonly endpoint: string;
  readonly table: string;
  readonly fleet: Fleet;
  readonly seed: number;
  /** What each burst is, in order; the first one has number `from`. */
  readonly kinds: readonly Kind[];
  readonly from?: number;
  readonly servers?: number;
  readonly capacity?: number;
  /** Of each burst. @default 1.28 times the seats */
  readonly clients?: number;
  /** The default durations are divided by it. */
  readonly faster?: number;
  /** How many bursts may wait for their seats at once. */
  readonly waiting?: number;
  readonly plant?: Plant;
  /** Aborted: no further burst, but those under way end as they should. */
  readonly signal?: AbortSignal;
  readonly onBurst?: (done: number) => void;
}

const CROWD = 1.28;
/** Agents and checks wait for a busy machine; what the assigners wait for is their own. */
const PATIENCE_MS = 30_000;

/** The default durations, each divided by `faster`. */
function fasterTiming(faster: number): SeatTiming {
  const scaled = Object.entries(DEFAULT_TIMING).map(([name, ms]) => [name, Math.round(ms / faster)]);
  return Object.fromEntries(scaled) as unknown as SeatTiming;
}

/**
 * Bursts one after the other, each in a pool of its own, while the seats of the earlier ones come back. Stops at the
 * first breach. The counts are by kind.
 */
export async function runBursts(options: RunOptions): Promise<ReadonlyMap<Kind, Tally>> {
  const { endpoint, table, fleet, seed, kinds, from = 0, servers = 4, capacity = 25, plant } = options;
  const { clients = Math.round(servers * capacity * CROWD), faster = 10, waiting = 12 } = options;
  await createTable(endpoint, table);
  const client = createDynamoClient({ ...LOCAL_ACCESS, endpoint });
  const tallies = new Map<Kind, Tally>();
  const isBroken = (): boolean => [...tallies.values()].some(({ breaches }) => breaches.length > 0);
  const unreadable = (burst: number, tally: Tally) => (row: { readonly key: string; readonly problem: string }) =>
    tally.hold('over', burst, false, () => `${row.key}: ${row.problem}`);
  const settling = new Set<Promise<void>>();
  for (const [n, kind] of kinds.entries()) {
    if (isBroken() || options.signal?.aborted) break;
    const tally = tallies.get(kind) ?? new Tally();
    tallies.set(kind, tally);
    const number = from + n;
    const store = createRegistryStore({
      client,
      table,
      timeoutMs: PATIENCE_MS,
      onMalformed: unreadable(number, tally),
    });
    const timing = fasterTiming(faster);
    const shared = { fleet, store, endpoint, table, timing, servers, capacity, clients, tally, plant, seed };
    const burst = new Burst({ ...shared, burst: number, kind });
    await burst.prepare();
    await burst.run();
    // What is broken may never settle.
    const settled = isBroken() ? burst.stop() : burst.settle().then(() => burst.stop());
    const done = settled.finally(() => settling.delete(done));
    settling.add(done);
    while (settling.size >= waiting) await Promise.race(settling);
    options.onBurst?.(n + 1);
  }
  await Promise.all(settling);
  client.destroy();
  return tallies;
}
