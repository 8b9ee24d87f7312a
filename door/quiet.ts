import type { Clock } from '../core/ports.ts';
import type { RosterView } from '../core/registry/roster.ts';

/**
 * Whether a UDP source that showed no cookie may still take a seat: only in quiet times (docs/PROTOCOL.md, "Unverified
 * sources"). At most `unverifiedPerSecond` of them in a second, and a fifth of the free seats (eight where that is less); none while less than a fifth of all
 * seats is free, and none in the second after one in which more asked: in a flood only the first second takes anything.
 */
export interface Quiet {
  /** Counts one unverified request; true if it may be served. */
  mayServeUnverified(): boolean;
}

const SCARCE_SHARE = 0.2;
/** In a fleet of few seats a fifth would be none. */
const LEAST = 8;
const WINDOW_MS = 1_000;
/** How long the sum over the roster is good for. */
const SUM_TTL_MS = 100;

export function createQuiet(deps: {
  readonly clock: Clock;
  readonly unverifiedPerSecond: number;
  readonly view: () => RosterView;
}): Quiet {
  let windowStartMs = Number.NEGATIVE_INFINITY;
  let asked = 0;
  let most = 0;
  let summedAtMs = Number.NEGATIVE_INFINITY;
  let free = 0;
  let capacity = 0;

  const sum = (nowMs: number): void => {
    if (nowMs - summedAtMs < SUM_TTL_MS) return;
    summedAtMs = nowMs;
    const view = deps.view();
    free = 0;
    capacity = 0;
    for (let at = 0; at < view.free.length; at++) {
      if (view.open[at] !== 1) continue;
      free += view.free[at]!;
      capacity += view.capacity[at]!;
    }
  };

  const begin = (nowMs: number): void => {
    const isNext = nowMs - windowStartMs < 2 * WINDOW_MS;
    const wasFlooded = isNext && asked > deps.unverifiedPerSecond;
    const share = Math.max(LEAST, Math.floor(free * SCARCE_SHARE));
    most = wasFlooded ? 0 : Math.min(deps.unverifiedPerSecond, share);
    windowStartMs = nowMs;
    asked = 0;
  };

  return {
    mayServeUnverified() {
      const nowMs = deps.clock.monoMs();
      sum(nowMs);
      if (nowMs - windowStartMs >= WINDOW_MS) begin(nowMs);
      return ++asked <= most && free >= capacity * SCARCE_SHARE;
    },
  };
}
