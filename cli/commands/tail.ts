import { setTimeout as delay } from 'node:timers/promises';
import type { RosterServer } from '../../client/http-answers.ts';
import type { RosterMemory } from '../../client/http-api.ts';
import type { Run } from '../context.ts';
import { readRoster } from '../roster.ts';
import type { TargetFlags } from '../target.ts';

/** What changed between two readings of the roster. */
export type RosterEvent =
  | { readonly event: 'appeared'; readonly server: string; readonly status: string }
  | { readonly event: 'vanished'; readonly server: string }
  | { readonly event: 'status'; readonly server: string; readonly from: string; readonly to: string }
  | { readonly event: 'sessions'; readonly server: string; readonly from: number; readonly to: number }
  | { readonly event: 'capacity'; readonly server: string; readonly from: number; readonly to: number };

/** In the order of the servers' ids. */
export function changesOf(before: readonly RosterServer[], after: readonly RosterServer[]): RosterEvent[] {
  const known = new Map(before.map((server) => [server.id, server]));
  const events = after.flatMap((now): RosterEvent[] => {
    const then = known.get(now.id);
    known.delete(now.id);
    const { id: server, status } = now;
    if (!then) return [{ event: 'appeared', server, status }];
    return [
      ...(then.status === status ? [] : [{ event: 'status' as const, server, from: then.status, to: status }]),
      ...(['capacity', 'sessions'] as const)
        .filter((event) => then[event] !== now[event])
        .map((event) => ({ event, server, from: then[event], to: now[event] })),
    ];
  });
  return [...events, ...[...known.keys()].map((server) => ({ event: 'vanished' as const, server }))];
}

function describe(event: RosterEvent): string {
  switch (event.event) {
    case 'appeared':
      return `${event.server} appeared, ${event.status}`;
    case 'vanished':
      return `${event.server} vanished`;
    case 'status':
      return `${event.server} is ${event.to} (was ${event.from})`;
    case 'sessions':
      return `${event.server} sessions ${event.from} -> ${event.to}`;
    case 'capacity':
      return `${event.server} capacity ${event.from} -> ${event.to}`;
  }
}

export interface TailFlags extends TargetFlags {
  readonly interval: number;
  /** Stop after so many seconds. */
  readonly for?: number;
}

/** Follows the roster, a line for each change, until Ctrl-C. Says when the API is silent, and goes on. */
export const run: Run<TailFlags> = async ({ out, target, signal }, { interval, for: forS, ...flags }) => {
  const found = await target(flags);
  const memory: RosterMemory = {};
  let { servers } = await readRoster(found, {}, memory);
  out.line(`following ${servers.length} servers, ${found.name}; Ctrl-C ends`);
  const endMs = forS === undefined ? Number.POSITIVE_INFINITY : performance.now() + forS * 1000;
  let isSilent = false;
  while (!signal.aborted && performance.now() < endMs) {
    await delay(interval * 1000, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) break;
    const read = await readRoster(found, {}, memory).catch((error: Error) => error);
    const at = new Date();
    if (read instanceof Error) {
      if (!isSilent) out.line(`${at.toISOString().slice(11, 19)}  ${read.message}`);
      isSilent = true;
      continue;
    }
    if (isSilent) out.line(`${at.toISOString().slice(11, 19)}  the API answers again`);
    isSilent = false;
    for (const event of changesOf(servers, read.servers)) {
      out.line(`${at.toISOString().slice(11, 19)}  ${describe(event)}`);
      out.data({ atMs: at.getTime(), ...event });
    }
    servers = read.servers;
  }
  return 0;
};
