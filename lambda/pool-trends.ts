import { createTimeToFull, type TimeToFull } from '../core/metrics/time-to-full.ts';
import type { PoolFigures } from '../core/registry/pool-figures.ts';
import type { ServerRow } from '../core/registry/row.ts';

/** What one look at the rows cannot tell: kept from pass to pass, for as long as the function stays warm. */
export interface PoolTrends {
  /** Keys of the rows whose beat is still that of the last pass; undefined in the first one. */
  stale(rows: readonly ServerRow[]): ReadonlySet<string> | undefined;
  /** Seconds until the pool is full; undefined while it does not fill. */
  timeToFull(pool: Pick<PoolFigures, 'app' | 'world' | 'group' | 'freeSeats'>, monoMs: number): number | undefined;
}

/** A pass comes each minute, and beats come every five seconds: no clock is needed to see that they stopped. */
export function createPoolTrends(): PoolTrends {
  let beats: ReadonlyMap<string, number> | undefined;
  const trends = new Map<string, TimeToFull>();
  return {
    stale(rows) {
      const before = beats;
      const now = new Map(rows.flatMap(({ key, seats }) => (seats ? [[key, seats.beat] as const] : [])));
      beats = now;
      return before && new Set([...now].filter(([key, beat]) => before.get(key) === beat).map(([key]) => key));
    },
    timeToFull({ app, world, group, freeSeats }, monoMs) {
      const key = JSON.stringify([app, world, group]);
      const trend = trends.get(key) ?? createTimeToFull();
      trends.set(key, trend);
      trend.saw(freeSeats, monoMs);
      return trend.seconds();
    },
  };
}
