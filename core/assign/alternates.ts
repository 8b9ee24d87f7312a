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
  lookAround(query, key);
  const chosen: Placement[] = [];
  while (chosen.length < MAX_ALTERNATES) {
    const next = bestApartFrom([query.server, ...chosen], query);
    if (!next) break;
    chosen.push(next);
  }
  return chosen;
}

/** The servers of one query that could be alternates, and their draws for its client. One query is answered at a time. */
const looked = { count: 0, index: new Int32Array(MOST_LOOKED_AT), draw: new Float64Array(MOST_LOOKED_AT) };

function lookAround({ pool: { view, members }, allowed }: AlternatesQuery, key: Hash64): void {
  const hashes = serverHashes(view);
  const count = Math.min(members.length, MOST_LOOKED_AT);
  const first = members.length > count ? key.low % members.length : 0;
  looked.count = 0;
  for (let n = 0; n < count; n++) {
    const index = members[(first + n) % members.length]!;
    if (view.open[index] !== 1 || !allowed(index)) continue;
    looked.index[looked.count] = index;
    looked.draw[looked.count++] = meeting(key, hashes, index);
  }
}

function bestApartFrom(others: readonly Placement[], { pool: { view }, server: { group } }: AlternatesQuery) {
  const machines = others.map(({ id }) => machineOf(id));
  const zones = others.map(({ zone }) => zone);
  let best: Placement | undefined;
  let bestTier = -1;
  let bestDraw = 0;
  let bestCapacity = 0;
  for (let n = 0; n < looked.count; n++) {
    const index = looked.index[n]!;
    const { server } = view.entries[index]!;
    const tier =
      (view.free[index]! > 0 ? 4 : 0) + (server.group === group ? 2 : 0) + (zones.includes(server.zone) ? 0 : 1);
    if (tier < bestTier) continue;
    const draw = looked.draw[n]!;
    const capacity = view.capacity[index]!;
    if (tier === bestTier && !wins(draw, capacity, bestDraw, bestCapacity)) continue;
    if (machines.includes(machineOf(server.id))) continue;
    best = server;
    bestTier = tier;
    bestDraw = draw;
    bestCapacity = capacity;
  }
  return best;
}

/** Whether a has the higher score, capacity / -ln(draw); most fleets are of one size, and need no logarithm. */
function wins(drawA: number, capacityA: number, drawB: number, capacityB: number): boolean {
  if (capacityA === capacityB) return drawA > drawB;
  return capacityA / -Math.log(drawA) > capacityB / -Math.log(drawB);
}

/** Servers of one machine die together: `<machine>.<slot>`. */
function machineOf(id: string): string {
  return id.slice(0, id.lastIndexOf('.'));
}
