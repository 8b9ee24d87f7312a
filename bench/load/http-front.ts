/** The HTTP front of one process for bench/gateway-peers.ts: assignment in memory, tickets without a signature. Port by argument. */

import { secretKeys } from '../../adapters/crypto/secret-keys.ts';
import { createHttpServer } from '../../adapters/http/server.ts';
import { createMemoryAnswerStore } from '../../adapters/memory/answer-store.ts';
import { createMemoryStore } from '../../adapters/memory/registry-store.ts';
import { createMemoryWatchStore } from '../../adapters/memory/watch-store.ts';
import { createLogger } from '../../adapters/system/logger.ts';
import { systemClock } from '../../adapters/system/system-clock.ts';
import { createSystemRng } from '../../adapters/system/system-rng.ts';
import { parseRuntimeConfig } from '../../core/config/runtime-config.ts';
import { composeApi } from '../../lambda/compose-assign.ts';
import { fillRegistry } from '../peers/registry.ts';

const store = createMemoryStore();
await fillRegistry(store);
const real = secretKeys(new Uint8Array(48).fill(7));
const unsigned = new Uint8Array(64);
const keys = { ...real, signer: { kid: real.signer.kid, sign: () => unsigned } };
const handler = composeApi({
  config: parseRuntimeConfig('{"deployment":"bench","defaultApp":"world","logLevel":"error"}'),
  store,
  watch: createMemoryWatchStore(),
  answers: createMemoryAnswerStore(),
  tellLeave: async () => true,
  keys,
  readKeys: async () => keys,
  clock: systemClock,
  rng: createSystemRng(),
  log: createLogger({ level: 'error' }),
});
await createHttpServer({ handler }).listen(Number(process.argv[2]), '127.0.0.1');
process.stdout.write('ready\n');
