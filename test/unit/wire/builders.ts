import { parseAddress, toWireAddress } from '../../../core/wire/address.ts';
import { encodeClassic } from '../../../core/wire/classic-packet.ts';
import { type Decoded, decodePacket, type Packet } from '../../../core/wire/decode.ts';
import { encodeForward, encodeRequest } from '../../../core/wire/encode-request.ts';
import { encodeResponse } from '../../../core/wire/encode-response.ts';
import type { LobbyPage } from '../../../core/wire/lobby-page.ts';
import type { ExtendedRequest, RequestFields, ResponseFields } from '../../../core/wire/packet.ts';
import type { RosterEntry } from '../../../core/wire/roster-page.ts';
import type { Codec } from '../../support/expect-codec.ts';

export const TICKET = `eyJhbGciOiJFZERTQSIsImtpZCI6ImsxIn0.${'eyJpc3MiOiJkZW1vIn0'.repeat(20)}.${'c2ln'.repeat(21)}`;
export const SERVER_ID = 'i-0123456789abcdef0.0';

export function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

export function ip(text: string): Uint8Array {
  const bytes = parseAddress(text);
  if (!bytes) throw new Error(`not an address: ${text}`);
  return bytes;
}

export function wireIp(text: string): Uint8Array {
  return toWireAddress(ip(text));
}

export function aRequest(fields: Partial<RequestFields> = {}): RequestFields {
  return { address: wireIp('192.168.1.7'), nonce: hex('0102030405060708'), ...fields };
}

export function aResponse(fields: Partial<ResponseFields> = {}): ResponseFields {
  return { address: wireIp('203.0.113.9'), nonce: hex('0102030405060708'), ...fields };
}

export function anAssignment(fields: Partial<ResponseFields> = {}): ResponseFields {
  return aResponse({
    ticket: TICKET,
    server: SERVER_ID,
    ports: [
      { role: 0, port: 7777 },
      { role: 1, port: 7000 },
    ],
    keepalive: { intervalSeconds: 20, transmissions: 10, timeoutMs: 700 },
    ...fields,
  });
}

export function anAlternate(text: string) {
  return { address: wireIp(text), gamePort: 7777, probePort: 7000 };
}

export function anEntry(fields: Partial<RosterEntry> = {}): RosterEntry {
  return {
    id: SERVER_ID,
    state: 'ready',
    suspect: false,
    sessions: 12,
    capacity: 64,
    free: 50,
    group: 'eu-west',
    ipv4: ip('203.0.113.9'),
    ports: [{ role: 0, port: 7777 }],
    ...fields,
  };
}

export function aLobbyPage(fields: Partial<LobbyPage> = {}): LobbyPage {
  return {
    version: 7,
    page: 0,
    pages: 1,
    app: 'arena',
    world: 'red',
    sessions: 2,
    capacity: 64,
    description: '{"map":"dust"}',
    participants: [
      { name: 'Ada', info: 'team=1' },
      { name: 'Žofie', info: '' },
    ],
    ...fields,
  };
}

/** A complete forward: the signature is a pattern, since making one is not the codec's business. */
export function aForward(fields: Partial<RequestFields> = {}): Uint8Array {
  const forward = { address: wireIp('198.51.100.20'), port: 40000, flags: 3, room: 800 };
  const { packet, signed } = encodeForward({ ...aRequest(fields), pick: SERVER_ID }, forward);
  packet.fill(0x5a, signed.length);
  return packet;
}

export function mustEncode(response: ResponseFields, maxBytes = 1200, type?: number): Uint8Array {
  const encoded = encodeResponse(response, { maxBytes, ...(type === undefined ? {} : { type }) });
  if (!encoded.ok) throw new Error(encoded.code);
  return encoded.bytes;
}

/** An extended packet from raw options, with a right Length: for packets that no encoder would write. */
export function rawPacket(options: readonly (readonly [code: number, value: Uint8Array | string])[]): Uint8Array {
  const values = options.map(([code, value]) => {
    const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
    return [code, bytes.length >>> 8, bytes.length & 0xff, ...bytes];
  });
  const body = [...wireIp('192.168.1.7'), ...values.flat()];
  const size = body.length + 4;
  return Uint8Array.from([size >>> 8, size & 0xff, 0xff, 0xff, ...body]);
}

export const NONCE_OPTION = [0x01, hex('0102030405060708')] as const;

export function decodeRequest(bytes: Uint8Array): Decoded<'request'> {
  return decodePacket(bytes, { expect: 'request' });
}

export function decodeResponse(bytes: Uint8Array): Decoded<'response'> {
  return decodePacket(bytes, { expect: 'response' });
}

/** Writes what was read. Padding comes back by `length`; a response without any known option has no bytes of its own. */
function encodeAgain(packet: Packet): Uint8Array {
  if (packet.kind === 'classic') return encodeClassic(packet.address);
  if (packet.role === 'response') return mustEncode(packet);
  if (!packet.forward) return encodeRequest(packet, { padTo: packet.length });
  const { packet: bytes, signed } = encodeForward({ ...packet, pick: packet.pick as string }, packet.forward);
  bytes.set(packet.forward.signature, signed.length);
  return bytes;
}

/** Packets as values to compare: Length and the signed bytes follow from what was skipped, not from what was said. */
function comparable(packet: Packet): Packet {
  if (packet.kind === 'classic') return packet;
  if (packet.role === 'response') return { ...packet, length: 0 };
  const forward = packet.forward && { ...packet.forward, signed: new Uint8Array(0) };
  return { ...packet, length: 0, forward };
}

function isPadded(packet: Packet): packet is ExtendedRequest {
  return packet.kind === 'extended' && packet.role === 'request' && !packet.forward;
}

function saysNothing(packet: Packet): boolean {
  if (packet.kind === 'classic' || packet.role === 'request') return false;
  const { server, ports, otherAddress, keepalive, alternates, movingMs, rosterPage, lobbyPage, error } = packet;
  const said = [server, ports, otherAddress, keepalive, alternates, movingMs, rosterPage, lobbyPage, error];
  return said.every((option) => option === undefined);
}

/** Packets of one role as a codec of decoded values; `padTo` is 0 for those that are never padded. */
export function packetCodec(expect: 'request' | 'response'): Codec<{ packet: Packet; padTo: number }> {
  return {
    encode: ({ packet, padTo }) => encodeAgain(isPadded(packet) ? { ...packet, length: padTo } : packet),
    decode: (bytes) => {
      const decoded = decodePacket(bytes, { expect });
      if (!decoded.ok || saysNothing(decoded.packet)) return undefined;
      return { packet: comparable(decoded.packet), padTo: isPadded(decoded.packet) ? bytes.length : 0 };
    },
  };
}
