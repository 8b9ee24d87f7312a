import { oncePer } from '../once-per.ts';
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
  const { server } = query;
  const { view } = query.pool;
  const places = placesOf(view);
  lookAround(query, fnv1a64(query.client));
  const group = places.groups.get(server.group) ?? NOWHERE;
  // Where the server and each alternate that is chosen already are: at most three machines.
  const machines = [places.machines.get(machineOf(server.id)) ?? NOWHERE];
  const zones = [places.zones.get(server.zone) ?? NOWHERE];
  const chosen: Placement[] = [];
  while (chosen.length < MAX_ALTERNATES) {
    const next = bestApartFrom(machines, zones, group, view, places);
    if (next === NOWHERE) break;
    chosen.push(view.entries[next]!.server);
    machines.push(places.machine[next]!);
    zones.push(places.zone[next]!);
  }
  return chosen;
}

const NOWHERE = -1;

/** Group, zone and machine of a view's servers as numbers: each request compares those of a hundred servers. */
interface Places {
  readonly groups: ReadonlyMap<string, number>;
  readonly zones: ReadonlyMap<string, number>;
  readonly machines: ReadonlyMap<string, number>;
  /** By index. */
  readonly group: Int32Array;
  readonly zone: Int32Array;
  readonly machine: Int32Array;
}

const placesOf = oncePer(({ entries }: RosterView): Places => {
  const numbered = (nameOf: (server: Placement) => string) => {
    const numbers = new Map<string, number>();
    const byIndex = Int32Array.from(entries, ({ server }) => {
      const name = nameOf(server);
      const number = numbers.get(name) ?? numbers.size;
      numbers.set(name, number);
      return number;
    });
    return { numbers, byIndex };
  };
  const groups = numbered(({ group }) => group);
  const zones = numbered(({ zone }) => zone);
  const machines = numbered(({ id }) => machineOf(id));
  return {
    ...{ groups: groups.numbers, zones: zones.numbers, machines: machines.numbers },
    ...{ group: groups.byIndex, zone: zones.byIndex, machine: machines.byIndex },
  };
});

/** The servers of one query that could be alternates, and their draws for its client. One query is answered at a time. */
const looked = { count: 0, index: new Int32Array(MOST_LOOKED_AT), draw: new Float64Array(MOST_LOOKED_AT) };

function lookAround({ pool: { view, members }, allowed }: AlternatesQuery, key: Hash64): void {
  const hashes = serverHashes(view);
  const { open } = view;
  const count = Math.min(members.length, MOST_LOOKED_AT);
  let at = members.length > count ? key.low % members.length : 0;
  looked.count = 0;
  for (let n = 0; n < count; n++) {
    const index = members[at]!;
    at = at + 1 === members.length ? 0 : at + 1;
    if (open[index] !== 1 || !allowed(index)) continue;
    looked.index[looked.count] = index;
    looked.draw[looked.count++] = meeting(key, hashes, index);
  }
}

function bestApartFrom(
  machines: readonly number[],
  zones: readonly number[],
  group: number,
  { free, capacity }: RosterView,
  places: Places,
): number {
  const { count, index: indices, draw: draws } = looked;
  let best = NOWHERE;
  let bestTier = -1;
  let bestDraw = 0;
  for (let n = 0; n < count; n++) {
    const index = indices[n]!;
    const tier =
      (free[index]! > 0 ? 4 : 0) +
      (places.group[index] === group ? 2 : 0) +
      (zones.includes(places.zone[index]!) ? 0 : 1);
    if (tier < bestTier) continue;
    const draw = draws[n]!;
    if (tier === bestTier && !wins(draw, capacity[index]!, bestDraw, capacity[best]!)) continue;
    if (machines.includes(places.machine[index]!)) continue;
    best = index;
    bestTier = tier;
    bestDraw = draw;
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
