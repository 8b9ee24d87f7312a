import { createMemoryStore } from '../../adapters/memory/registry-store.ts';
import { type Assigner, type AssignerOptions, createAssigner, type RosterSource } from '../../core/assign/assigner.ts';
import type { AssignOutcome, AssignRequest } from '../../core/assign/types.ts';
import { OnedoorError } from '../../core/errors.ts';
import type { RegistryStore } from '../../core/ports.ts';
import type { RowCommand, WriteReply } from '../../core/registry/commands.ts';
import type { ServerRow } from '../../core/registry/row.ts';
import { createPolicy } from '../../core/select/create-policy.ts';
import { buildView, type ListedServer } from './build-view.ts';
import { aServer } from './builders.ts';
import { type FakeClock, fakeClock } from './fake-clock.ts';
import { seededRng } from './seeded-rng.ts';

/** What happens to the next writes: the default is that they land and are answered. */
export type WriteFate = 'answered' | 'reply-lost' | 'never-arrives' | 'times-out';

export interface AssignBench {
  readonly store: RegistryStore;
  readonly clock: FakeClock;
  /** Every command that reached the registry. */
  readonly landed: RowCommand[];
  /** Fates of the next writes, in order. */
  readonly fates: WriteFate[];
  assigner(options?: Partial<AssignerOptions>): Assigner;
  /** What `assigner` makes one of. */
  options(): AssignerOptions;
  /** Gives the roster of the last refresh once more, as a new one. */
  staleRoster(): Promise<void>;
  /** Makes the roster say what the rows say now. */
  refreshRoster(): Promise<void>;
  /** Makes the roster hold these servers alone, as they were said to be. */
  showOnly(servers: readonly ListedServer[]): void;
  free(id: string): Promise<number>;
  degraded: boolean;
  /** How long each message to and from the registry takes. */
  lag: () => Promise<void>;
}

/** Assigners over a registry in memory whose servers are all ready; the roster is as it was at the last refresh. */
export async function anAssignBench(servers: readonly ListedServer[]): Promise<AssignBench> {
  const store = createMemoryStore();
  const clock = fakeClock();
  for (const { key, server, status } of servers) {
    await store.write(key, { kind: 'create', gen: status.gen, nowMs: 1_000 });
    await store.place(key, server);
    const { free, capacity, sessions, state } = status;
    const beat = {
      kind: 'beat',
      gen: status.gen,
      beat: 1_000,
      addFree: free,
      hb: 0,
      sessions,
      capacity,
      state,
    } as const;
    await store.write(key, beat);
  }
  const landed: RowCommand[] = [];
  const fates: WriteFate[] = [];
  const write = async (key: string, command: RowCommand): Promise<WriteReply> => {
    const fate = fates.shift() ?? 'answered';
    await bench.lag();
    if (fate === 'times-out') clock.advance(2_000);
    if (fate === 'never-arrives' || fate === 'times-out') throw new OnedoorError('registry.unreachable');
    landed.push(command);
    const reply = await store.write(key, command);
    await bench.lag();
    if (fate === 'reply-lost') throw new OnedoorError('registry.unreachable');
    return reply;
  };
  const get = async (key: string): Promise<ServerRow | undefined> => {
    await bench.lag();
    const row = await store.get(key);
    await bench.lag();
    return row;
  };
  let entries: readonly ListedServer[] = [];
  let version = 0;
  /** A view is written by the assigner that holds it, so that each needs one of its own. */
  const ownRoster = (): RosterSource => {
    let view = buildView(entries, version, 15_000);
    return {
      view: () => {
        if (view.version !== version) view = buildView(entries, version, 15_000);
        return view;
      },
      ageMs: () => 0,
      degraded: () => bench.degraded,
    };
  };
  let seed = 0;
  const signer = { kid: 'test-key', sign: () => new Uint8Array(64) };
  const bench: AssignBench = {
    store,
    clock,
    landed,
    fates,
    degraded: false,
    lag: async () => {},
    assigner: (options = {}) => createAssigner({ ...bench.options(), ...options }),
    options: () => ({
      store: { get, write },
      roster: ownRoster(),
      policy: createPolicy('least-loaded'),
      signer,
      clock,
      rng: seededRng(++seed),
      iss: 'test',
      defaultApp: 'arena',
      service: { address: Uint8Array.of(192, 0, 2, 1), port: 7_000 },
      stock: false,
    }),
    async staleRoster() {
      version++;
    },
    async refreshRoster() {
      const rows = await store.list();
      entries = rows.flatMap(({ key, placement, seats, suspect }) =>
        placement && seats ? [{ key, server: placement, status: { ...seats, suspect, beatAgeMs: 0 } }] : [],
      );
      version++;
    },
    showOnly(servers) {
      entries = servers;
      version++;
    },
    async free(id) {
      const row = (await store.list()).find((candidate) => candidate.placement?.id === id);
      return row?.seats?.free ?? -1;
    },
  };
  await bench.refreshRoster();
  return bench;
}

let clients = 0;

/** The request of a new client for an IPv4 server of the default app. */
export function aRequest(options: Partial<AssignRequest> = {}): AssignRequest {
  return {
    client: new TextEncoder().encode(`client-${++clients}`),
    family: 4,
    avoid: [],
    source: { address: Uint8Array.of(198, 51, 100, 7), port: 40_000, protocol: 17 },
    ...options,
  };
}

/** `count` clients ask one after the other. */
export async function assignMany(assigner: Assigner, count: number): Promise<AssignOutcome[]> {
  const outcomes: AssignOutcome[] = [];
  for (let n = 0; n < count; n++) outcomes.push(await assigner.assign(aRequest()));
  return outcomes;
}

/**
 * New clients ask until a take has just brought seats for those who come next.
 * @returns how many
 */
export async function untilStocked(
  bench: AssignBench,
  assigner: Assigner,
  options: Partial<AssignRequest> = {},
): Promise<number> {
  for (let n = 0; n < 1_000; n++) {
    const before = bench.landed.length;
    await assigner.assign(aRequest(options));
    const last = bench.landed.at(-1);
    if (bench.landed.length > before && last?.kind === 'take' && last.k >= 4) return last.k - 1;
  }
  throw new Error('the assigner takes nothing ahead');
}

/** Two servers of three seats. */
export const twoSmallServers = (): ListedServer[] => [
  aServer({ id: 'a.0', capacity: 3 }),
  aServer({ id: 'b.0', capacity: 3 }),
];
