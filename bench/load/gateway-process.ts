/**
 * A gateway over a registry in memory, for bench/telemetry.ts: `node gateway-process.ts PORT HEALTH_PORT on|off`. `off`: it
 * counts nothing and times nothing.
 */
import { secretKeys } from '../../adapters/crypto/secret-keys.ts';
import { createHttpServer } from '../../adapters/http/server.ts';
import { createMemoryStore } from '../../adapters/memory/registry-store.ts';
import { systemClock } from '../../adapters/system/system-clock.ts';
import { createSystemRng } from '../../adapters/system/system-rng.ts';
import { openTransport } from '../../adapters/udp/transport.ts';
import { parseRuntimeConfig } from '../../core/config/runtime-config.ts';
import { composeDoor } from '../../door/compose.ts';
import { createHealthHandler } from '../../door/health.ts';
import { fillReadyRegistry } from '../ready-registry.ts';

const SERVERS = 100;
const [port, healthPort, telemetry] = process.argv.slice(2);
const onError = (error: unknown): void => console.error(error);
const store = createMemoryStore();
await fillReadyRegistry(store, SERVERS);
const keys = secretKeys(Buffer.alloc(48, 7));
const nothing = { count() {}, dropped() {}, refused() {}, failed() {}, read: () => ({}) };
const door = composeDoor({
  config: parseRuntimeConfig(JSON.stringify({ defaultApp: 'arena', freshMs: 3_600_000 })),
  ownPort: Number(port),
  store,
  signer: keys.signer,
  cookieMac: keys.mac,
  ...(telemetry === 'off' && { counters: nothing, timedOneIn: 0 }),
  clock: systemClock,
  rng: createSystemRng(),
});
await door.roster.refresh();
const bind = '127.0.0.1';
await openTransport({ bind, port: Number(port), choice: 'auto', reusePort: false, handler: door.handle, onError });
const facts = {
  ...{ stopping: false, version: 'bench', unreadable: () => 0, queueAgeMs: () => 0, siblings: () => [] },
  probing: () => ({ watched: 0, probers: 1, suspects: [], degraded: false, stalls: 0 }),
  udpAliveAtMs: () => systemClock.monoMs(),
};
const handler = createHealthHandler(door, facts, systemClock);
await createHttpServer({ handler, onError }).listen(Number(healthPort), bind);
setInterval(() => door.sweep(), 1_000);
console.log('open');
