import type { Status } from '../wire.ts';
import { reservedOf, type Server } from './picture.ts';

export type SortBy = 'id' | 'status' | 'pool' | 'load' | 'reserved' | 'beat';

/** What the operator wants to see, and in which order. */
export interface Selection {
  readonly search: string;
  /** `app / world / group`; '' for all. */
  readonly pool: string;
  /** None: all. */
  readonly statuses: ReadonlySet<Status>;
  readonly sortBy: SortBy;
  readonly isReversed: boolean;
}

const KEYS: Readonly<Record<Exclude<SortBy, 'id'>, (server: Server) => number | string>> = {
  status: ({ status }) => status,
  pool: ({ pool }) => pool,
  load: ({ sessions, capacity }) => (capacity === 0 ? -1 : sessions / capacity),
  reserved: reservedOf,
  beat: ({ beatAtMs }) => -beatAtMs,
};

/** The servers that fit, in order; `servers` are ordered by id. All words of the search must be found. */
export function selectServers(servers: readonly Server[], selection: Selection): readonly Server[] {
  const { search, pool, statuses, sortBy, isReversed } = selection;
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const fitting = servers.filter(
    (server) =>
      (pool === '' || server.pool === pool) &&
      (statuses.size === 0 || statuses.has(server.status)) &&
      words.every((word) => server.words.includes(word) || server.status.startsWith(word)),
  );
  const sorted = sortBy === 'id' ? fitting : sortByKey(fitting, KEYS[sortBy]);
  return isReversed ? sorted.reverse() : sorted;
}

/** Stable: servers that are alike stay ordered by id. */
function sortByKey(servers: readonly Server[], key: (server: Server) => number | string): Server[] {
  const keyed = servers.map((server) => ({ server, key: key(server) }));
  keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return keyed.map(({ server }) => server);
}
