import { drawColumn } from './alias-table.ts';
import { hasSeat } from './availability.ts';
import { pickPairByScan } from './pair-scan.ts';
import type { Policy } from './policy.ts';
import { createDrawsOf } from './weighted-draws.ts';

/** Draws before the policy looks at every server instead: with half of the servers out of reach 1 pick in 256 does. */
const DRAWS = 8;

/**
 * Any server with a free seat, each by its capacity. Knows no load: servers fill unevenly, as dice do, until they are
 * full. For comparing with, and where nothing shall depend on how fresh the roster is.
 */
export function random(): Policy {
  const drawsOf = createDrawsOf();
  return {
    name: 'random',
    sticky: false,
    wholeApp: false,
    pick(pool, query) {
      const { candidates, table } = drawsOf(pool);
      if (table === undefined) return -1;
      const { view } = pool;
      const { allowed, rng } = query;
      for (let draw = 0; draw < DRAWS; draw++) {
        const index = candidates[drawColumn(table, rng.float())]!;
        if (hasSeat(view, index, allowed)) return index;
      }
      return pickPairByScan(pool, query);
    },
  };
}
