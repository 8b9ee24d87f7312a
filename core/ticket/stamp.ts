import type { Mac } from '../ports.ts';

/**
 * Small proofs that a door gives out and keeps nothing of: a number, in seconds or minutes, and an HMAC over it and what
 * it is bound to. Every door of a deployment derives the same key and accepts them.
 */
export interface Stamps {
  /** @param subject whom and what it is for: good for nobody else */
  issue(time: number, subject: Uint8Array): Uint8Array;
  /** The number in it, not yet believed; undefined: no stamp at all. */
  timeOf(stamp: Uint8Array | undefined): number | undefined;
  isGenuine(stamp: Uint8Array, subject: Uint8Array): boolean;
}

const TIME_BYTES = 4;
/** Half of SHA-256, the least that RFC 2104 section 5 advises. */
const MAC_BYTES = 16;
const STAMP_BYTES = TIME_BYTES + MAC_BYTES;

/** @param macBefore that of the key before the last rotation: its stamps are good until they are too old */
export function createStamps(mac: Mac, macBefore: () => Mac | undefined): Stamps {
  const make = (mac: Mac, time: Uint8Array, subject: Uint8Array): Uint8Array => {
    const data = new Uint8Array(TIME_BYTES + subject.length);
    data.set(time);
    data.set(subject, TIME_BYTES);
    const stamp = new Uint8Array(STAMP_BYTES);
    stamp.set(time);
    stamp.set(mac(data).subarray(0, MAC_BYTES), TIME_BYTES);
    return stamp;
  };

  return {
    issue(time, subject) {
      const bytes = new Uint8Array(TIME_BYTES);
      new DataView(bytes.buffer).setUint32(0, time);
      return make(mac, bytes, subject);
    },
    timeOf: (stamp) =>
      stamp?.length === STAMP_BYTES ? new DataView(stamp.buffer, stamp.byteOffset).getUint32(0) : undefined,
    isGenuine(stamp, subject) {
      const time = stamp.subarray(0, TIME_BYTES);
      if (equalBytes(make(mac, time, subject), stamp)) return true;
      const before = macBefore();
      return before !== undefined && equalBytes(make(before, time, subject), stamp);
    },
  };
}

/** Takes the same time wherever the difference is. */
function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let at = 0; at < a.length; at++) difference |= a[at]! ^ (b[at] ?? 0);
  return difference === 0;
}
