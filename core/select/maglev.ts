import type { Pool } from '../registry/roster.ts';
import { hasSeat } from './availability.ts';
import { mix32 } from './hash.ts';
import { buildMaglevTable } from './maglev-table.ts';
import type { PickQuery, Policy } from './policy.ts';
import { serverHashes } from './server-hashes.ts';

/** Tables kept: a roster that comes with the same servers finds the pools' tables again. */
const MAX_TABLES = 32;
/** Places looked at before the policy goes through the members instead. */
const LOOKS = 256;

/**
 * Maglev hashing (core/select/maglev-table.ts): the same client gets the same server as long as the list of servers stays
 * as it is, by one look into a table, however many there are. `rendezvous` moves fewer clients when the list changes, but
 * looks at every server. The table holds closed and full servers too, weighted by the capacity that they are registered
 * with, so that it is the same at every door and changes with the list alone; a client that falls on a server that cannot
 * be had goes on along a sequence of its own, and so the clients of one server spread over all others.
 */
export function maglev(): Policy {
  const known = new WeakMap<Pool, Uint16Array>();
  const tables = new Map<string, Uint16Array>();
  const none = new Uint16Array(0);

  return {
    name: 'maglev',
    sticky: true,
    wholeApp: false,
    pick(pool, query) {
      const table = known.get(pool) ?? tableOf(pool);
      const { view, members } = pool;
      const { client, allowed } = query;
      const hash = hash32(client);
      const size = table.length;
      if (size > 0) {
        let mixed = hash;
        for (let look = 0; look < LOOKS; look++) {
          const index = members[table[(mixed >>> 0) % size]!]!;
          if (hasSeat(view, index, allowed)) return index;
          mixed = mix32(mixed + 0x9e3779b9) | 0;
        }
      }
      return pickFrom(pool, query, hash);
    },
  };

  function tableOf(pool: Pool): Uint16Array {
    const { view, members } = pool;
    const { high, low } = serverHashes(view);
    let a = 0;
    let b = 0;
    for (const index of members) {
      const weight = view.entries[index]!.server.maxCapacity;
      a = mix32(a ^ low[index]! ^ weight);
      b = mix32(b ^ high[index]! ^ a);
    }
    const name = `${members.length} ${a} ${b}`;
    const table = tables.get(name) ?? build(pool) ?? none;
    // Newest last: the first is the one that was not asked for longest.
    tables.delete(name);
    tables.set(name, table);
    if (tables.size > MAX_TABLES) tables.delete(tables.keys().next().value!);
    known.set(pool, table);
    return table;
  }
}

function build({ view, members }: Pool): Uint16Array | undefined {
  const { high, low } = serverHashes(view);
  return buildMaglevTable(
    Array.from(members, (index) => ({
      hash: { high: high[index]!, low: low[index]! },
      weight: Math.max(1, view.entries[index]!.server.maxCapacity),
    })),
  );
}

/** Nearly nothing can be had: the first member that can, from the client's own place on. */
function pickFrom({ view, members }: Pool, { allowed }: PickQuery, hash: number): number {
  const size = members.length;
  const start = size === 0 ? 0 : (hash >>> 0) % size;
  for (let step = 0; step < size; step++) {
    const index = members[(start + step) % size]!;
    if (hasSeat(view, index, allowed)) return index;
  }
  return -1;
}

/** FNV-1a with 32 bits, mixed; signed, since that is a number without an object behind it. */
function hash32(bytes: Uint8Array): number {
  let hash = 0x811c9dc5 | 0;
  for (let at = 0; at < bytes.length; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  return mix32(hash) | 0;
}
