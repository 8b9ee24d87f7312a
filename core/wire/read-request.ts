import { ByteReader, readU16, type ValueFault } from './byte-reader.ts';
import {
  EXTENDED_HEADER_BYTES,
  MAX_AVOID,
  MAX_SERVER_ID_BYTES,
  OPTION_HEADER_BYTES,
  SIGNATURE_BYTES,
} from './limits.ts';
import { OPTION, OPTION_RULES } from './option-table.ts';
import type { ExtendedRequest, Forward } from './packet.ts';
import { readText } from './text.ts';

type Draft = { -readonly [Key in keyof ExtendedRequest]: ExtendedRequest[Key] };

const NO_BYTES = new Uint8Array(0);

/** The request in `bytes`, whose options are known to end where the packet does and to appear once. */
export function readRequest(bytes: Uint8Array): ExtendedRequest | ValueFault {
  const request = blankRequest(bytes);
  let isText = true;
  for (let at = EXTENDED_HEADER_BYTES; at < bytes.length; ) {
    const code = bytes[at]!;
    const from = at + OPTION_HEADER_BYTES;
    at = from + readU16(bytes, at + 1);
    const rule = OPTION_RULES[code];
    if (rule === undefined) continue;
    if (at - from < rule.min || at - from > rule.max) return 'value-size';
    const fault = readOption(request, code, bytes, from, at);
    if (fault === 'value-size') return fault;
    if (fault) isText = false;
  }
  return isText ? request : 'not-utf8';
}

/** Every field is there from the start: packets of one shape keep the engine's property access fast. */
function blankRequest(bytes: Uint8Array): Draft {
  return {
    kind: 'extended',
    role: 'request',
    length: bytes.length,
    address: bytes.subarray(4, EXTENDED_HEADER_BYTES),
    nonce: NO_BYTES,
    app: undefined,
    world: undefined,
    group: undefined,
    client: undefined,
    ticket: undefined,
    avoid: undefined,
    cookie: undefined,
    want: undefined,
    report: undefined,
    wait: undefined,
    page: undefined,
    pick: undefined,
    leave: undefined,
    forward: undefined,
  };
}

function readOption(request: Draft, code: number, bytes: Uint8Array, from: number, to: number): ValueFault | undefined {
  switch (code) {
    case OPTION.nonce:
      request.nonce = bytes.subarray(from, to);
      return undefined;
    case OPTION.app:
      request.app = readText(bytes, from, to);
      return request.app === undefined ? 'not-utf8' : undefined;
    case OPTION.world:
      request.world = readText(bytes, from, to);
      return request.world === undefined ? 'not-utf8' : undefined;
    case OPTION.group:
      request.group = readText(bytes, from, to);
      return request.group === undefined ? 'not-utf8' : undefined;
    case OPTION.client:
      request.client = bytes.subarray(from, to);
      return undefined;
    case OPTION.ticket:
      request.ticket = readText(bytes, from, to);
      return request.ticket === undefined ? 'not-utf8' : undefined;
    case OPTION.avoid:
      return readAvoid(request, bytes, from, to);
    case OPTION.cookie:
      request.cookie = bytes.subarray(from, to);
      return undefined;
    case OPTION.want:
      request.want = bytes[from]!;
      return undefined;
    case OPTION.report:
      request.report = bytes[from]!;
      return undefined;
    case OPTION.wait:
      request.wait = readText(bytes, from, to);
      return request.wait === undefined ? 'not-utf8' : undefined;
    case OPTION.page:
      request.page = readU16(bytes, from);
      return undefined;
    case OPTION.pick:
      request.pick = readText(bytes, from, to);
      return request.pick === undefined ? 'not-utf8' : undefined;
    case OPTION.leave:
      request.leave = true;
      return undefined;
    case OPTION.forward:
      request.forward = readForward(bytes, from, to);
      return undefined;
    default:
      return undefined;
  }
}

function readAvoid(request: Draft, bytes: Uint8Array, from: number, to: number): ValueFault | undefined {
  const reader = new ByteReader(bytes, from, to);
  const avoid: string[] = [];
  while (reader.at < reader.end) avoid.push(reader.shortText(1, MAX_SERVER_ID_BYTES));
  if (avoid.length > MAX_AVOID) return 'value-size';
  request.avoid = avoid;
  return reader.fault;
}

function readForward(bytes: Uint8Array, from: number, to: number): Forward {
  const signature = to - SIGNATURE_BYTES;
  return {
    address: bytes.subarray(from, from + 16),
    port: readU16(bytes, from + 16),
    flags: bytes[from + 18]!,
    room: readU16(bytes, from + 19),
    signature: bytes.subarray(signature, to),
    signed: bytes.subarray(0, signature),
  };
}
