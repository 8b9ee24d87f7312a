import { randomFillSync } from 'node:crypto';
import type { Rng } from '../../core/ports.ts';

/** One call for this many bytes costs little more than one for 16, and a pick or a take needs 8 to 16. */
const POOL_BYTES = 4_096;

/**
 * Randomness for production. `float` is the engine's own generator (xorshift128+ in V8, seeded by the system): which of
 * two servers is drawn is no secret, so speed decides. `bytes` are cryptographic: nonces, generations and tokens.
 */
export function createSystemRng(): Rng {
  let pool = new Uint8Array(0);
  let used = 0;
  return {
    float: Math.random,
    bytes(length) {
      if (length > POOL_BYTES) return randomFillSync(new Uint8Array(length));
      if (pool.length - used < length) {
        pool = randomFillSync(new Uint8Array(POOL_BYTES));
        used = 0;
      }
      const taken = pool.slice(used, used + length);
      // What was handed out may be a secret to come: it stays nowhere else.
      pool.fill(0, used, used + length);
      used += length;
      return taken;
    },
  };
}
