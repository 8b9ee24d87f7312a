import type { Clock } from '../core/ports.ts';
import type { RosterView } from '../core/registry/roster.ts';

/**
 * Whether a UDP source that showed no cookie may still take a seat: only in quiet times (docs/PROTOCOL.md, "Unverified
 * sources cost nothing"): at most `unverifiedPerSecond` of them, and only while at least a fifth of the seats is free.
 */
export interface Quiet {
  /** Counts one unverified request; true if it may be served. */
  mayServeUnverified(): boolean;
}

const SCARCE_SHARE = 0.2;
/** How long the sum over the roster is good for. */
const SUM_TTL_MS = 100;

export function createQuiet(deps: {
  readonly clock: Clock;
  readonly unverifiedPerSecond: number;
  readonly view: () => RosterView;
}): Quiet {
  let secondStartMs = Number.NEGATIVE_INFINITY;
  let served = 0;
  let summedAtMs = Number.NEGATIVE_INFINITY;
  let scarce = false;

  const isScarce = (nowMs: number): boolean => {
    if (nowMs - summedAtMs < SUM_TTL_MS) return scarce;
    summedAtMs = nowMs;
    const { free, capacity, open } = deps.view();
    let freeSum = 0;
    let capacitySum = 0;
    for (let at = 0; at < free.length; at++) {
      if (open[at] !== 1) continue;
      freeSum += free[at]!;
      capacitySum += capacity[at]!;
    }
    scarce = freeSum < capacitySum * SCARCE_SHARE;
    return scarce;
  };

  return {
    mayServeUnverified() {
      const nowMs = deps.clock.monoMs();
      if (nowMs - secondStartMs >= 1_000) {
        secondStartMs = nowMs;
        served = 0;
      }
      if (served >= deps.unverifiedPerSecond || isScarce(nowMs)) return false;
      served++;
      return true;
    },
  };
}
