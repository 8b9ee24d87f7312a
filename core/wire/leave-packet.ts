import { readU16 } from './byte-reader.ts';
import {
  EXTENDED_HEADER_BYTES,
  MAX_TICKET_BYTES,
  MIN_EXTENDED_BYTES,
  NONCE_BYTES,
  OPTION_HEADER_BYTES,
  PROBE_TYPE,
} from './limits.ts';

/*
 * The one packet that the assign function sends, and what it has to know of the answer. The codec of all packets would
 * make the function a tenth larger, and so each of its cold starts slower.
 */

const encoder = new TextEncoder();
const OPTION = { nonce: 0x01, ticket: 0x06, leave: 0x0e, error: 0xe0 };

/** A request that gives the unused seat of `ticket` back, to its server (docs/PROTOCOL.md, *leave*). */
export function encodeLeave(nonce: Uint8Array, ticket: string, type = PROBE_TYPE): Uint8Array {
  const text = encoder.encode(ticket);
  if (nonce.length !== NONCE_BYTES || text.length > MAX_TICKET_BYTES) throw new RangeError('`ticket` is none');
  const packet = new Uint8Array(MIN_EXTENDED_BYTES + OPTION_HEADER_BYTES + text.length + OPTION_HEADER_BYTES);
  let at = EXTENDED_HEADER_BYTES;
  const option = (code: number, value: Uint8Array): void => {
    packet.set([code, value.length >> 8, value.length & 255], at);
    packet.set(value, at + OPTION_HEADER_BYTES);
    at += OPTION_HEADER_BYTES + value.length;
  };
  packet.set([packet.length >> 8, packet.length & 255, type >> 8, type & 255]);
  // `::ffff:0.0.0.0`: it matters to nobody.
  packet.set([255, 255], 14);
  option(OPTION.nonce, nonce);
  option(OPTION.ticket, text);
  option(OPTION.leave, new Uint8Array(0));
  return packet;
}

/** What an agent says to the request with `nonce`; undefined if the bytes are no answer to it. */
export function readLeaveAnswer(
  bytes: Uint8Array,
  nonce: Uint8Array,
  type = PROBE_TYPE,
): 'done' | 'refused' | undefined {
  if (bytes.length < MIN_EXTENDED_BYTES || readU16(bytes, 0) !== bytes.length || readU16(bytes, 2) !== type) {
    return undefined;
  }
  let isOurs = false;
  let isRefused = false;
  for (let at = EXTENDED_HEADER_BYTES; at + OPTION_HEADER_BYTES <= bytes.length; ) {
    const value = at + OPTION_HEADER_BYTES;
    const end = value + readU16(bytes, at + 1);
    if (bytes[at] === OPTION.nonce)
      isOurs = end - value === nonce.length && nonce.every((b, n) => bytes[value + n] === b);
    if (bytes[at] === OPTION.error) isRefused = true;
    at = end;
  }
  return isOurs ? (isRefused ? 'refused' : 'done') : undefined;
}
