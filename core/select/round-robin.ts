import { compareIds, type Pool } from '../registry/roster.ts';
import { hasSeat } from './availability.ts';
import type { PickQuery, Policy } from './policy.ts';

/** Where the next look at a pool begins. */
interface Turn {
  next: number;
  /** Id of the server given last: where to go on in the pool of a newer roster. */
  lastId: string;
}

/** More pools than one deployment has; a further one begins anywhere. */
const MAX_PLACES = 4_096;

/**
 * One server after the other in the order of ids, passing over those without a free seat, whatever their size. Each door
 * begins at a place of its own, or all would march in step. For equal servers and clients that stay equally long; where
 * sessions differ, `two-choices` balances better.
 */
export function roundRobin(): Policy {
  const turns = new WeakMap<Pool, Turn>();
  /** The newest turn of each app, world and group. Pools that share a name here only take turns together. */
  const places = new Map<string, Turn>();

  return {
    name: 'round-robin',
    sticky: false,
    wholeApp: false,
    pick(pool, query) {
      const { view, members } = pool;
      const size = members.length;
      if (size === 0) return -1;
      const turn = turns.get(pool) ?? begin(pool, query);
      let at = turn.next;
      for (let step = 0; step < size; step++) {
        const index = members[at]!;
        at = at + 1 === size ? 0 : at + 1;
        if (!hasSeat(view, index, query.allowed)) continue;
        turn.next = at;
        turn.lastId = view.entries[index]!.server.id;
        return index;
      }
      return -1;
    },
  };

  function begin(pool: Pool, { rng }: PickQuery): Turn {
    const { app, world, group } = pool.view.entries[pool.members[0]!]!.server;
    const place = JSON.stringify([app, world, group]);
    const last = places.get(place);
    const next = last ? firstAfter(last.lastId, pool) : Math.floor(rng.float() * pool.members.length);
    const turn = { next, lastId: last?.lastId ?? '' };
    if (places.size >= MAX_PLACES) places.clear();
    places.set(place, turn);
    turns.set(pool, turn);
    return turn;
  }
}

/** Place of the first member whose id comes after `id`; 0 if none does. */
function firstAfter(id: string, { view, members }: Pool): number {
  let low = 0;
  let high = members.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareIds(view.entries[members[middle]!]!.server.id, id) > 0) high = middle;
    else low = middle + 1;
  }
  return low === members.length ? 0 : low;
}
