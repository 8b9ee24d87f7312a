import { drawColumn } from './alias-table.ts';
import { hasSeat, isLessLoaded } from './availability.ts';
import { pickPairByScan } from './pair-scan.ts';
import type { Policy } from './policy.ts';
import { createDrawsOf } from './weighted-draws.ts';

/** Pairs of draws before the policy looks at every server instead. With half of the seats out of reach 1 pick in 256 does. */
const DRAW_ROUNDS = 4;

/**
 * The power of two choices (M. Mitzenmacher, "The power of two choices in randomized load balancing", IEEE TPDS 12 (10),
 * 2001) for servers of unequal size: two draws weighted by capacity, the less loaded one wins, the first at a tie. It
 * stays close to even with a roster that is seconds old, where the least loaded server would be overrun by everybody.
 *
 * The table is renewed once per revision of the roster; what changed in the view since is looked at after drawing.
 */
export function twoChoices(): Policy {
  const drawsOf = createDrawsOf();
  return {
    name: 'two-choices',
    sticky: false,
    wholeApp: false,
    byLoad: true,
    pick(pool, query) {
      const { candidates, table } = drawsOf(pool);
      if (table === undefined) return -1;
      const { view } = pool;
      const { allowed, rng } = query;
      for (let round = 0; round < DRAW_ROUNDS; round++) {
        const first = candidates[drawColumn(table, rng.float())]!;
        const second = candidates[drawColumn(table, rng.float())]!;
        if (!hasSeat(view, first, allowed)) {
          if (hasSeat(view, second, allowed)) return second;
        } else {
          return hasSeat(view, second, allowed) && isLessLoaded(view, second, first) ? second : first;
        }
      }
      return pickPairByScan(pool, query);
    },
  };
}
