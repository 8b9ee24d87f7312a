import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UsageError } from '../adapters/cli/flags.ts';
import { ConfigError } from '../core/errors.ts';
import type { LocalEvent } from './events.ts';
import { type LocalOptions, parseLocalOptions } from './options.ts';
import { RUNNING_FILE, type Running } from './running.ts';
import { type Screen, startScreen } from './screen.ts';
import { LOCAL_TABLE } from './settings.ts';
import { type LocalSystem, startLocalSystem } from './system.ts';

const DIST = join(import.meta.dirname, '../dist');

async function main(): Promise<void> {
  const options = parseLocalOptions(process.argv.slice(2), (text) => process.stdout.write(text));
  if (options === 'help') return;
  let screen: Screen | undefined;
  const early: LocalEvent[] = [];
  const emit = (event: LocalEvent): void => {
    if (options.json) console.log(JSON.stringify({ atMs: Date.now(), ...event }));
    else if (screen) screen.event(event);
    else early.push(event);
  };
  const stopped = untilStopped(options.forMs);
  const starting = startLocalSystem(options, DIST, emit);
  // A signal while it starts: let it start, then stop it, or what was started by then would be left behind.
  const system = await starting;
  const leave = announce(system);
  if (!options.json) {
    screen = startScreen(header(system, options), system.store, process.stdout);
    for (const event of early) screen.event(event);
  }
  listenToParent(system);
  await stopped;
  screen?.stop();
  leave();
  await system.stop();
}

/** `npm run dev` has a channel to this process: it says when there is a new page, and all ends with it. */
function listenToParent(system: LocalSystem): void {
  process.on('message', (message) => {
    if (message !== 'page') return;
    system.renewPage();
    process.send?.('page');
  });
}

/** Writes down that this system runs, for the programs that are started beside it. Gives what takes it back. */
function announce({ door, api: http, registry }: LocalSystem): () => void {
  const path = join(import.meta.dirname, '..', RUNNING_FILE);
  const running: Running = { pid: process.pid, door, http, registry, table: LOCAL_TABLE };
  const text = JSON.stringify(running);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return () => {
    // Another one may have been started since.
    if (existsSync(path) && readFileSync(path, 'utf8') === text) rmSync(path);
  };
}

const ADDRESS = { gateways: 'The one address', servers: 'Every server is a door, the first' } as const;

/** Addresses, and what to try next. */
function header(system: LocalSystem, { door }: LocalOptions): string[] {
  // Nothing but a shell: every Linux has it.
  const raw = `bash -c 'exec 3<>/dev/udp/${system.door.replace(':', '/')}; printf "\\0\\10\\377\\377\\300\\250\\1\\7" >&3; head -c 8 <&3 | od -An -tu1'`;
  return [
    `Onedoor runs on this machine. ${ADDRESS[door]}: ${system.door} (UDP and TCP), API ${system.api}`,
    `  page: ${system.page}`,
    `  registry ${system.registry} (DynamoDB API), logs in ${system.logDir}`,
    `  one raw probe (8 bytes in, 8 bytes out, the last four are your server's address):`,
    `    ${raw}`,
    `  npm run probe -- ${system.door}          npm run probe -- ${system.door} --app world --explain --http ${system.api}`,
    `  curl -X POST ${system.api}/v1/assignments -d '{}'`,
    `  curl -X POST ${system.api}/local/servers/${system.machines[0]?.serverId ?? '{id}'}/crash     (crash-game, crash-agent, drain)`,
    '  Ctrl-C stops everything.',
  ];
}

/** Until a signal comes, or the time is over. Further signals change nothing: stopping takes 2 s at most. */
function untilStopped(forMs: number | undefined): Promise<void> {
  return new Promise((resolve) => {
    process.once('disconnect', () => resolve());
    if (forMs !== undefined) setTimeout(resolve, forMs).unref();
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
  });
}

/** One line for what a person did wrong, exit code 2; anything else is a defect and shows itself whole. */
function exitWith(error: unknown): never {
  const system = error as NodeJS.ErrnoException & { address?: string; port?: number };
  if (error instanceof UsageError || error instanceof ConfigError) console.error(error.message);
  else if (system.code === 'EADDRINUSE') {
    console.error(
      `port ${system.port} of ${system.address} is in use; choose others with --http-port, --probe-port, --registry-port`,
    );
  } else {
    console.error(error);
    process.exit(1);
  }
  process.exit(2);
}

if (import.meta.main) {
  await main().catch(exitWith);
  process.exit(0);
}
