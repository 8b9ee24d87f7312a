import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';

/** A program of the local system in a process of its own. */
export interface LocalProcess {
  readonly name: string;
  /** Absent where it could not be started. */
  readonly pid?: number | undefined;
  /** Where its output goes: kept for people until the system stops. */
  readonly logPath: string;
  running(): boolean;
  kill(signal: NodeJS.Signals): void;
  /** Resolves with the exit code or the signal's name. */
  exited(): Promise<number | string>;
}

export interface Processes {
  /** @param nodeFlags what Node itself is told */
  start(
    name: string,
    script: string,
    args: readonly string[],
    env?: Readonly<Record<string, string>>,
    nodeFlags?: readonly string[],
  ): LocalProcess;
  /** Ends all: SIGTERM, and SIGKILL for those that are still there after `graceMs`. */
  stopAll(graceMs: number): Promise<void>;
}

/** Starts programs with this Node; every one of them is gone when `stopAll` resolves. */
export function createProcesses(options: {
  readonly logDir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly onExit: (process: LocalProcess, code: number | string) => void;
}): Processes {
  const all = new Set<{ child: ChildProcess; exit: Promise<number | string> }>();
  let stopping = false;

  return {
    start(name, script, args, env = {}, nodeFlags = []) {
      const logPath = join(options.logDir, `${name}.log`);
      const log = openSync(logPath, 'a');
      const child = spawn(process.execPath, [...nodeFlags, script, ...args], {
        env: { PATH: process.env['PATH'] ?? '', ...options.env, ...env },
        stdio: ['ignore', log, log],
      });
      closeSync(log);
      const exit = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
      const entry = { child, exit };
      all.add(entry);
      const process_: LocalProcess = {
        name,
        pid: child.pid,
        logPath,
        running: () => child.exitCode === null && child.signalCode === null,
        kill: (signal) => {
          child.kill(signal);
        },
        exited: () => exit,
      };
      void exit.then((code) => {
        all.delete(entry);
        if (!stopping) options.onExit(process_, code);
      });
      return process_;
    },
    async stopAll(graceMs) {
      stopping = true;
      const left = [...all];
      for (const { child } of left) child.kill('SIGTERM');
      const late = setTimeout(() => {
        for (const { child } of all) child.kill('SIGKILL');
      }, graceMs);
      await Promise.all(left.map(({ exit }) => exit));
      clearTimeout(late);
    },
  };
}
