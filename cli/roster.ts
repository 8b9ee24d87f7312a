import { UsageError } from '../adapters/cli/flags.ts';
import type { RosterServer } from '../client/http-answers.ts';
import type { HttpRoster, RosterMemory, RosterQuery } from '../client/http-api.ts';
import { createNodeApi } from '../client/node-api.ts';
import { OnedoorError } from '../core/errors.ts';
import { httpOf, type Target } from './target.ts';

/** All servers as the HTTP API lists them. Throws UsageError with one line if it does not. */
export async function readRoster(target: Target, query: RosterQuery = {}, memory?: RosterMemory): Promise<HttpRoster> {
  const base = httpOf(target);
  try {
    return await createNodeApi(base, undefined, memory).roster(query);
  } catch (error) {
    if (!(error instanceof OnedoorError)) throw error;
    const { cause } = error as { readonly cause?: NodeJS.ErrnoException };
    throw new UsageError(
      `the HTTP API at ${base} lists no servers: ${error.code}${cause?.code ? ` (${cause.code})` : ''}`,
    );
  }
}

/** A pool as people read it. */
export interface PoolSum {
  readonly app: string;
  readonly world: string;
  readonly group: string;
  readonly servers: number;
  readonly ready: number;
  readonly sessions: number;
  readonly capacity: number;
  readonly free: number;
}

/** The sums of each pool, in the order of their names. */
export function sumPools(servers: readonly RosterServer[]): PoolSum[] {
  const byPool = Map.groupBy(servers, ({ app = '', world = '', group = '' }) => JSON.stringify([app, world, group]));
  return [...byPool]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, members]) => {
      const [app, world, group] = JSON.parse(key) as [string, string, string];
      const sum = (of: (server: RosterServer) => number): number =>
        members.reduce((total, each) => total + of(each), 0);
      return {
        app,
        world,
        group,
        servers: members.length,
        ready: members.filter(({ status }) => status === 'ready').length,
        sessions: sum(({ sessions }) => sessions),
        capacity: sum(({ capacity }) => capacity),
        free: sum(({ free }) => free),
      };
    });
}
