import { macFrom } from '../adapters/crypto/mac.ts';
import { ticketKeys } from '../adapters/crypto/ticket-keys.ts';
import { createDynamoClient } from '../adapters/dynamodb/client.ts';
import { createRegistryStore } from '../adapters/dynamodb/registry-store.ts';
import { loadSecret } from '../adapters/secrets/load-secret.ts';
import { createLogger } from '../adapters/system/logger.ts';
import { systemClock } from '../adapters/system/system-clock.ts';
import { createSystemRng } from '../adapters/system/system-rng.ts';
import { openUdpSender } from '../adapters/udp/udp-sender.ts';
import { ConfigError } from '../core/errors.ts';
import { composeDoor } from './compose.ts';
import { parseDoorOptions } from './options.ts';
import { runDoor } from './run.ts';

async function main(): Promise<void> {
  const options = parseDoorOptions(process.argv.slice(2), process.env, (text) => process.stdout.write(text));
  if (options === 'help') return;
  const log = createLogger({ level: options.config.logLevel, base: { service: 'door' } });
  const secret = await loadSecret(options.keySecret);
  const store = createRegistryStore({
    client: createDynamoClient(),
    table: options.table,
    onMalformed: (row) => log.warn({ ...row }, 'a row of the registry was skipped'),
  });
  const { answers, notify, probePort, maxSlots } = options.config;
  const isProbePort = (port: number): boolean =>
    port === options.port || (port >= probePort && port < probePort + maxSlots);
  const sender = answers === 'server' || notify ? await openUdpSender(isProbePort) : undefined;
  const door = composeDoor({
    config: options.config,
    ownPort: options.port,
    store,
    signer: ticketKeys(secret).signer,
    cookieMac: macFrom(secret, 'onedoor cookie'),
    sendForward: sender?.send,
    clock: systemClock,
    rng: createSystemRng(),
  });
  const running = await runDoor(door, options, systemClock, log);
  log.info({ port: running.port, healthPort: running.healthPort }, 'the door is open');
  let stopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1);
      stopping = true;
      log.info({ signal }, 'the door closes');
      void running
        .stop()
        .then(() => sender?.close())
        .then(() => process.exit(0));
    });
  }
}

/** What the operator did wrong (flags, environment, a port in use) is one line and exit code 2. */
function exitWith(error: unknown): never {
  const system = error as NodeJS.ErrnoException & { address?: string; port?: number };
  if (error instanceof ConfigError) console.error(error.message);
  else if (system.code === 'EADDRINUSE') console.error(`port ${system.port} of ${system.address} is in use`);
  else if (system.code === 'EADDRNOTAVAIL') console.error(`${system.address} is no address of this machine`);
  else {
    console.error(error);
    process.exit(1);
  }
  process.exit(2);
}

if (import.meta.main) await main().catch(exitWith);
