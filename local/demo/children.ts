import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from './report.ts';

/** A program that the demo started. */
export interface Child {
  readonly name: string;
  readonly pid: number;
  isRunning(): boolean;
  /** Exit code, or the signal's name; for a program that could not be started the error's code. */
  readonly ended: Promise<number | string>;
  /** Sends a signal that is meant: the program's end is no surprise then. */
  signal(signal: NodeJS.Signals): void;
  /** Writes a line to its input. */
  type(line: string): void;
  /** The last lines that it wrote. */
  lastLines(count: number): readonly string[];
}

export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Run as nobody, if this process may choose: game servers need no rights, and some refuse root's. */
  readonly unprivileged?: boolean;
  /** At the end it gets SIGTERM, since it has programs of its own to end; the others get SIGKILL. */
  readonly endsItself?: boolean;
  readonly onOutput?: (text: string) => void;
}

/** All programs of the demo. */
export interface Children {
  start(name: string, command: readonly [string, ...string[]], options?: StartOptions): Child;
  /** Programs that ended though nobody wanted them to. */
  surprises(): readonly Child[];
  /** Programs that are there now. */
  living(): readonly Child[];
  /** Ends all; resolves when they are gone. */
  stopAll(): Promise<void>;
  /** The same without waiting, for a process that is about to end. */
  endAll(): void;
}

const NOBODY = 65_534;
const POLITE_MS = 5_000;

interface Entry {
  readonly child: Child;
  readonly process: ChildProcess;
  readonly endsItself: boolean;
}

/** @param logDir what the programs write goes there, one file each */
export function createChildren(logDir: string): Children {
  const living = new Set<Entry>();
  const surprises: Child[] = [];
  const wanted = new Set<Child>();
  let isStopping = false;
  const endAll = (): void => {
    isStopping = true;
    for (const { process, endsItself } of living) process.kill(endsItself ? 'SIGTERM' : 'SIGKILL');
  };

  return {
    start(name, [program, ...args], options = {}) {
      if (isStopping) throw new Failure(`${name} is not started: everything is about to end`);
      const entry = launch(name, join(logDir, `${name}.log`), program, args, options, (child) => wanted.add(child));
      const { child } = entry;
      living.add(entry);
      void child.ended.then(() => {
        living.delete(entry);
        if (!isStopping && !wanted.has(child)) surprises.push(child);
      });
      return child;
    },
    surprises: () => surprises,
    living: () => [...living].map(({ child }) => child),
    async stopAll() {
      const left = [...living];
      endAll();
      const late = setTimeout(() => {
        for (const { process } of living) process.kill('SIGKILL');
      }, POLITE_MS);
      await Promise.all(left.map(({ child }) => child.ended));
      clearTimeout(late);
    },
    endAll,
  };
}

/** What every program gets of this one's environment. */
function pick(...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

function launch(
  name: string,
  logPath: string,
  program: string,
  args: readonly string[],
  { env = {}, unprivileged = false, endsItself = false, onOutput }: StartOptions,
  onSignal: (child: Child) => void,
): Entry {
  const log = openSync(logPath, 'a');
  const drop = unprivileged && process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  const spawned = spawn(program, args, {
    cwd: '/',
    env: { ...pick('PATH', 'TMPDIR'), ...env },
    stdio: ['pipe', onOutput ? 'pipe' : log, log],
    ...drop,
  });
  closeSync(log);
  // Writing to a program that is gone is no fault.
  spawned.stdin?.on('error', () => {});
  let said = '';
  spawned.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    onOutput?.(text);
  });
  const ended = Promise.race([
    once(spawned, 'exit').then(([code, signal]) => (code ?? signal) as number | string),
    new Promise<string>((resolve) => {
      spawned.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    }),
  ]);
  ended.catch(() => {});
  const child: Child = {
    name,
    pid: spawned.pid ?? 0,
    ended,
    isRunning: () => spawned.pid !== undefined && spawned.exitCode === null && spawned.signalCode === null,
    signal(signal) {
      onSignal(child);
      spawned.kill(signal);
    },
    type: (line) => void spawned.stdin?.write(`${line}\n`),
    lastLines: (count) => `${said}${readFileSync(logPath, 'utf8')}`.split('\n').filter(Boolean).slice(-count),
  };
  return { child, process: spawned, endsItself };
}
