import type { KeepaliveTiming } from '../core/wire/packet.ts';

/**
 * What the HTTP API answers, read without trust and without anything that only Node has. Fields of a wrong kind are as if
 * they were not there.
 */

/** A server as JSON names it. */
export interface PlainServer {
  readonly id: string;
  readonly ipv4?: string;
  readonly ipv6?: string;
  readonly ports: Readonly<Record<string, number>>;
  readonly app?: string;
  readonly world?: string;
  readonly group?: string;
}

/** The answer to POST /v1/assignments. */
export interface PlainGrant {
  readonly server: PlainServer;
  readonly ticket?: string;
  readonly keepalive?: KeepaliveTiming;
  readonly alternates: readonly PlainServer[];
}

/** Whether a server takes new clients: only `ready` ones are given out. */
export type ServerStatus = 'ready' | 'starting' | 'draining' | 'suspect';

/** One server of the roster. */
export interface RosterServer extends PlainServer {
  readonly status: ServerStatus;
  /** Clients there now. */
  readonly sessions: number;
  readonly capacity: number;
  /** Seats for the taking. */
  readonly free: number;
  /** Shortest round trip of a few pings; only where they were sent and answered. */
  readonly latencyMs?: number;
}

export interface RosterDocument {
  readonly version: number;
  readonly servers: readonly RosterServer[];
  /** There is more: ask again with `after` set to this. */
  readonly next?: string;
}

const STATUSES: readonly string[] = ['ready', 'starting', 'draining', 'suspect'] satisfies ServerStatus[];

export function readGrant(body: unknown): PlainGrant | undefined {
  const { server, ticket, keepalive, alternates } = fieldsOf(body);
  const named = readServer(server);
  if (!named) return undefined;
  const timing = readKeepalive(keepalive);
  return {
    server: named,
    ...(typeof ticket === 'string' && { ticket }),
    ...(timing && { keepalive: timing }),
    alternates: listOf(alternates).flatMap((each) => readServer(each) ?? []),
  };
}

export function readRoster(body: unknown): RosterDocument | undefined {
  const { rosterVersion, servers, next } = fieldsOf(body);
  if (!isCount(rosterVersion) || !Array.isArray(servers)) return undefined;
  return {
    version: rosterVersion,
    servers: servers.flatMap((each) => readRosterServer(each) ?? []),
    ...(typeof next === 'string' && { next }),
  };
}

function readRosterServer(value: unknown): RosterServer | undefined {
  const server = readServer(value);
  const { status, sessions, capacity, free } = fieldsOf(value);
  if (!server || !isCount(sessions) || !isCount(capacity) || !isCount(free)) return undefined;
  // A status of a later version is none of those that take clients.
  const known = STATUSES.includes(status as string) ? (status as ServerStatus) : 'suspect';
  return { ...server, status: known, sessions, capacity, free };
}

/** Undefined if the server cannot be reached: no id, no address, or no ports. */
function readServer(value: unknown): PlainServer | undefined {
  const { id, ipv4, ipv6, ports, app, world, group } = fieldsOf(value);
  const named = Object.entries(fieldsOf(ports)).filter((entry): entry is [string, number] => isPort(entry[1]));
  if (typeof id !== 'string' || named.length === 0) return undefined;
  if (typeof ipv4 !== 'string' && typeof ipv6 !== 'string') return undefined;
  const texts = Object.entries({ ipv4, ipv6, app, world, group }).filter(([, text]) => typeof text === 'string');
  return { id, ports: Object.fromEntries(named), ...Object.fromEntries(texts) };
}

function readKeepalive(value: unknown): KeepaliveTiming | undefined {
  const { intervalSeconds, transmissions, timeoutMs } = fieldsOf(value);
  if (!isCount(intervalSeconds) || !isCount(transmissions) || !isCount(timeoutMs)) return undefined;
  return { intervalSeconds, transmissions, timeoutMs };
}

function isPort(value: unknown): boolean {
  return isCount(value) && value >= 1 && value <= 65_535;
}

export function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0;
}

/** The fields of a JSON object; none if it is something else. */
export function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** What a text says as JSON; undefined if it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
