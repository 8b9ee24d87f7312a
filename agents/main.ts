import { sdkAccess } from '../adapters/aws/sdk-access.ts';
import { createDynamoClient } from '../adapters/dynamodb/client.ts';
import { createRegistryStore } from '../adapters/dynamodb/registry-store.ts';
import { tellFailures } from '../adapters/dynamodb/tell-failures.ts';
import { runningVersion } from '../adapters/system/running-version.ts';
import { systemClock } from '../adapters/system/system-clock.ts';
import { createSystemRng } from '../adapters/system/system-rng.ts';
import { startWatchdog } from '../adapters/system/watchdog.ts';
import { ConfigError, OnedoorError } from '../core/errors.ts';
import { withKnownRosters } from '../core/registry/roster-formats.ts';
import { type Agent, startAgent } from './agent.ts';
import { createCounters } from './counters.ts';
import { createAgentLog, type Log } from './log.ts';
import { reportMetrics } from './metric-reports.ts';
import { parseAgentOptions } from './options.ts';

/** Exit codes: 0 drained and gone; 1 the row was lost, or something unforeseen; 2 the operator has to change something. */
async function main(): Promise<void> {
  const options = parseAgentOptions(process.argv.slice(2), process.env, (text) => process.stdout.write(text));
  if (options === 'help') return;
  const log = createAgentLog({ isJson: options.isJson, level: options.config.logLevel });
  startWatchdog(process.env, (err) => log.warn({ err }, 'systemd cannot be told that this agent lives'));
  const { registry: endpoint, table } = options;
  const version = runningVersion(import.meta.filename);
  const skipped = (item: object): void => log.warn(item, 'an item of the registry was skipped');
  const access = sdkAccess();
  const counters = createCounters();
  const client = createDynamoClient({ access, ...(endpoint !== undefined && { endpoint }) });
  const store = createRegistryStore({
    client: tellFailures(client, (code) => counters.count(`failed.${code}`)),
    table,
    version,
    onMalformed: skipped,
  });
  const agent = await startAgent(options, {
    store: withKnownRosters(store, skipped),
    clock: systemClock,
    rng: createSystemRng(),
    log,
    counters,
    onLost(reason) {
      log.error({ reason }, 'this agent no longer owns its row: it ends, and a new one starts over');
      process.exit(1);
    },
  });
  log.info(
    { version, identity: options.identity, slots: options.games.length, probePort: options.probePort },
    'the agent listens',
  );
  reportMetrics(options, agent, access, log);
  stopOnSignals(agent, log);
}

/** The first signal drains, the second ends at once. */
function stopOnSignals(agent: Agent, log: Log): void {
  let isStopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (isStopping) process.exit(1);
      isStopping = true;
      log.info({ signal }, 'draining: nobody new comes here; a second signal ends at once');
      void agent
        .drain()
        .then(() => agent.stop())
        .then(() => {
          log.info('drained and gone');
          process.exit(0);
        })
        .catch(exitWith);
    });
  }
}

/** What the operator did wrong (flags, environment, a port in use) is one line and exit code 2. */
function exitWith(error: unknown): never {
  const system = error as NodeJS.ErrnoException & { address?: string; port?: number };
  if (error instanceof ConfigError) console.error(error.message);
  else if (error instanceof OnedoorError) console.error(`${error.message} (${JSON.stringify(error.payload)})`);
  else if (system.code === 'EADDRINUSE') console.error(`port ${system.port} of ${system.address} is in use`);
  else if (system.code === 'EADDRNOTAVAIL') console.error(`${system.address} is no address of this machine`);
  else if (system.syscall !== undefined) console.error(system.message);
  else {
    console.error(error);
    process.exit(1);
  }
  process.exit(2);
}

if (import.meta.main) await main().catch(exitWith);
