import { readU16, readU32, type ValueFault } from './byte-reader.ts';
import { EXTENDED_HEADER_BYTES, OPTION_HEADER_BYTES } from './limits.ts';
import { readLobbyPage } from './lobby-page.ts';
import { OPTION, OPTION_RULES } from './option-table.ts';
import type { Alternate, ErrorFields, ExtendedResponse } from './packet.ts';
import { readRosterPage } from './roster-page.ts';
import type { ServerPort } from './server-port.ts';
import { readText } from './text.ts';

type Draft = { -readonly [Key in keyof ExtendedResponse]: ExtendedResponse[Key] };

const NO_BYTES = new Uint8Array(0);

/** The response in `bytes`, whose options are known to end where the packet does and to appear once. */
export function readResponse(bytes: Uint8Array): ExtendedResponse | ValueFault {
  const response = blankResponse(bytes);
  let isText = true;
  for (let at = EXTENDED_HEADER_BYTES; at < bytes.length; ) {
    const code = bytes[at]!;
    const from = at + OPTION_HEADER_BYTES;
    at = from + readU16(bytes, at + 1);
    const rule = OPTION_RULES[code];
    // What the table gives to requests alone is skipped here like an unknown option.
    if (rule === undefined || rule.in === 'request') continue;
    if (at - from < rule.min || at - from > rule.max) return 'value-size';
    const fault = readOption(response, code, bytes, from, at);
    if (fault === 'value-size') return fault;
    if (fault) isText = false;
  }
  return isText ? response : 'not-utf8';
}

/** Every field is there from the start: packets of one shape keep the engine's property access fast. */
function blankResponse(bytes: Uint8Array): Draft {
  return {
    kind: 'extended',
    role: 'response',
    length: bytes.length,
    address: bytes.subarray(4, EXTENDED_HEADER_BYTES),
    nonce: NO_BYTES,
    ticket: undefined,
    cookie: undefined,
    wait: undefined,
    server: undefined,
    ports: undefined,
    otherAddress: undefined,
    keepalive: undefined,
    alternates: undefined,
    movingMs: undefined,
    rosterPage: undefined,
    lobbyPage: undefined,
    error: undefined,
  };
}

function readOption(
  response: Draft,
  code: number,
  bytes: Uint8Array,
  from: number,
  to: number,
): ValueFault | undefined {
  switch (code) {
    case OPTION.nonce:
      response.nonce = bytes.subarray(from, to);
      return undefined;
    case OPTION.ticket:
      response.ticket = readText(bytes, from, to);
      return response.ticket === undefined ? 'not-utf8' : undefined;
    case OPTION.cookie:
      response.cookie = bytes.subarray(from, to);
      return undefined;
    case OPTION.wait:
      response.wait = readText(bytes, from, to);
      return response.wait === undefined ? 'not-utf8' : undefined;
    case OPTION.server:
      response.server = readText(bytes, from, to);
      return response.server === undefined ? 'not-utf8' : undefined;
    case OPTION.ports:
      response.ports = readPorts(bytes, from, to);
      return response.ports === undefined ? 'value-size' : undefined;
    case OPTION.otherAddress:
      response.otherAddress = bytes.subarray(from, to);
      return undefined;
    case OPTION.keepalive:
      response.keepalive = {
        intervalSeconds: readU16(bytes, from),
        transmissions: readU16(bytes, from + 2),
        timeoutMs: readU16(bytes, from + 4),
      };
      return undefined;
    case OPTION.alternates:
      response.alternates = readAlternates(bytes, from, to);
      return response.alternates === undefined ? 'value-size' : undefined;
    case OPTION.moving:
      response.movingMs = readU32(bytes, from);
      return undefined;
    case OPTION.rosterPage:
      return keep(readRosterPage(bytes, from, to), (page) => {
        response.rosterPage = page;
      });
    case OPTION.lobbyPage:
      return keep(readLobbyPage(bytes, from, to), (page) => {
        response.lobbyPage = page;
      });
    case OPTION.error:
      response.error = readError(bytes, from, to);
      return response.error === undefined ? 'not-utf8' : undefined;
    default:
      return undefined;
  }
}

function keep<Page extends object>(read: Page | ValueFault, store: (page: Page) => void): ValueFault | undefined {
  if (typeof read === 'string') return read;
  store(read);
  return undefined;
}

function readPorts(bytes: Uint8Array, from: number, to: number): ServerPort[] | undefined {
  if ((to - from) % 3 !== 0) return undefined;
  const ports: ServerPort[] = [];
  for (let at = from; at < to; at += 3) ports.push({ role: bytes[at]!, port: readU16(bytes, at + 1) });
  return ports;
}

function readAlternates(bytes: Uint8Array, from: number, to: number): Alternate[] | undefined {
  if ((to - from) % 20 !== 0) return undefined;
  const alternates: Alternate[] = [];
  for (let at = from; at < to; at += 20) {
    const address = bytes.subarray(at, at + 16);
    alternates.push({ address, gamePort: readU16(bytes, at + 16), probePort: readU16(bytes, at + 18) });
  }
  return alternates;
}

function readError(bytes: Uint8Array, from: number, to: number): ErrorFields | undefined {
  const reason = readText(bytes, from + 6, to);
  if (reason === undefined) return undefined;
  return { code: readU16(bytes, from), retryAfterMs: readU32(bytes, from + 2), reason };
}
