/** Servers on core 0, the generator on core 1, and what the first cost. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';

export interface Contender {
  readonly name: string;
  readonly kind: string;
  readonly port: number;
  readonly child: ChildProcess;
}

/** What the generator saw, with the CPU seconds that the contender took for it. */
export interface Run {
  readonly received: number;
  readonly refused: number;
  /** Number of the last refusal's code (docs/ERRORS.md). */
  readonly reason: number;
  readonly wrong: number;
  readonly lost: number;
  readonly seconds: number;
  readonly p50: number;
  readonly p99: number;
  readonly cpuSeconds: number;
}

export interface Load {
  readonly sockets: number;
  readonly window: number;
  readonly seconds: number;
  /** A second in all; 0: as fast as replies come. */
  readonly rate: number;
  readonly env?: Record<string, string>;
  /** How long the same load runs before, unmeasured: a stock of seats follows the demand, and empties in 10 s. */
  readonly warmSeconds?: number;
}

const SERVER_CORE = '0';
const CLIENT_CORE = '1';

/** A session of its own, so that the CPU time of all its processes and threads can be found. */
export function startPinned(command: readonly string[], env: Record<string, string> = {}): ChildProcess {
  return spawn('taskset', ['-c', SERVER_CORE, ...command], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
}

/** Ends all processes of the session. */
export function stopPinned({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}

/** CPU seconds so far of every thread of every process of the session. */
function cpuSeconds({ pid: session }: ChildProcess): number {
  let ns = 0;
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
      if (Number(fields[3]) !== session) continue;
      for (const thread of readdirSync(`/proc/${pid}/task`)) {
        ns += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
      }
    } catch {
      // It ended meanwhile.
    }
  }
  return ns / 1e9;
}

/** One run of the generator at `contender`; this process goes on meanwhile. Rejects if a reply was wrong. */
export async function load(generator: string, { name, kind, port, child }: Contender, how: Load): Promise<Run> {
  const before = cpuSeconds(child);
  const numbers = [port, how.sockets, how.window, how.seconds, how.rate].map(String);
  const args = ['-c', CLIENT_CORE, generator, kind, ...numbers];
  const { stdout } = await promisify(execFile)('taskset', args, { env: { ...process.env, ...how.env } });
  const run = { ...(JSON.parse(stdout) as Omit<Run, 'cpuSeconds'>), cpuSeconds: cpuSeconds(child) - before };
  if (run.wrong > 0) throw new Error(`${name} gave ${run.wrong} wrong replies: ${stdout}`);
  return run;
}
