import { type Refusal, refuse } from '../errors.ts';
import type { Clock, Mac } from '../ports.ts';
import type { Pool } from '../registry/roster.ts';
import type { Choice } from '../select/choices.ts';
import { fromBase64Url, toBase64Url } from '../ticket/base64url.ts';
import { createStamps } from '../ticket/stamp.ts';
import type { AssignOutcome, AssignRequest } from './types.ts';

/**
 * Those who were told that a pool is full (docs/SEATS.md, "Full"). Each keeps its own place in the line, in a signed
 * token; the door remembers some numbers of each pool.
 */
export interface WaitLine {
  /** Since when the client waits, in seconds of wall time, by a token of its own for this pool; undefined: it has just come. */
  sinceOf(request: AssignRequest, pool: string): number | undefined;
  /** Seats that newcomers leave to those who wait and will come back in a moment. */
  spokenFor(pool: string): number;
  /** Who waited got a seat. */
  served(request: AssignRequest, pool: string): void;
  /** No seat: when to come back, and with which token. */
  refuse(request: AssignRequest, pool: string, facts: RefusalFacts): Refusal;
}

interface RefusalFacts {
  /** As `sinceOf` tells. */
  readonly since?: number | undefined;
  /** Seats that come back in the pool, if known. */
  readonly perSecond?: number | undefined;
  readonly detail?: string;
}

/** Of one pool, in this window and the one before. */
interface Counts {
  window: number;
  refused: number;
  refusedBefore: number;
  waiting: number;
  waitingBefore: number;
}

const WINDOW_MS = 5_000;
/** Whoever waits comes back in every window; newcomers after as long as they can expect to wait. */
const LEAST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;
/** Without a measurement. */
const USUAL_RETRY_MS = 2_000;
/** Who comes back later stands at the end of the line. */
const MAX_AGE_SECONDS = 1_800;
const LEEWAY_SECONDS = 5;
/** An old one that is full again is remembered anew. */
const MOST_POOLS = 10_000;
const encoder = new TextEncoder();

const sizeOf = ({ party }: AssignRequest): number => party?.length ?? 1;

/** @param macBefore that of the key before the last rotation: its tokens are good until they are too old */
export function createWaitLine(deps: {
  readonly mac: Mac;
  readonly macBefore: () => Mac | undefined;
  readonly clock: Clock;
}): WaitLine {
  const { clock } = deps;
  const stamps = createStamps(deps.mac, deps.macBefore);
  const pools = new Map<string, Counts>();

  const countsOf = (pool: string): Counts => {
    const window = Math.floor(clock.monoMs() / WINDOW_MS);
    let counts = pools.get(pool);
    if (!counts) {
      if (pools.size >= MOST_POOLS) pools.clear();
      counts = { window, refused: 0, refusedBefore: 0, waiting: 0, waitingBefore: 0 };
      pools.set(pool, counts);
    }
    if (counts.window !== window) {
      const isNext = counts.window === window - 1;
      counts.refusedBefore = isNext ? counts.refused : 0;
      counts.waitingBefore = isNext ? counts.waiting : 0;
      counts.refused = 0;
      counts.waiting = 0;
      counts.window = window;
    }
    return counts;
  };

  /** Bound to who waits and for what, so that nobody else has any use for it. */
  const subject = (request: AssignRequest, pool: string): Uint8Array => {
    const who = request.client ?? request.party?.[0] ?? request.source.address;
    const what = encoder.encode(`onedoor wait\0${pool}\0`);
    const bytes = new Uint8Array(what.length + who.length);
    bytes.set(what);
    bytes.set(who, what.length);
    return bytes;
  };

  return {
    sinceOf(request, pool) {
      const token = request.wait === undefined ? undefined : fromBase64Url(request.wait);
      const since = stamps.timeOf(token);
      if (token === undefined || since === undefined) return undefined;
      const age = clock.wallMs() / 1_000 - since;
      if (age > MAX_AGE_SECONDS || age < -LEEWAY_SECONDS) return undefined;
      return stamps.isGenuine(token, subject(request, pool)) ? since : undefined;
    },
    spokenFor(pool) {
      // Clients may name any pool; only those that were full are remembered.
      if (!pools.has(pool)) return 0;
      const { waiting, waitingBefore } = countsOf(pool);
      return Math.max(waiting, waitingBefore);
    },
    served(request, pool) {
      const counts = countsOf(pool);
      counts.waiting = Math.max(0, counts.waiting - sizeOf(request));
      counts.waitingBefore = Math.max(0, counts.waitingBefore - sizeOf(request));
    },
    refuse(request, pool, { since, perSecond, detail }) {
      const counts = countsOf(pool);
      counts.refused += sizeOf(request);
      if (since !== undefined) counts.waiting += sizeOf(request);
      const ahead = Math.max(counts.refused, counts.refusedBefore);
      const expectedMs = perSecond === undefined ? USUAL_RETRY_MS : (ahead / perSecond) * 1_000;
      const longestMs = since === undefined ? LONGEST_RETRY_MS : WINDOW_MS;
      const retryAfterMs = Math.round(Math.min(Math.max(expectedMs, LEAST_RETRY_MS), longestMs));
      const from = since ?? Math.floor(clock.wallMs() / 1_000);
      const wait = toBase64Url(stamps.issue(from, subject(request, pool)));
      return { ...refuse('assign.no-capacity', { retryAfterMs, ...(detail !== undefined && { detail }) }), wait };
    },
  };
}

const BEHIND = 'the free seats are for those who wait already';

/**
 * Seeks a seat for one client. Newcomers get none of the last ones, as many as the clients that wait and will be back in
 * a moment; clients that show no tokens are not counted as waiting.
 */
export async function inLine(deps: {
  readonly line: WaitLine;
  readonly request: AssignRequest;
  readonly defaultApp: string | undefined;
  /** Where the request may go, whether there are seats or not. */
  readonly found: () => readonly Choice[] | Refusal;
  readonly pace: (pool: Pool) => number | undefined;
  readonly seek: () => Promise<AssignOutcome>;
}): Promise<AssignOutcome> {
  const { line, request, found, pace, seek } = deps;
  const pool = `${request.app ?? deps.defaultApp}\0${request.world ?? ''}`;
  const widestOf = (): Choice | undefined => {
    const choices = found();
    return 'code' in choices ? undefined : choices.at(-1);
  };
  const since = line.sinceOf(request, pool);
  const isWaiting = since !== undefined;
  const spokenFor = isWaiting ? 0 : line.spokenFor(pool);
  if (spokenFor > 0) {
    const widest = widestOf();
    if (widest && seatsOf(widest, spokenFor + 1) <= spokenFor) {
      return line.refuse(request, pool, { perSecond: pace(widest.pool), detail: BEHIND });
    }
  }
  const outcome = await seek();
  if (outcome.ok && isWaiting) line.served(request, pool);
  if (outcome.ok || outcome.code !== 'assign.no-capacity') return outcome;
  const widest = widestOf();
  return widest ? line.refuse(request, pool, { since, perSecond: pace(widest.pool) }) : outcome;
}

/** Free seats of a choice; counted no further than `enough`. */
function seatsOf({ pool, allowed }: Choice, enough: number): number {
  const { view, members } = pool;
  let sum = 0;
  for (const at of members) {
    if (view.open[at] === 1 && view.free[at]! > 0 && allowed(at)) sum += view.free[at]!;
    if (sum >= enough) break;
  }
  return sum;
}
