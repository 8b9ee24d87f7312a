import type { ServerRow } from './row.ts';

/** How one pool stands; seats of servers that take clients only. */
export interface PoolFigures {
  readonly app: string;
  readonly world: string;
  readonly group: string;
  readonly servers: number;
  readonly readyServers: number;
  readonly sessions: number;
  readonly capacity: number;
  readonly freeSeats: number;
  /** Seats taken of the capacity, in percent; undefined where there is none. */
  readonly usePct: number | undefined;
  /** Ready servers whose beats have stopped; undefined as long as that is not known. */
  readonly staleServers: number | undefined;
  readonly suspects: number;
}

/**
 * The figures of every pool that has a verified server. Rows of machines that are gone do not count.
 * @param stale keys of the rows whose beats have stopped
 */
export function poolFigures(
  rows: readonly ServerRow[],
  stale: ReadonlySet<string> | undefined,
): readonly PoolFigures[] {
  const living = rows.filter(({ seats, placement }) => seats && placement && seats.state !== 'gone');
  const pools = Map.groupBy(living, ({ placement }) => {
    const { app, world, group } = placement!;
    return JSON.stringify([app, world, group]);
  });
  return [...pools.values()].map((members) => {
    const { app, world, group } = members[0]!.placement!;
    const ready = members.filter(({ seats }) => seats!.state === 'ready');
    const capacity = sum(ready.map(({ seats, placement }) => Math.min(seats!.capacity, placement!.maxCapacity)));
    const freeSeats = sum(ready.map(({ seats, placement }) => Math.min(seats!.free, placement!.maxCapacity)));
    return {
      app,
      world,
      group,
      servers: members.length,
      readyServers: ready.length,
      sessions: sum(members.map(({ seats }) => seats!.sessions)),
      capacity,
      freeSeats,
      usePct: capacity === 0 ? undefined : Math.max(0, ((capacity - freeSeats) / capacity) * 100),
      staleServers: stale && ready.filter(({ key }) => stale.has(key)).length,
      suspects: members.filter(({ suspect }) => suspect).length,
    };
  });
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
