import { randomFillSync } from 'node:crypto';
import type { Rng } from '../../core/ports.ts';

/** One call for this many bytes costs little more than one for 16, and a pick or a take needs 8 to 16. */
const POOL_BYTES = 4_096;

/**
 * Numbers of 32 bits in [0, 1): "xor128" (G. Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8 (14), 2003),
 * seeded by the system. Takes half the time of Math.random, which fills a cache through the runtime.
 */
function createFloat(): () => number {
  const seed = randomFillSync(new Int32Array(4));
  let x = seed[0]!;
  let y = seed[1]!;
  let z = seed[2]!;
  // The one state that it must not have is all zeroes.
  let w = seed[3]! | 1;
  return () => {
    const t = x ^ (x << 11);
    x = y;
    y = z;
    z = w;
    w = w ^ (w >>> 19) ^ t ^ (t >>> 8);
    return (w >>> 0) / 2 ** 32;
  };
}

/**
 * Randomness for production. Which of two servers is drawn is no secret, so for `float` speed decides. `bytes` are cryptographic: nonces, generations and tokens.
 */
export function createSystemRng(): Rng {
  let pool = new Uint8Array(0);
  let used = 0;
  return {
    float: createFloat(),
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
