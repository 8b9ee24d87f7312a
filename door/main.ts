import { hostname } from 'node:os';
import { sdkAccess } from '../adapters/aws/sdk-access.ts';
import { secretKeys } from '../adapters/crypto/secret-keys.ts';
import { createDynamoClient } from '../adapters/dynamodb/client.ts';
import { createRegistryStore } from '../adapters/dynamodb/registry-store.ts';
import { tellFailures } from '../adapters/dynamodb/tell-failures.ts';
import { createWatchStore } from '../adapters/dynamodb/watch-store.ts';
import { loadSecret } from '../adapters/secrets/load-secret.ts';
import { createLogger } from '../adapters/system/logger.ts';
import { runningVersion } from '../adapters/system/running-version.ts';
import { systemClock } from '../adapters/system/system-clock.ts';
import { createSystemRng } from '../adapters/system/system-rng.ts';
import { startWatchdog } from '../adapters/system/watchdog.ts';
import { openProbeSocket } from '../adapters/udp/probe-socket.ts';
import { SelfKnock } from '../adapters/udp/self-knock.ts';
import { openUdpSender } from '../adapters/udp/udp-sender.ts';
import { probePortTest } from '../core/config/runtime-config.ts';
import { ConfigError } from '../core/errors.ts';
import type { Rng } from '../core/ports.ts';
import { withKnownRosters } from '../core/registry/roster-formats.ts';
import { createProber } from '../core/suspect/prober.ts';
import { createSigningKeys } from '../core/ticket/signing-keys.ts';
import { composeDoor } from './compose.ts';
import { createCounters } from './counters.ts';
import { reportMetrics } from './metric-reports.ts';
import { type DoorOptions, parseDoorOptions } from './options.ts';
import { type DoorPage, type DoorPageDeps, openDoorPage } from './page.ts';
import { startPeerChecks } from './peer-checks.ts';
import { runDoor } from './run.ts';
import { asSibling, isSibling, type Siblings, sayToFirst, startSiblings } from './siblings.ts';

async function main(): Promise<void> {
  const parsed = parseDoorOptions(process.argv.slice(2), process.env, (text) => process.stdout.write(text));
  if (parsed === 'help') return;
  const options = isSibling(process.env) ? asSibling(parsed) : parsed;
  const log = createLogger({ level: options.config.logLevel, base: { service: 'door' } });
  startWatchdog(process.env, (err) => log.warn({ err }, 'systemd cannot be told that this door lives'));
  const rng = createSystemRng();
  const access = sdkAccess();
  const keys = await openKeys(options, access, rng, log);
  const skipped = skippedItems(log);
  const counters = createCounters();
  const client = tellFailures(createDynamoClient({ access }), counters.failed);
  const { table } = options;
  const store = createRegistryStore({ client, table, onMalformed: skipped.tell });
  const watch = createWatchStore({ client, table });
  const said = toLog(log);
  const { answers, notify, duty, doors } = options.config;
  const isProbePort = probePortTest(options.config, options.port);
  const sender = answers === 'server' || notify ? await openUdpSender(isProbePort) : undefined;
  const probes = await openProbeSocket(isProbePort);
  const { self } = options;
  const peers = duty === 'active' ? undefined : { self, ...startPeerChecks(doors, self) };
  const knock = new SelfKnock(options.bind, systemClock, options.processes > 1);
  let page: DoorPage | undefined;
  let siblings: Siblings | undefined;
  const door = composeDoor({
    config: options.config,
    ownPort: options.port,
    store: withKnownRosters(store, skipped.tell),
    signer: keys.signer,
    cookieMac: keys.mac,
    cookieMacBefore: keys.macBefore,
    sendForward: sender?.send,
    queueAgeMs: () => knock.queueAgeMs(),
    counters,
    peers,
    reports: { store, watch, ...said },
    ...(options.page && { onOutcome: (request, outcome) => page?.onOutcome(request, outcome) }),
    clock: systemClock,
    rng,
  });
  const prober = createProber({
    ...{ roster: door.roster.view, closed: door.closed, counters, store, watch, send: probes.send },
    ...{ type: options.config.packetType, clock: systemClock, rng, ...said, onDetected: door.detections.took },
  });
  const version = runningVersion(import.meta.filename);
  const facts = { unreadable: skipped.count, probing: () => prober.facts(), siblings: () => siblings?.facts() ?? [] };
  const running = await runDoor(door, options, {
    ...{ clock: systemClock, log, version, ...facts },
    onTick: () => void keys.tick(),
    knock,
  });
  probes.start(prober);
  const reports = reportMetrics(
    options,
    { door, queueAgeMs: () => knock.queueAgeMs(), ...facts },
    {
      access,
      clock: systemClock,
      onError: (err) => log.warn({ err }, 'CloudWatch does not take the metrics'),
    },
  );
  page = await pageOf(options, { door, store, health: running.health, rng }, log);
  log.info({ version, port: running.port, healthPort: running.healthPort }, 'the door is open');
  const stop = async (): Promise<void> => {
    reports?.stop();
    peers?.stop();
    await running.stop();
    await Promise.all([probes.stop(), sender?.close(), page?.stop(), siblings?.stop()]);
  };
  if (isSibling(process.env)) {
    sayToFirst(running.health, () => void stop().then(() => process.exit(0)));
    return;
  }
  if (options.processes > 1) siblings = startSiblings(options.processes - 1, log);
  stopOnSignals(log, stop);
}

/** The deployment's keys, by the secret. */
async function openKeys(
  { keySecret }: DoorOptions,
  access: ReturnType<typeof sdkAccess>,
  rng: Rng,
  log: ReturnType<typeof createLogger>,
) {
  const read = async () => secretKeys(await loadSecret(keySecret, { access }));
  return createSigningKeys({
    first: await read(),
    read,
    clock: systemClock,
    rng,
    onError: (err) => log.warn({ err }, 'the secret cannot be read; going on with the last key'),
    onChange: (kid) => log.info({ kid }, 'another key signs from now on'),
  });
}

/** Items of the registry that cannot be read: said, and counted. */
function skippedItems(log: ReturnType<typeof createLogger>) {
  let count = 0;
  return {
    tell(item: object): void {
      count++;
      log.warn(item, 'an item of the registry was skipped');
    },
    count: () => count,
  };
}

/** The page, where it is asked for. */
async function pageOf(
  { page, config }: DoorOptions,
  parts: Pick<DoorPageDeps, 'door' | 'store' | 'health' | 'rng'>,
  log: ReturnType<typeof createLogger>,
): Promise<DoorPage | undefined> {
  if (!page) return undefined;
  const opened = await openDoorPage({
    ...parts,
    options: { ...page, config },
    name: `${config.deployment}, gateway ${hostname()}`,
    clock: systemClock,
    onError: (err) => log.warn({ err }, 'the page failed to answer'),
  });
  log.info({ pagePort: opened.port }, 'the page for operators is open, on loopback');
  return opened;
}

/** What is found out about servers from outside. */
function toLog(log: ReturnType<typeof createLogger>) {
  return {
    onError: (err: unknown) => log.warn({ err }, 'the registry does not take what is found out of a server'),
    onVerdict: (serverId: string, suspect: boolean) =>
      log.info({ serverId, suspect }, 'what probes say of a server has changed'),
    onDegraded: (degraded: boolean) =>
      log.error(
        { degraded },
        degraded ? 'over half of the servers do not answer: nobody is judged' : 'servers answer again',
      ),
    onSuspect: (serverId: string) => log.warn({ serverId }, 'clients report that they do not reach this server'),
  };
}

/** The first signal closes the door, the second ends at once. */
function stopOnSignals(log: ReturnType<typeof createLogger>, stop: () => Promise<void>): void {
  let stopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1);
      stopping = true;
      log.info({ signal }, 'the door closes');
      void stop().then(() => process.exit(0));
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
