import type { Pool } from '../registry/roster.ts';
import { hasSeat, isLessLoaded } from './availability.ts';
import type { PickQuery } from './policy.ts';

/**
 * The less loaded of two servers drawn by capacity, in one pass over all members, so that a free seat is never missed:
 * two weighted reservoirs of one place each (M. T. Chao, "A general purpose unequal probability sampling plan",
 * Biometrika 69 (3), 1982). -1 if none can be had.
 */
export function pickPairByScan({ view, members }: Pool, { allowed, rng }: Pick<PickQuery, 'allowed' | 'rng'>): number {
  let first = -1;
  let second = -1;
  let total = 0;
  for (let at = 0; at < members.length; at++) {
    const index = members[at]!;
    if (!hasSeat(view, index, allowed)) continue;
    const weight = view.capacity[index]!;
    total += weight;
    if (first === -1 || rng.float() * total < weight) first = index;
    if (second === -1 || rng.float() * total < weight) second = index;
  }
  return first !== -1 && isLessLoaded(view, second, first) ? second : first;
}
