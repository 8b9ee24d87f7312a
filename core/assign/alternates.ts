import type { Pool, RosterView } from '../registry/roster.ts';
import type { Placement } from '../registry/row.ts';
import { allowedBy } from '../select/filters.ts';
import { fnv1a64, type Hash64 } from '../select/hash.ts';
import { createPools } from '../select/pools.ts';
import { meeting, serverHashes } from '../select/server-hashes.ts';
import { MAX_ALTERNATES } from '../wire/limits.ts';
import type { AssignRequest } from './types.ts';

interface AlternatesQuery {
  /** Where to look: the servers of the same app and world. */
  readonly pool: Pool;
  /** What the client may not have. */
  readonly allowed: (index: number) => boolean;
  /** The server that the client is sent to. */
  readonly server: Placement;
  /** The client's identity: it, and nothing else of the request, ranks servers that are equally good. */
  readonly client: Uint8Array;
}

/**
 * Of a larger pool only so many servers are looked at, from a place on that follows from the client: the choice is no
 * worse for it, and an answer's time does not grow with the pool.
 */
const MOST_LOOKED_AT = 128;

/** The alternates of a request that got a seat at `server`: of the same app and world, with what else it demands. */
export function alternatesOf(
  view: RosterView,
  server: Placement,
  { family, avoid, labels }: Pick<AssignRequest, 'family' | 'avoid' | 'labels'>,
  client: Uint8Array,
): readonly Placement[] {
  const found = createPools(view).pool(server.app, server.world);
  if (!found.ok) return [];
  const allowed = allowedBy(view, { family, slotZeroOnly: false, avoid, ...(labels && { labels }) });
  return chooseAlternates({ pool: found.pool, allowed, server, client });
}

/**
 * Where a client goes when its server dies, best first. Each client has its own two ("shuffle sharding", C. MacCárthaigh,
 * Amazon Builders' Library): those of one dead server spread over all others, by rendezvous hashing weighted by capacity
 * (core/select/rendezvous.ts). Before that hash come, in this order: a free seat; the server's own group, since another
 * one may be a continent away; a zone that neither the server nor the alternate before is in. Never the same machine.
 */
function chooseAlternates(query: AlternatesQuery): readonly Placement[] {
  const key = fnv1a64(query.client);
  const chosen: Placement[] = [];
  while (chosen.length < MAX_ALTERNATES) {
    const next = bestApartFrom([query.server, ...chosen], key, query);
    if (!next) break;
    chosen.push(next);
  }
  return chosen;
}

function bestApartFrom(others: readonly Placement[], key: Hash64, query: AlternatesQuery): Placement | undefined {
  const { pool, allowed } = query;
  const { view, members } = pool;
  const hashes = serverHashes(view);
  const machines = others.map(({ id }) => machineOf(id));
  const zones = others.map(({ zone }) => zone);
  let best: Placement | undefined;
  let bestTier = -1;
  let bestScore = 0;
  const count = Math.min(members.length, MOST_LOOKED_AT);
  const first = members.length > count ? key.low % members.length : 0;
  for (let n = 0; n < count; n++) {
    const index = members[(first + n) % members.length]!;
    if (view.open[index] !== 1 || !allowed(index)) continue;
    const { server } = view.entries[index]!;
    const isHere = server.group === query.server.group;
    const tier = (view.free[index]! > 0 ? 4 : 0) + (isHere ? 2 : 0) + (zones.includes(server.zone) ? 0 : 1);
    if (tier < bestTier) continue;
    const score = view.capacity[index]! / -Math.log(meeting(key, hashes, index));
    if ((tier === bestTier && score <= bestScore) || machines.includes(machineOf(server.id))) continue;
    best = server;
    bestTier = tier;
    bestScore = score;
  }
  return best;
}

/** Servers of one machine die together: `<machine>.<slot>`. */
function machineOf(id: string): string {
  return id.slice(0, id.lastIndexOf('.'));
}
