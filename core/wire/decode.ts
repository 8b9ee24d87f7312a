import { readU16 } from './byte-reader.ts';
import type { DropReason } from './drop-reasons.ts';
import {
  CLASSIC_IPV4_BYTES,
  CLASSIC_IPV6_BYTES,
  EXTENDED_HEADER_BYTES,
  MAX_OPTIONS,
  MAX_PACKET_BYTES,
  MIN_EXTENDED_BYTES,
  OPTION_HEADER_BYTES,
  PROBE_TYPE,
} from './limits.ts';
import { FIRST_RESPONSE_OPTION, OPTION } from './option-table.ts';
import type { ClassicPacket, ExtendedRequest, ExtendedResponse } from './packet.ts';
import { readRequest } from './read-request.ts';
import { readResponse } from './read-response.ts';

export interface DecodeOptions<Role extends 'request' | 'response' = 'request' | 'response'> {
  /** What the reader waits for: doors and agents read requests, clients read responses. */
  readonly expect: Role;
  /** The deployment's packet type. @default 0xFFFF */
  readonly type?: number;
  /** Source port of the packet and the deployment's probe ports; both or none. Requests only. */
  readonly sourcePort?: number;
  readonly probePorts?: (port: number) => boolean;
}

export type Packet<Role extends 'request' | 'response' = 'request' | 'response'> =
  | ClassicPacket
  | (Role extends 'request' ? ExtendedRequest : ExtendedResponse);

export interface Drop {
  readonly ok: false;
  readonly reason: DropReason;
}

export type Decoded<Role extends 'request' | 'response' = 'request' | 'response'> =
  | { readonly ok: true; readonly packet: Packet<Role> }
  | Drop;

/**
 * Reads one packet; `bytes` is exactly a datagram's payload, or what a framer cut from a stream. Total: any bytes give a
 * packet or the first reason of `DROP_REASONS` that applies, and nothing is thrown. Byte fields of the result are views.
 */
export function decodePacket<Role extends 'request' | 'response'>(
  bytes: Uint8Array,
  options: DecodeOptions<Role>,
): Decoded<Role> {
  const headerFault = checkHeader(bytes, options.type ?? PROBE_TYPE);
  if (headerFault) return drop(headerFault);
  const packet = bytes.length >= MIN_EXTENDED_BYTES ? readExtended(bytes, options.expect) : readClassic(bytes);
  if (typeof packet === 'string') return drop(packet);
  if (options.expect === 'request') {
    const { sourcePort, probePorts } = options;
    if (sourcePort !== undefined && probePorts?.(sourcePort)) return drop('probe-port');
    if (packet.kind === 'extended' && packet.role === 'request' && packet.forward && !isForwardLast(packet)) {
      return drop('forward-not-last');
    }
  }
  // `readExtended` has dropped every packet of the other role.
  return { ok: true, packet: packet as Packet<Role> };
}

function drop(reason: DropReason): Drop {
  return { ok: false, reason };
}

/** Items 1 to 5. */
function checkHeader(bytes: Uint8Array, type: number): DropReason | undefined {
  const size = bytes.length;
  if (size < CLASSIC_IPV4_BYTES) return 'short';
  if (size > MAX_PACKET_BYTES) return 'long';
  if (readU16(bytes, 0) !== size) return 'length-mismatch';
  if (!isLength(size)) return 'length-invalid';
  if (readU16(bytes, 2) !== type) return 'wrong-type';
  return undefined;
}

/** A Length of 8..1,200 that a packet can have: a classic one of either family, or an extended one with a nonce. */
export function isLength(size: number): boolean {
  return size === CLASSIC_IPV4_BYTES || size === CLASSIC_IPV6_BYTES || size >= MIN_EXTENDED_BYTES;
}

function readClassic(bytes: Uint8Array): ClassicPacket {
  return { kind: 'classic', family: bytes.length === CLASSIC_IPV4_BYTES ? 4 : 6, address: bytes.subarray(4) };
}

/** Items 6 to 12. */
function readExtended(
  bytes: Uint8Array,
  expect: 'request' | 'response',
): ExtendedRequest | ExtendedResponse | DropReason {
  const walk = walkOptions(bytes);
  if (typeof walk === 'string') return walk;
  const packet = walk.isResponse ? readResponse(bytes) : readRequest(bytes);
  if (typeof packet === 'string') return packet;
  if (!walk.hasNonce) return 'no-nonce';
  return packet.role === expect ? packet : 'wrong-role';
}

interface OptionWalk {
  readonly isResponse: boolean;
  readonly hasNonce: boolean;
}

/** The structure of all options before the value of any, so that an earlier reason wins wherever it stands. */
function walkOptions(bytes: Uint8Array): OptionWalk | DropReason {
  const end = bytes.length;
  let count = 0;
  let repeated = false;
  let isResponse = false;
  let hasNonce = false;
  // Codes seen, a bit each; those outside of the two ranges in use are rare.
  let low = 0;
  let high = 0;
  let others: Set<number> | undefined;
  for (let at = EXTENDED_HEADER_BYTES; at < end; count++) {
    if (at + OPTION_HEADER_BYTES > end) return 'option-past-end';
    const code = bytes[at]!;
    at += OPTION_HEADER_BYTES + readU16(bytes, at + 1);
    if (at > end) return 'option-past-end';
    const bit = 1 << (code & 31);
    if (code < 32) {
      repeated ||= (low & bit) !== 0;
      low |= bit;
    } else if (code >>> 5 === FIRST_RESPONSE_OPTION >>> 5) {
      repeated ||= (high & bit) !== 0;
      high |= bit;
    } else {
      others ??= new Set();
      repeated ||= others.has(code);
      others.add(code);
    }
    if (code === OPTION.nonce) hasNonce = true;
    if (code >= FIRST_RESPONSE_OPTION) isResponse = true;
  }
  if (count > MAX_OPTIONS) return 'too-many-options';
  return repeated ? 'option-repeated' : { isResponse, hasNonce };
}

/** Item 14: the signature covers what stands before it, so nothing may stand after it. */
function isForwardLast(request: ExtendedRequest): boolean {
  const { forward, length } = request;
  return forward === undefined || forward.signed.length + forward.signature.length === length;
}
