import { MAX_AVOID } from '../../core/wire/limits.ts';

/** What rules and schemas of requests have in common. */
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
