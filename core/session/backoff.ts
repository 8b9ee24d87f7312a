import type { Rng } from '../ports.ts';
import { BACKOFF_BASE_MS, BACKOFF_CAP_MS, RETRY_AFTER_CAP_MS, STORM_MS } from './timing.ts';

/** 250 ms * 2^7 is above the cap; counting on would only overflow. */
const MAX_DOUBLINGS = 7;

/**
 * Time until the next new request after `failures` in a row: full jitter (uniform in [0, min(cap, base * 2^failures))),
 * which spreads a crowd that lost one server better than a jittered half, after the door's own retry-after.
 */
export function backoffMs(failures: number, retryAfterMs: number, rng: Pick<Rng, 'float'>): number {
  const ceilingMs = Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** Math.min(failures, MAX_DOUBLINGS));
  return Math.min(retryAfterMs, RETRY_AFTER_CAP_MS) + rng.float() * ceilingMs;
}

/** Time until the first request after the loss of a server by a client that has played for `playedMs`. */
export function stormMs(playedMs: number, rng: Pick<Rng, 'float'>): number {
  return rng.float() * Math.min(STORM_MS, playedMs);
}
