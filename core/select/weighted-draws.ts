import type { Pool } from '../registry/roster.ts';
import { type AliasTable, buildAliasTable } from './alias-table.ts';
import { hasSeat } from './availability.ts';

/** The servers that had a free seat when the pool's table was made, and the table over their capacities. */
export interface Draws {
  readonly candidates: Int32Array;
  /** Absent: none had a seat. */
  readonly table: AliasTable | undefined;
}

const known = new WeakMap<Pool, Draws>();

/** Made once per pool and so once per roster; what changed in the view since is to be looked at after drawing. */
export function drawsOf(pool: Pool): Draws {
  let draws = known.get(pool);
  if (draws === undefined) {
    const { view, members } = pool;
    const candidates = members.filter((index) => hasSeat(view, index, undefined));
    draws = { candidates, table: buildAliasTable(candidates.map((index) => view.capacity[index]!)) };
    known.set(pool, draws);
  }
  return draws;
}
