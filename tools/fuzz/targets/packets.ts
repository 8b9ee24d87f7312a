import { encodeClassic } from '../../../core/wire/classic-packet.ts';
import { decodePacket, type Packet } from '../../../core/wire/decode.ts';
import { DROP_REASONS } from '../../../core/wire/drop-reasons.ts';
import { encodeForward, encodeRequest } from '../../../core/wire/encode-request.ts';
import { encodeResponse } from '../../../core/wire/encode-response.ts';
import { createFramer } from '../../../core/wire/framer.ts';
import { MAX_PACKET_BYTES, PROBE_TYPE } from '../../../core/wire/limits.ts';
import type { RequestFields, ResponseFields } from '../../../core/wire/packet.ts';
import { broken, formOf, type Target } from '../target.ts';

type Role = 'request' | 'response';

const ADDRESS = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 203, 0, 113, 9);
const NONCE = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const request = (fields: Partial<RequestFields>): Uint8Array =>
  encodeRequest({ address: ADDRESS, nonce: NONCE, ...fields });

function response(fields: Partial<ResponseFields>): Uint8Array {
  const encoded = encodeResponse({ address: ADDRESS, nonce: NONCE, ...fields }, { maxBytes: MAX_PACKET_BYTES });
  if (!encoded.ok) throw broken('a seed must fit', encoded.code);
  return encoded.bytes;
}

const REQUESTS: readonly Uint8Array[] = [
  encodeClassic(ADDRESS.subarray(12)),
  encodeClassic(ADDRESS),
  request({ app: 'arena', world: 'red', group: 'eu', client: NONCE, avoid: ['a', 'bc'], want: 3, page: 1 }),
  request({ ticket: 'a.b.c', cookie: new Uint8Array(20), report: 1, wait: 'w', pick: 'i-1.0', leave: true }),
  encodeForward({ address: ADDRESS, nonce: NONCE, pick: 'i-1.0' }, { address: ADDRESS, port: 9, flags: 1, room: 800 })
    .packet,
];
const RESPONSES: readonly Uint8Array[] = [
  encodeClassic(ADDRESS.subarray(12)),
  response({
    ticket: 'a.b.c',
    server: 'i-1.0',
    ports: [{ role: 0, port: 7_777 }],
    otherAddress: ADDRESS,
    keepalive: { intervalSeconds: 20, transmissions: 10, timeoutMs: 700 },
    alternates: [{ address: ADDRESS, gamePort: 1, probePort: 2 }],
  }),
  response({ movingMs: 5, error: { code: 1, retryAfterMs: 2, reason: 'full' }, cookie: new Uint8Array(20), wait: 'w' }),
  response({
    rosterPage: {
      version: 1,
      page: 0,
      pages: 1,
      entries: [
        {
          id: 'i-1.0',
          state: 'ready',
          suspect: false,
          sessions: 1,
          capacity: 2,
          free: 1,
          group: 'eu',
          ipv4: ADDRESS.subarray(12),
          ports: [{ role: 0, port: 1 }],
        },
      ],
    },
  }),
  response({
    lobbyPage: {
      version: 1,
      page: 0,
      pages: 1,
      sessions: 1,
      capacity: 2,
      app: 'arena',
      world: 'red',
      description: 'a',
      participants: [{ name: 'a', info: 'b' }],
    },
  }),
];

/** What a packet says, without what its bytes alone say. */
function meaningOf(packet: Packet): string {
  const { length: _, forward: __, ...meaning } = { length: 0, forward: undefined, ...packet };
  return formOf(meaning);
}

/** A response of options that a later version knows: there is no way to write it. */
function saysNothing(packet: Packet): boolean {
  if (packet.kind === 'classic' || packet.role === 'request') return false;
  const { server, ports, otherAddress, keepalive, alternates, movingMs, rosterPage, lobbyPage, error } = packet;
  const said = [server, ports, otherAddress, keepalive, alternates, movingMs, rosterPage, lobbyPage, error];
  return said.every((option) => option === undefined);
}

function written(packet: Packet): Uint8Array {
  if (packet.kind === 'classic') return encodeClassic(packet.address);
  if (packet.role === 'request') return encodeRequest(packet);
  const encoded = encodeResponse(packet, { maxBytes: MAX_PACKET_BYTES });
  if (!encoded.ok) throw broken('what was read must fit into a packet', encoded.code);
  return encoded.bytes;
}

function check(bytes: Uint8Array, expect: Role): string {
  const decoded = decodePacket<Role>(bytes, { expect });
  if (!decoded.ok) {
    if (!DROP_REASONS.includes(decoded.reason)) throw broken('a reason must be in the list', decoded.reason);
    return decoded.reason;
  }
  const { packet } = decoded;
  if (saysNothing(packet)) return 'accepted, and nothing in it is known';
  const again = decodePacket<Role>(written(packet), { expect });
  if (!again.ok) throw broken('what was read and written must be read again', again.reason);
  if (meaningOf(again.packet) !== meaningOf(packet)) {
    throw broken(`what was read, written and read again must be ${meaningOf(packet)}`, meaningOf(again.packet));
  }
  return 'accepted';
}

/** Length and Type as they must be: without them nothing else is looked at. */
function repair(bytes: Uint8Array): Uint8Array {
  if (bytes.length < 4) return bytes;
  const repaired = bytes.slice();
  const head = new DataView(repaired.buffer);
  head.setUint16(0, bytes.length);
  head.setUint16(2, PROBE_TYPE);
  return repaired;
}

/** Cuts a stream at places that its own bytes say, and compares with the uncut one. */
function checkStream(bytes: Uint8Array): string {
  const whole = createFramer();
  const expected = whole.push(bytes);
  const parts = createFramer();
  const packets: Uint8Array[] = [];
  let reason: string | undefined;
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + 1 + (bytes[at]! & 0x1f));
    const framed = parts.push(bytes.slice(at, end));
    packets.push(...framed.packets);
    reason ??= framed.reason;
    at = end;
  }
  if (reason !== expected.reason) throw broken(`the reason must be ${expected.reason}`, String(reason));
  if (formOf(packets) !== formOf(expected.packets)) throw broken('the packets must be the same however cut', packets);
  if (parts.pending() > MAX_PACKET_BYTES) throw broken('no more than a packet may be held', parts.pending());
  return reason ?? 'accepted';
}

const maxBytes = 1_300;

export const PACKET_TARGETS: readonly Target[] = [
  { name: 'request', run: (bytes) => check(bytes, 'request'), seeds: REQUESTS, maxBytes, repair },
  { name: 'response', run: (bytes) => check(bytes, 'response'), seeds: RESPONSES, maxBytes, repair },
  { name: 'stream', run: checkStream, seeds: [Uint8Array.from(REQUESTS.flatMap((one) => [...one]))], maxBytes: 4_000 },
];
