import {
  MAX_CLIENT_BYTES,
  MAX_NAME_BYTES,
  MAX_SERVER_ID_BYTES,
  MAX_TICKET_BYTES,
  MAX_WAIT_BYTES,
} from '../../core/wire/limits.ts';
import { isAvoid, isParty, MAX_LABELS, MAX_LATENCIES, MAX_LATENCY_MS, MAX_PAGE, MESSAGES } from './request-limits.ts';
import { dictionary, list, only, type Rule, shape, shortText } from './rules.ts';
import type { AssignmentRequest, ReportRequest, RosterQuery } from './schemas.ts';

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
