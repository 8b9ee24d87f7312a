import { readU16 } from './byte-reader.ts';
import { isLength } from './decode.ts';
import type { DropReason } from './drop-reasons.ts';
import { CLASSIC_IPV4_BYTES, MAX_PACKET_BYTES } from './limits.ts';

export interface Framed {
  /** Whole packets in order, each for `decodePacket`; views into the chunk where they lie in it whole. */
  readonly packets: readonly Uint8Array[];
  /** A Length that no packet can have: close the connection after answering `packets`. */
  readonly reason?: DropReason;
}

export interface Framer {
  /** Takes the next bytes of the stream. After a `reason` everything is ignored. */
  push(chunk: Uint8Array): Framed;
  /** Bytes of a packet that has begun and is not complete: what the 5 s limit runs on. */
  pending(): number;
}

/**
 * Cuts a byte stream into packets by their Length (docs/PROTOCOL.md, "Over TCP"). Holds at most one incomplete packet,
 * 1,200 bytes, however the stream is chopped; a Length out of bounds shows after its two bytes.
 */
export function createFramer(): Framer {
  const held = new Uint8Array(MAX_PACKET_BYTES);
  let size = 0;
  let failed: DropReason | undefined;

  /** Moves bytes of the chunk to `held` until it has `wanted`; returns the position after them. */
  function hold(chunk: Uint8Array, at: number, wanted: number): number {
    const end = Math.min(chunk.length, at + wanted - size);
    held.set(chunk.subarray(at, end), size);
    size += end - at;
    return end;
  }

  function push(chunk: Uint8Array): Framed {
    const packets: Uint8Array[] = [];
    for (let at = 0; failed === undefined && at < chunk.length; ) {
      if (size === 0 && at + 2 <= chunk.length) {
        const length = readU16(chunk, at);
        failed = lengthFault(length);
        if (failed) break;
        if (at + length <= chunk.length) {
          packets.push(chunk.subarray(at, at + length));
          at += length;
          continue;
        }
      }
      if (size < 2) at = hold(chunk, at, 2);
      if (size < 2) break;
      const length = readU16(held, 0);
      failed = lengthFault(length);
      if (failed) break;
      at = hold(chunk, at, length);
      if (size === length) {
        packets.push(held.slice(0, length));
        size = 0;
      }
    }
    return failed ? { packets, reason: failed } : { packets };
  }

  return { push, pending: () => size };
}

/** Items 1, 2 and 4 of the reading order, which a stream shows by its Length alone. */
function lengthFault(length: number): DropReason | undefined {
  if (length < CLASSIC_IPV4_BYTES) return 'short';
  if (length > MAX_PACKET_BYTES) return 'long';
  return isLength(length) ? undefined : 'length-invalid';
}
