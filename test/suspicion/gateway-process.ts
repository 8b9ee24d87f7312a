import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { LocalProgram } from '../support/local-program.ts';

/** What the gateway of a local system says of its probing. */
export interface Probing {
  /** Suspicions since it started. */
  readonly suspected: number;
  readonly watched: number;
  /** Times that it found itself too late to judge. */
  readonly stalls: number;
}

function childrenOf(pid: number): number[] {
  try {
    const listed = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
    return listed.flatMap((child) => [child, ...childrenOf(child)]);
  } catch {
    return [];
  }
}

function isDoor(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('door.mjs');
  } catch {
    return false;
  }
}

/** Stops the gateway's processes for a while: no time, no answers, no word. */
export async function stopGateway({ pid }: LocalProgram, forMs: number): Promise<void> {
  const doors = childrenOf(pid).filter(isDoor);
  if (doors.length === 0) throw new Error('the local system has no gateway');
  for (const door of doors) process.kill(door, 'SIGSTOP');
  await pause(forMs);
  for (const door of doors) process.kill(door, 'SIGCONT');
}

export async function probingOf({ api }: LocalProgram): Promise<Probing> {
  const health = new URL(api);
  health.port = String(Number(health.port) + 1);
  const facts = (await (await fetch(new URL('/healthz', health))).json()) as {
    readonly probing: { readonly watched: number; readonly stalls: number };
    readonly counters: Readonly<Record<string, number>>;
  };
  return { ...facts.probing, suspected: facts.counters['suspected'] ?? 0 };
}

/** Resolves when the gateway probes every server. */
export async function untilWatched(system: LocalProgram, withinMs = 20_000): Promise<void> {
  for (const endMs = performance.now() + withinMs; performance.now() < endMs; await pause(50)) {
    const { watched } = await probingOf(system).catch(() => ({ watched: 0 }));
    if (watched === system.servers.length) return;
  }
  throw new Error(`the gateway does not watch all servers after ${withinMs} ms`);
}
