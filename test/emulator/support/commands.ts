import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ROOT } from './lane.ts';

export type Env = Readonly<Record<string, string>>;

/** The pinned Node and the programs of the packages first. */
const PATH = `${join(ROOT, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}`;
const STOP_MS = 5_000;
/** However this process ends, its children do not stay. */
const living = new Set<() => unknown>();
process.on('exit', () => {
  for (const kill of living) kill();
});

/** A process in a group of its own, so that all that it starts can be stopped with it. */
export interface Program {
  readonly child: ChildProcess;
  readonly logPath: string;
  running(): boolean;
  /** Ends the whole group and waits until nobody is left in it. With SIGKILL nobody can say goodbye. @default SIGTERM */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

/** Everything that it writes goes to `logPath`. */
export function start(command: readonly string[], options: { env: Env; logPath: string }): Program {
  const [program = '', ...args] = command;
  const log = openSync(options.logPath, 'a');
  const child = spawn(program, args, {
    cwd: ROOT,
    env: { HOME: process.env['HOME'] ?? '/nonexistent', ...options.env, PATH },
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  child.on('error', (error) => appendFileSync(options.logPath, `${error}\n`));
  const killGroup = (signal: NodeJS.Signals | 0): boolean => {
    try {
      return child.pid !== undefined && process.kill(-child.pid, signal);
    } catch {
      return false;
    }
  };
  const kill = (): unknown => killGroup('SIGKILL');
  living.add(kill);
  return {
    child,
    logPath: options.logPath,
    running: () => child.pid !== undefined && child.exitCode === null && child.signalCode === null,
    async stop(signal = 'SIGTERM') {
      killGroup(signal);
      for (const endMs = performance.now() + STOP_MS; killGroup(0); await delay(20)) {
        if (performance.now() > endMs) killGroup('SIGKILL');
      }
      living.delete(kill);
    },
  };
}

/** Runs a command to its end and gives its output; rejects with the last lines if it fails. */
export async function run(command: readonly string[], options: { env: Env; logPath: string }): Promise<string> {
  const from = size(options.logPath);
  const program = start(command, options);
  const [code, signal] = (await once(program.child, 'exit')) as [number | null, string | null];
  await program.stop();
  const text = readFileSync(options.logPath).subarray(from).toString();
  if (code === 0) return text;
  const last = text.trim().split('\n').slice(-15).join('\n');
  throw new Error(`${command.join(' ')} ended with ${code ?? signal}:\n${last}`);
}

function size(path: string): number {
  try {
    return readFileSync(path).length;
  } catch {
    return 0;
  }
}
