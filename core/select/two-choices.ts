import type { Pool } from '../registry/roster.ts';
import { type AliasTable, buildAliasTable, drawColumn } from './alias-table.ts';
import { hasSeat, isLessLoaded } from './availability.ts';
import type { PickQuery, Policy } from './policy.ts';

/** Pairs of draws before the policy looks at every server instead. With half of the seats out of reach 1 pick in 256 does. */
const DRAW_ROUNDS = 4;

/** The servers that had a free seat when the pool's table was made, and the table over their capacities. */
interface Draws {
  readonly candidates: Int32Array;
  readonly table: AliasTable | undefined;
}

/**
 * The power of two choices (M. Mitzenmacher, "The power of two choices in randomized load balancing", IEEE TPDS 12 (10),
 * 2001) for servers of unequal size: two draws weighted by capacity, the less loaded one wins, the first at a tie. It
 * stays close to even with a roster that is seconds old, where the least loaded server would be overrun by everybody.
 *
 * The table is made once per pool and so once per roster; what changed in the view since is looked at after drawing.
 */
export function twoChoices(): Policy {
  const known = new WeakMap<Pool, Draws>();
  return {
    name: 'two-choices',
    sticky: false,
    wholeApp: false,
    pick(pool, query) {
      let draws = known.get(pool);
      if (draws === undefined) {
        draws = prepare(pool);
        known.set(pool, draws);
      }
      const { candidates, table } = draws;
      if (table === undefined) return pickByScan(pool, query);
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
      return pickByScan(pool, query);
    },
  };
}

function prepare({ view, members }: Pool): Draws {
  const candidates = members.filter((index) => hasSeat(view, index, undefined));
  return { candidates, table: buildAliasTable(candidates.map((index) => view.capacity[index]!)) };
}

/**
 * The same choice by one pass over all members, so that a free seat is never missed: two weighted reservoirs of one
 * place each (M. T. Chao, "A general purpose unequal probability sampling plan", Biometrika 69 (3), 1982).
 */
function pickByScan({ view, members }: Pool, { allowed, rng }: PickQuery): number {
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
