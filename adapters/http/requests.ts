import {
  MAX_AVOID,
  MAX_CLIENT_BYTES,
  MAX_NAME_BYTES,
  MAX_SERVER_ID_BYTES,
  MAX_TICKET_BYTES,
  MAX_WAIT_BYTES,
} from '../../core/wire/limits.ts';
import { dictionary, list, only, type Rule, shape, shortText } from './rules.ts';
import type { AssignmentRequest, ReportRequest, RosterQuery } from './schemas.ts';

export const MAX_LABELS = 8;
export const MAX_LATENCIES = 32;
/** Each has a ticket: the answer stays below 20 KiB. */
export const MAX_PARTY = 16;
export const MAX_LATENCY_MS = 60_000;
/** Servers in one answer at most: a load balancer takes 1 MB from a function, and a server has up to 700 bytes. */
export const MAX_PAGE = 1_000;

/** What is said of a value that does not fit; it continues its path. */
export const MESSAGES = {
  avoid: `must be a list of at most ${MAX_AVOID} server ids`,
  party: `must be a list of 1 to ${MAX_PARTY} clients, no two alike`,
  labels: `must be an object of at most ${MAX_LABELS} labels`,
  latencies: `must be an object of at most ${MAX_LATENCIES} latencies`,
  latency: `must be a number of milliseconds from 0 to ${MAX_LATENCY_MS}`,
  family: 'must be 4 or 6',
  explain: 'must be true or false',
  reason: 'must be silent or refused',
  limit: `must be a whole number from 1 to ${MAX_PAGE}`,
};

export const isAvoid = (value: unknown): boolean => Array.isArray(value) && value.length <= MAX_AVOID;
export const isParty = (value: unknown): boolean =>
  Array.isArray(value) && value.length >= 1 && value.length <= MAX_PARTY && new Set(value).size === value.length;

const name = shortText(MAX_NAME_BYTES);
const client = shortText(MAX_CLIENT_BYTES);
const server = shortText(MAX_SERVER_ID_BYTES);
const isLatency = (value: unknown): boolean => typeof value === 'number' && value >= 0 && value <= MAX_LATENCY_MS;

export const assignmentRequest: Rule<AssignmentRequest> = shape<AssignmentRequest>({
  app: name,
  world: name,
  group: name,
  client,
  party: list(isParty, MESSAGES.party, client),
  server,
  avoid: list(isAvoid, MESSAGES.avoid, server),
  labels: dictionary(MAX_LABELS, MESSAGES.labels, name, name),
  latencies: dictionary(MAX_LATENCIES, MESSAGES.latencies, name, only<number>(isLatency, MESSAGES.latency)),
  wait: shortText(MAX_WAIT_BYTES),
  family: only((value) => value === 4 || value === 6, MESSAGES.family),
  explain: only((value) => typeof value === 'boolean', MESSAGES.explain),
});

export const reportRequest: Rule<ReportRequest> = shape<ReportRequest>(
  {
    ticket: shortText(MAX_TICKET_BYTES),
    reason: only((value) => value === 'silent' || value === 'refused', MESSAGES.reason),
  },
  ['ticket'],
);

const limit: Rule<number> = (value, path, errors) => {
  const servers = Number(value);
  if (!Number.isInteger(servers) || servers < 1 || servers > MAX_PAGE) errors.push({ path, message: MESSAGES.limit });
  return servers;
};

export const rosterQuery: Rule<RosterQuery> = shape<RosterQuery>(
  { app: name, world: name, group: name, after: server, limit },
  [],
  '?',
);
