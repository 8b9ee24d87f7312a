import type { ServerRow } from '../registry/row.ts';
import { CUT_OFF } from '../registry/witnesses.ts';

/** Longer than the time between two looks. */
const LATELY_MS = 90_000;

/**
 * Probers that found over half of their servers dark lately, and so judge nobody: gateways by their own words, and machines
 * that watch each other by their rows.
 * @param cutOffs when gateways were cut off last, by name: wall time in ms
 */
export function cutOffProbers(
  cutOffs: ReadonlyMap<string, number>,
  rows: readonly ServerRow[],
  wallMs: number,
): number {
  const gateways = [...cutOffs.values()].filter((atMs) => Math.abs(wallMs - atMs) < LATELY_MS);
  const machines = rows.filter(({ sees, seats }) => sees?.includes(CUT_OFF) && seats && seats.state !== 'gone');
  return gateways.length + machines.length;
}
