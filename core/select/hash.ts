/** 64 bits in two halves, each unsigned. */
export interface Hash64 {
  readonly high: number;
  readonly low: number;
}

/** The prime is 2^40 + 0x1b3. */
const PRIME_LOW = 0x1b3;

/**
 * FNV-1a, 64 bits (G. Fowler, L. C. Noll, K.-P. Vo; draft-eastlake-fnv): from 0xcbf29ce484222325, for each byte xor it and multiply by 0x100000001b3, modulo
 * 2^64. In halves, because JavaScript multiplies exactly only below 2^53.
 */
export function fnv1a64(bytes: Uint8Array): Hash64 {
  let high = 0xcbf29ce4;
  let low = 0x84222325;
  for (let at = 0; at < bytes.length; at++) {
    const mixed = (low ^ bytes[at]!) >>> 0;
    const product = mixed * PRIME_LOW;
    high = (high * PRIME_LOW + Math.floor(product / 2 ** 32) + (mixed << 8)) >>> 0;
    low = product >>> 0;
  }
  return { high, low };
}

/** The 32-bit finalizer of MurmurHash3 (A. Appleby, public domain): every bit of the input moves half of the output. */
export function mix32(value: number): number {
  let mixed = value ^ (value >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
