import type { Clock } from '../core/ports.ts';

/** Signatures checked in a second for packets: each costs an eighth of a millisecond, and anybody may send them. */
const CHECKS_PER_SECOND = 1_000;

/** Asked before each check; false: enough for this second. */
export function createCheckBudget(clock: Clock): () => boolean {
  let startMs = Number.NEGATIVE_INFINITY;
  let count = 0;
  return () => {
    const nowMs = clock.monoMs();
    if (nowMs - startMs >= 1_000) {
      startMs = nowMs;
      count = 0;
    }
    return ++count <= CHECKS_PER_SECOND;
  };
}
