/**
 * The whole API on a socket for bench/assign-peer.ts: roster, policy, seat, ticket signed with Ed25519, answer. Arguments:
 * memory | stock | write, how many servers, and for the last two the endpoint of an engine whose registry is filled. Tells
 * its parent the port, and after each message the CPU time that it has used.
 */
import { secretKeys } from '../../adapters/crypto/secret-keys.ts';
import { createDynamoClient } from '../../adapters/dynamodb/client.ts';
import { createRegistryStore } from '../../adapters/dynamodb/registry-store.ts';
import { createApi } from '../../adapters/http/api.ts';
import { createHttpServer } from '../../adapters/http/server.ts';
import { createMemoryAnswerStore } from '../../adapters/memory/answer-store.ts';
import { createMemoryStore } from '../../adapters/memory/registry-store.ts';
import { systemClock as clock } from '../../adapters/system/system-clock.ts';
import { createSystemRng } from '../../adapters/system/system-rng.ts';
import { createAssigner } from '../../core/assign/assigner.ts';
import { createSameAnswer } from '../../core/assign/same-answer.ts';
import { createWaitLine } from '../../core/assign/wait-line.ts';
import { parseRuntimeConfig } from '../../core/config/runtime-config.ts';
import { withKnownRosters } from '../../core/registry/roster-formats.ts';
import { createRosterReader } from '../../core/registry/roster-reader.ts';
import { createPolicy } from '../../core/select/create-policy.ts';
import { parseAddress } from '../../core/wire/address.ts';
import { createFreshRoster } from '../../lambda/fresh-roster.ts';
import { LOCAL_ACCESS } from '../../local/dynalite.ts';
import { fillReadyRegistry } from '../ready-registry.ts';

const [, , mode = 'memory', servers = '100', endpoint = ''] = process.argv;
const HOUR_MS = 3_600_000;
const NEVER = async () => ({ ok: true }) as const;

const store =
  mode === 'memory'
    ? createMemoryStore()
    : createRegistryStore({ client: createDynamoClient({ ...LOCAL_ACCESS, endpoint }), table: 'bench' });
if (mode === 'memory') await fillReadyRegistry(store, Number(servers));
// Nobody beats during the bench.
const config = parseRuntimeConfig(JSON.stringify({ deployment: 'bench', defaultApp: 'arena', freshMs: HOUR_MS }));
const { signer, publicKey, mac } = secretKeys(new Uint8Array(48).fill(7));
const rng = createSystemRng();
const roster = createRosterReader({
  readRoster: withKnownRosters(store, () => {}).readRoster,
  clock,
  freshMs: HOUR_MS,
  stillMs: HOUR_MS,
  refreshMs: 0,
});
const assigner = createAssigner({
  store,
  roster,
  policy: createPolicy(config.policy),
  signer,
  clock,
  rng,
  iss: config.deployment,
  defaultApp: config.defaultApp,
  groupFallback: config.groupFallback,
  service: { address: parseAddress(config.serviceAddress) as Uint8Array, port: config.probePort },
  timing: config.timing,
  waitLine: createWaitLine({ mac, macBefore: () => undefined, clock }),
  stock: mode === 'stock',
});
const handler = createApi({
  assigner,
  same: createSameAnswer({ assigner, store: createMemoryAnswerStore(), signer, clock }),
  roster: {
    view: () => assigner.view(),
    refresh: createFreshRoster({
      reader: {
        ageMs: roster.ageMs,
        refresh() {
          assigner.sweep();
          return roster.refresh();
        },
      },
      clock,
      refreshMs: config.rosterRefreshMs,
      onError: (error) => process.stderr.write(`${error}\n`),
    }),
  },
  signer,
  publicKeys: async () => [publicKey],
  releases: { release: NEVER },
  reports: { report: NEVER },
  keepalive: config.keepalive,
});
const { port } = await createHttpServer({ handler, maxConnections: 256 }).listen(0, '127.0.0.1');
process.on('message', () => process.send?.(process.cpuUsage()));
process.send?.({ port });
