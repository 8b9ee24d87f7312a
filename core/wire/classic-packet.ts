import { readU16 } from './byte-reader.ts';
import { CLASSIC_IPV4_BYTES, CLASSIC_IPV6_BYTES, PROBE_TYPE } from './limits.ts';

/**
 * The whole check of a classic packet in five comparisons, for front ends that answer it at once: 4 or 6 for a
 * well-formed one, 0 for anything else (which `decodePacket` then names). It does not know the source port; the
 * caller still has to drop what comes from a probe port (docs/PROTOCOL.md, item 13).
 */
export function classicFamily(bytes: Uint8Array, type: number = PROBE_TYPE): 0 | 4 | 6 {
  const size = bytes.length;
  if (size !== CLASSIC_IPV4_BYTES && size !== CLASSIC_IPV6_BYTES) return 0;
  if (readU16(bytes, 0) !== size || readU16(bytes, 2) !== type) return 0;
  return size === CLASSIC_IPV4_BYTES ? 4 : 6;
}

/**
 * Writes a classic packet to the start of `target`, which has room for 20 bytes; returns its length.
 * @param address 4 or 16 bytes; all zeroes say "no server"
 */
export function writeClassicResponse(target: Uint8Array, address: Uint8Array, type: number = PROBE_TYPE): number {
  const size = 4 + address.length;
  target[0] = 0;
  target[1] = size;
  target[2] = type >>> 8;
  target[3] = type;
  for (let at = 0; at < address.length; at++) target[4 + at] = address[at]!;
  return size;
}

/** A classic packet in bytes of its own. */
export function encodeClassic(address: Uint8Array, type: number = PROBE_TYPE): Uint8Array {
  const bytes = new Uint8Array(4 + address.length);
  writeClassicResponse(bytes, address, type);
  return bytes;
}
