/**
 * What the examples share: a deployment on this machine without the sample servers, and agents beside servers of its own.
 * By hand that is `npm start -- --servers 0` and one `npm run agent -- …` for each server (docs/AGENT.md).
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { LocalEvent } from '../local/events.ts';
import { parseLocalOptions, serverAddress } from '../local/options.ts';
import { createProcesses, type LocalProcess, type Processes } from '../local/processes.ts';
import { untilOpen } from '../local/ready.ts';
import { localConfig } from '../local/settings.ts';

/** Where a server and its agent are. */
export interface Place {
  readonly name: string;
  /** An address of its own: every server may have the same ports. */
  readonly address: string;
  /** API of the agent for its game, and the file with the token for it. */
  readonly api: string;
  readonly tokenFile: string;
}

export interface Deployment {
  /** `ip:port`, for UDP. */
  readonly door: string;
  /** Base URL, for HTTP. */
  readonly api: string;
  /** The operator's page. */
  readonly page: string;
  readonly workDir: string;
  readonly processes: Processes;
  place(name: string, index: number): Place;
  /** Starts the agent of a server whose game has `port`; it enrols the server for `app`. */
  startAgent(place: Place, port: number, flags: readonly string[]): LocalProcess;
  /** Until the door gives out so many servers. */
  open(servers: number): Promise<void>;
  stop(): Promise<void>;
}

const ROOT = join(import.meta.dirname, '..');
const GRACE_MS = 1_000;
/** What the registry of the local system wants to see. */
const CREDENTIALS = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' };

/** @param argv flags of `npm start` */
export async function startDeployment(app: string, argv: readonly string[]): Promise<Deployment> {
  const flags = [...argv, '--servers', '0', '--default-app', app];
  const options = parseLocalOptions(flags, console.log);
  if (options === 'help') process.exit(0);
  const system = await startSystem(flags);
  const workDir = mkdtempSync(join(tmpdir(), 'onedoor-example-'));
  const env = { ...CREDENTIALS, ONEDOOR_CONFIG: localConfig(options) };
  const processes = createProcesses({ logDir: workDir, env, onExit: () => {} });
  const { bind, httpPort, probePort } = options;
  const started: LocalProcess[] = [];
  return {
    door: system.door,
    api: system.api,
    page: system.page,
    workDir,
    processes,
    place(name, index) {
      const address = serverAddress(bind, index);
      return { name, address, api: `http://${address}:${probePort + 1}`, tokenFile: join(workDir, `${name}.token`) };
    },
    startAgent({ name, address, tokenFile }, port, flags) {
      const agent = processes.start(`${name}-agent`, join(ROOT, 'dist/agent/agent.mjs'), [
        ...['--app', app, '--game', `${address}:${port}`, '--address', address, '--bind', address],
        ...['--identity', `op:${name}`, '--registry', system.registry, '--journal', join(workDir, name)],
        ...['--probe-port', `${probePort}`, '--api-bind', address, '--api-port', `${probePort + 1}`],
        ...['--api-token-file', tokenFile, '--lobby-port', `${probePort + 2}`, ...flags],
      ]);
      started.push(agent);
      return agent;
    },
    open: (servers) => untilOpen(`http://${bind}:${httpPort + 1}/healthz`, servers, () => started),
    async stop() {
      await processes.stopAll(GRACE_MS);
      await system.stop();
      rmSync(workDir, { recursive: true, force: true });
    },
  };
}

/** `npm start`, in a process of its own. */
async function startSystem(flags: readonly string[]) {
  const script = join(ROOT, 'local/main.ts');
  const child = spawn(process.execPath, [script, '--json', ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await exited;
  };
  return await new Promise<Extract<LocalEvent, { event: 'ready' }> & { stop: () => Promise<void> }>(
    (resolve, reject) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        const event = JSON.parse(line) as LocalEvent;
        if (event.event === 'ready') resolve({ ...event, stop });
      });
      void exited.then(([code]) => reject(new Error(`the local system has ended (${code})`)));
    },
  );
}

/** Resolves at Ctrl-C. */
export function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
  });
}
