import type { Pool } from '../registry/roster.ts';
import { mayHave } from './availability.ts';
import type { PickQuery } from './policy.ts';

/**
 * The server at (SRC_IP + DEST_IP + others) mod N, or the next that may be had (docs/PROTOCOL.md section 6). N counts the
 * closed servers too: one that closes moves its own clients only.
 */
export function pickFrom({ view, members }: Pool, { source, service, allowed }: PickQuery, others: number): number {
  const size = members.length;
  if (size === 0) return -1;
  const start = (addressModulo(source.address, size) + addressModulo(service.address, size) + others) % size;
  for (let step = 0; step < size; step++) {
    const index = members[(start + step) % size]!;
    if (mayHave(view, index, allowed)) return index;
  }
  return -1;
}

/**
 * The address as an unsigned number of 32 or 128 bits, modulo `size`, by Horner's rule: as (a + b) mod N =
 * (a mod N + b mod N) mod N, the sum is exact without big numbers. A mapped address (RFC 4291, 2.5.5.2) is what a
 * dual-stack socket makes of an IPv4 source, so that it counts as the IPv4 address.
 */
function addressModulo(address: Uint8Array, size: number): number {
  let remainder = 0;
  for (let at = isMapped(address) ? 12 : 0; at < address.length; at++)
    remainder = (remainder * 256 + address[at]!) % size;
  return remainder;
}

function isMapped(address: Uint8Array): boolean {
  if (address.length !== 16 || address[10] !== 0xff || address[11] !== 0xff) return false;
  for (let at = 0; at < 10; at++) if (address[at] !== 0) return false;
  return true;
}
