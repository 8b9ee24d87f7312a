/** Assigners of one process for bench/balance-real.ts, and their clients: gets its order over IPC, ends with whoever started it. */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { createDynamoClient } from '../../adapters/dynamodb/client.ts';
import { createRegistryStore } from '../../adapters/dynamodb/registry-store.ts';
import { systemClock } from '../../adapters/system/system-clock.ts';
import { createAssigner } from '../../core/assign/assigner.ts';
import { createRosterReader } from '../../core/registry/roster-reader.ts';
import { createPolicy } from '../../core/select/create-policy.ts';
import { LOCAL_ACCESS } from '../../local/dynalite.ts';
import { aRequest } from '../../test/support/assign-bench.ts';
import { seededRng } from '../../test/support/seeded-rng.ts';
import { poisson } from '../stays.ts';

export interface AssignerOrder {
  readonly endpoint: string;
  readonly table: string;
  readonly assigners: number;
  /** Clients a second, of all of them. */
  readonly perSecond: number;
  readonly seed: number;
}

export type AssignerWord =
  | { readonly kind: 'assigned'; readonly server: string }
  /** A client; a write. */
  | { readonly kind: 'failed' | 'refused' }
  /** Sent once, before all others: waits for `go`. */
  | { readonly kind: 'ready' };

const SECOND_MS = 1_000;
const TICK_MS = 5;

async function serve({ endpoint, table, assigners, perSecond, seed }: AssignerOrder): Promise<void> {
  const store = createRegistryStore({ client: createDynamoClient({ ...LOCAL_ACCESS, endpoint }), table });
  const rng = seededRng(seed);
  const say = (word: AssignerWord): void => void process.send?.(word);
  const all = await Promise.all(
    Array.from({ length: assigners }, async () => {
      const roster = createRosterReader({ readRoster: store.readRoster, clock: systemClock });
      // A busy engine may not answer the first reading of all at once.
      while (roster.view().version === 0) {
        await roster.refresh().catch(() => {});
        await delay(TICK_MS);
      }
      const assigner = createAssigner({
        store,
        // The echo of a take that was sent twice is none.
        onTake: (outcome) => void (outcome === 'conflicts' && say({ kind: 'refused' })),
        roster,
        policy: createPolicy('two-choices'),
        signer: { kid: 'bench', sign: () => new Uint8Array(64) },
        ...{ clock: systemClock, rng, iss: 'bench', defaultApp: 'arena', stock: true },
        service: { address: Uint8Array.of(127, 0, 0, 1), port: 7_000 },
      });
      const look = (): void => {
        roster.refresh().catch(() => {});
        assigner.sweep();
      };
      setTimeout(() => setInterval(look, SECOND_MS), rng.float() * SECOND_MS);
      return assigner;
    }),
  );
  const arrive = async (): Promise<void> => {
    const outcome = await all[Math.floor(rng.float() * assigners)]!.assign(aRequest());
    say(outcome.ok ? { kind: 'assigned', server: outcome.server.id } : { kind: 'failed' });
  };
  say({ kind: 'ready' });
  await once(process, 'message');
  let atMs = systemClock.monoMs();
  setInterval(() => {
    const nowMs = systemClock.monoMs();
    for (let n = poisson(rng, (perSecond * (nowMs - atMs)) / SECOND_MS); n > 0; n--) void arrive();
    atMs = nowMs;
  }, TICK_MS);
}

process.once('message', (order: AssignerOrder) => void serve(order));
process.on('disconnect', () => process.exit());
