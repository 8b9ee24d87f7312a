import { oncePer } from '../once-per.ts';
import type { RosterView } from '../registry/roster.ts';
import { fnv1a64, type Hash64, mix32 } from './hash.ts';

/** Hashes of the ids of a view's servers, by index. */
export interface ServerHashes {
  readonly high: Uint32Array;
  readonly low: Uint32Array;
}

/** Where between 0 and 1, both left out, a client's hash `key` and the server at `index` meet: even over all servers. */
export function meeting(key: Hash64, { high, low }: ServerHashes, index: number): number {
  return (mix32(mix32(key.low ^ low[index]!) ^ key.high ^ high[index]!) + 0.5) / 2 ** 32;
}

export const serverHashes = oncePer(({ entries }: RosterView): ServerHashes => {
  const encoder = new TextEncoder();
  const high = new Uint32Array(entries.length);
  const low = new Uint32Array(entries.length);
  entries.forEach(({ server }, index) => {
    const hash = fnv1a64(encoder.encode(server.id));
    high[index] = hash.high;
    low[index] = hash.low;
  });
  return { high, low };
});
