import { type Refusal, refuse } from '../errors.ts';
import type { Clock, Mac } from '../ports.ts';
import type { Pool } from '../registry/roster.ts';
import type { Choice } from '../select/choices.ts';
import { fromBase64Url, toBase64Url } from '../ticket/base64url.ts';
import type { AssignOutcome, AssignRequest } from './types.ts';

/**
 * Those who were told that a pool is full (docs/SEATS.md, "Full"). Each keeps its own place in the line, in a signed
 * token; the door remembers some numbers of each pool.
 */
export interface WaitLine {
  /** Whether the request shows a token of its own, for this pool. */
  isWaiting(request: AssignRequest, pool: string): boolean;
  /** Seats that newcomers leave to those who wait and will come back in a moment. */
  spokenFor(pool: string): number;
  /** Who waited got a seat. */
  served(request: AssignRequest, pool: string): void;
  /** No seat: when to come back, and with which token. `perSecond`: seats that come back in the pool, if known. */
  refuse(request: AssignRequest, pool: string, perSecond: number | undefined, detail?: string): Refusal;
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
const SINCE_BYTES = 4;
const MAC_BYTES = 16;
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
  const { mac, macBefore, clock } = deps;
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
  const make = (mac: Mac, request: AssignRequest, pool: string, since: number): Uint8Array => {
    const who = request.client ?? request.party?.[0] ?? request.source.address;
    const what = encoder.encode(`onedoor wait\0${pool}\0`);
    const data = new Uint8Array(SINCE_BYTES + what.length + who.length);
    new DataView(data.buffer).setUint32(0, since);
    data.set(what, SINCE_BYTES);
    data.set(who, SINCE_BYTES + what.length);
    const token = new Uint8Array(SINCE_BYTES + MAC_BYTES);
    token.set(data.subarray(0, SINCE_BYTES));
    token.set(mac(data).subarray(0, MAC_BYTES), SINCE_BYTES);
    return token;
  };

  /** Since when the client waits, in seconds of wall time; undefined: it has just come. */
  const sinceOf = (request: AssignRequest, pool: string): number | undefined => {
    const token = request.wait === undefined ? undefined : fromBase64Url(request.wait);
    if (token?.length !== SINCE_BYTES + MAC_BYTES) return undefined;
    const since = new DataView(token.buffer, token.byteOffset).getUint32(0);
    const age = clock.wallMs() / 1_000 - since;
    if (age > MAX_AGE_SECONDS || age < -LEEWAY_SECONDS) return undefined;
    const before = macBefore();
    const isGenuine = [mac, ...(before ? [before] : [])].some((each) => {
      return make(each, request, pool, since).every((byte, at) => byte === token[at]);
    });
    return isGenuine ? since : undefined;
  };

  return {
    isWaiting: (request, pool) => sinceOf(request, pool) !== undefined,
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
    refuse(request, pool, perSecond, detail) {
      const known = sinceOf(request, pool);
      const counts = countsOf(pool);
      counts.refused += sizeOf(request);
      if (known !== undefined) counts.waiting += sizeOf(request);
      const ahead = Math.max(counts.refused, counts.refusedBefore);
      const expectedMs = perSecond === undefined ? USUAL_RETRY_MS : (ahead / perSecond) * 1_000;
      const longestMs = known === undefined ? LONGEST_RETRY_MS : WINDOW_MS;
      const retryAfterMs = Math.round(Math.min(Math.max(expectedMs, LEAST_RETRY_MS), longestMs));
      const since = known ?? Math.floor(clock.wallMs() / 1_000);
      const wait = toBase64Url(make(mac, request, pool, since));
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
  const isWaiting = line.isWaiting(request, pool);
  const spokenFor = isWaiting ? 0 : line.spokenFor(pool);
  if (spokenFor > 0) {
    const widest = widestOf();
    if (widest && seatsOf(widest, spokenFor + 1) <= spokenFor) {
      return line.refuse(request, pool, pace(widest.pool), BEHIND);
    }
  }
  const outcome = await seek();
  if (outcome.ok && isWaiting) line.served(request, pool);
  if (outcome.ok || outcome.code !== 'assign.no-capacity') return outcome;
  const widest = widestOf();
  return widest ? line.refuse(request, pool, pace(widest.pool)) : outcome;
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
