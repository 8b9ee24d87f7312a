import { type Hash64, mix32 } from './hash.ts';

/** What decides a server's places in the table. */
export interface MaglevServer {
  readonly hash: Hash64;
  /** At least 1: a server of weight 2w gets twice the places of one of weight w. */
  readonly weight: number;
}

/** Up to `SMALL_POOL` servers; both are prime, so that every step walks through all places. */
const SMALL_SIZE = 262_147;
const LARGE_SIZE = 1_048_583;
/** 256 places a server: shares are within some percent, and of 1,000 servers one takes 0.6 % of the places with it. */
const SMALL_POOL = 1_024;
const FREE = 0xffff;
/** A server has at least this part of the places that the heaviest one has: turns without a place cost time too. */
const LEAST_SHARE = 1 / 64;

/**
 * The lookup table of Maglev hashing (D. Eisenbud et al., "Maglev: a fast and reliable software network load balancer",
 * NSDI 2016, section 3.4): servers take turns, each with the next place of its own permutation that is still free. The
 * turns are by weight: after t rounds a server has had floor(t * weight / heaviest). The size does not follow the number
 * of servers but at one border, since another size is another table.
 * @returns position in `servers` by place; undefined if there is none, or more than 65,535
 */
export function buildMaglevTable(servers: readonly MaglevServer[]): Uint16Array | undefined {
  const count = servers.length;
  if (count === 0 || count >= FREE) return undefined;
  const size = count <= SMALL_POOL ? SMALL_SIZE : LARGE_SIZE;
  const table = new Uint16Array(size).fill(FREE);
  const place = new Uint32Array(count);
  const step = new Uint32Array(count);
  const credit = new Float64Array(count);
  let heaviest = 1;
  const weights = new Float64Array(count);
  for (const [at, { hash, weight }] of servers.entries()) {
    // Two hashes of the id: its halves, mixed, since ids that differ in one letter have halves that are alike.
    place[at] = mix32(mix32(hash.low) ^ hash.high) % size;
    step[at] = 1 + (mix32(mix32(hash.high ^ 0x9e3779b9) ^ hash.low) % (size - 1));
    weights[at] = weight;
    heaviest = Math.max(heaviest, weight);
  }
  for (let at = 0; at < count; at++) weights[at] = Math.max(weights[at]!, heaviest * LEAST_SHARE);
  for (let filled = 0; ; ) {
    for (let at = 0; at < count; at++) {
      credit[at]! += weights[at]!;
      if (credit[at]! < heaviest) continue;
      credit[at]! -= heaviest;
      let next = place[at]!;
      while (table[next] !== FREE) {
        next += step[at]!;
        if (next >= size) next -= size;
      }
      table[next] = at;
      place[at] = next;
      if (++filled === size) return table;
    }
  }
}
