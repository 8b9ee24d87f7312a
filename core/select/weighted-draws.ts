import { oncePer } from '../once-per.ts';
import type { Pool } from '../registry/roster.ts';
import { type AliasTable, aliasRoom, buildAliasTable } from './alias-table.ts';
import { hasSeat } from './availability.ts';

/** The servers that had a free seat when the pool's table was made, and the table over their capacities. */
export interface Draws {
  readonly candidates: Int32Array;
  /** Absent: no server of the pool has a seat. */
  table: AliasTable | undefined;
}

interface KeptDraws extends Draws {
  readonly weights: Int32Array;
  readonly room: ReturnType<typeof aliasRoom>;
  count: number;
  /** Of the view, when the candidates were looked up. */
  revision: number;
  gains: number;
}

const keptOf = oncePer(
  ({ members: { length } }: Pool): KeptDraws => ({
    candidates: new Int32Array(length),
    table: undefined,
    weights: new Int32Array(length),
    room: aliasRoom(length),
    count: 0,
    revision: -1,
    gains: 0,
  }),
);

/**
 * The draws of a pool, for one policy. Looked up once per revision of the roster; what changed in the view since is to be
 * looked at after drawing. Only a pool without candidates is looked at anew when a correction may have given it one, so
 * that its requests cost no pass each.
 */
export function createDrawsOf(): (pool: Pool) => Draws {
  let last: Pool | undefined;
  let kept: KeptDraws | undefined;
  return (pool) => {
    // Most picks are in the pool of the one before, and a look into a WeakMap costs as much as the draws.
    if (pool !== last || kept === undefined) {
      kept = keptOf(pool);
      last = pool;
    }
    refresh(kept, pool);
    return kept;
  };
}

function refresh(kept: KeptDraws, pool: Pool): void {
  const { revision, gains } = pool.view;
  if (kept.revision !== revision || (kept.table === undefined && kept.gains !== gains)) {
    kept.revision = revision;
    kept.gains = gains;
    renew(kept, pool);
  }
}

/** Most rosters have the candidates and capacities of the one before, and so its table. */
function renew(kept: KeptDraws, { view, members }: Pool): void {
  const { candidates, weights } = kept;
  let count = 0;
  let isSame = true;
  for (let at = 0; at < members.length; at++) {
    const index = members[at]!;
    if (!hasSeat(view, index, undefined)) continue;
    const weight = view.capacity[index]!;
    if (candidates[count] !== index || weights[count] !== weight) {
      isSame = false;
      candidates[count] = index;
      weights[count] = weight;
    }
    count++;
  }
  if (isSame && count === kept.count) return;
  kept.count = count;
  kept.table = buildAliasTable(weights, count, kept.room);
}
