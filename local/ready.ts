import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { UsageError } from '../adapters/cli/flags.ts';
import type { LocalProcess } from './processes.ts';

const READY_TIMEOUT_MS = 30_000;
const POLL_MS = 20;
/** Exit code of programs that were told something impossible: a port in use, a wrong flag. */
const USAGE_EXIT = 2;

/**
 * Resolves when the door gives out `servers` servers. Rejects when one of `processes` ends before that, with what it
 * wrote last, or after 30 s.
 */
export async function untilOpen(
  healthUrl: string,
  servers: number,
  processes: () => readonly LocalProcess[],
): Promise<void> {
  const untilMs = performance.now() + READY_TIMEOUT_MS;
  while (performance.now() < untilMs) {
    for (const process of processes()) {
      // Drained before everybody was ready: what a person asked for is no failure.
      if (!process.running() && (await process.exited()) !== 0) throw await failure(process);
    }
    if ((await openServers(healthUrl)) >= servers) return;
    await delay(POLL_MS);
  }
  throw new Error(
    `not ready after ${READY_TIMEOUT_MS / 1000} s; see the logs of ${processes()[0]?.logPath ?? 'the door'}`,
  );
}

/** -1 while the door does not answer. */
async function openServers(healthUrl: string): Promise<number> {
  try {
    const response = await fetch(healthUrl);
    const { openServers: open } = (await response.json()) as { openServers?: number };
    return response.ok ? (open ?? -1) : -1;
  } catch {
    return -1;
  }
}

async function failure(process: LocalProcess): Promise<Error> {
  const code = await process.exited();
  const last = readFileSync(process.logPath, 'utf8').trim().split('\n').at(-1) ?? '';
  return code === USAGE_EXIT ? new UsageError(last) : new Error(`${process.name} exited (${code}): ${last}`);
}
