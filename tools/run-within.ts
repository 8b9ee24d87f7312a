/** Runs a program for at most so long, and leaves nothing of it behind. */
import { type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { followTree, type Process, type ProcessTree } from './process-tree.ts';

export interface RunOptions {
  readonly limitMs: number;
  /** How long it may take to end by itself when its time is over or somebody stops this process. @default 15 s */
  readonly graceMs?: number;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Whether its output is shown rather than given. @default false */
  readonly isShown?: boolean;
}

export interface RunResult {
  /** Undefined if a signal ended it. */
  readonly code: number | undefined;
  /** What it wrote, both streams; nothing if that was shown. */
  readonly output: string;
  /** What ran below it when its time was over; undefined if it ended in time. */
  readonly late: readonly Process[] | undefined;
  /** What it left behind although it ended in time. It is gone by now. */
  readonly left: readonly Process[];
}

const GRACE_MS = 15_000;
/** A helper whose parent is gone needs a moment to see it. */
const LEAVE_MS = 3_000;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

async function waitUntilAlone(tree: ProcessTree, withinMs: number): Promise<void> {
  for (const endMs = performance.now() + withinMs; tree.living().length > 0 && performance.now() < endMs; ) {
    await delay(50);
  }
}

/** Rejects only if the program cannot be started. A signal to this process ends the program, then this process. */
export async function runWithin(command: readonly string[], options: RunOptions): Promise<RunResult> {
  const { limitMs, graceMs = GRACE_MS, cwd, env = process.env, isShown = false } = options;
  const [program = '', ...args] = command;
  const spawning: SpawnOptions = {
    cwd,
    env,
    stdio: ['ignore', isShown ? 'inherit' : 'pipe', isShown ? 'inherit' : 'pipe'],
  };
  const child = spawn(program, args, spawning);
  await once(child, 'spawn');
  const pid = child.pid ?? 0;
  const tree = followTree(pid);
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => output.push(chunk));
  let stopped: NodeJS.Signals | undefined;
  let late: readonly Process[] | undefined;
  let killing: NodeJS.Timeout | undefined;
  const end = (): void => {
    // Those that it put into groups of their own are its to stop; what stays is killed below.
    const own = tree.living().filter(({ group }) => group === tree.group);
    for (const one of [pid, ...own.map((process) => process.pid)]) signal(one, 'SIGTERM');
    killing ??= setTimeout(() => {
      signal(pid, 'SIGKILL');
      void tree.kill();
    }, graceMs);
  };
  const onSignal = (name: NodeJS.Signals): void => {
    stopped = name;
    end();
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  const limit = setTimeout(() => {
    late = tree.living();
    end();
  }, limitMs);
  const closed = once(child, 'close');
  const [code] = (await once(child, 'exit')) as [number | null];
  clearTimeout(limit);
  clearTimeout(killing);
  for (const name of SIGNALS) process.off(name, onSignal);
  if (!late && !stopped) await waitUntilAlone(tree, LEAVE_MS);
  const left = tree.living();
  await tree.kill();
  tree.close();
  // Whoever had its output is gone now.
  await closed;
  if (stopped) process.kill(process.pid, stopped);
  return { code: code ?? undefined, output: Buffer.concat(output).toString(), late, left: late ? [] : left };
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended by itself.
  }
}
