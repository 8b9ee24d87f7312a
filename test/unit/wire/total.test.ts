import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodePacket, type Packet } from '../../../core/wire/decode.ts';
import { DROP_REASONS } from '../../../core/wire/drop-reasons.ts';
import { encodeRequest } from '../../../core/wire/encode-request.ts';
import { expectConsistent } from '../../support/expect-codec.ts';
import {
  aForward,
  aLobbyPage,
  anAlternate,
  anAssignment,
  anEntry,
  aRequest,
  aResponse,
  hex,
  mustEncode,
  packetCodec,
  wireIp,
} from './builders.ts';

const SEEDS: readonly Uint8Array[] = [
  hex('0008ffffc0a80107'),
  encodeRequest(aRequest({ app: 'arena', world: 'red', group: 'eu', client: hex('01ff'), avoid: ['a', 'b'], want: 3 })),
  encodeRequest(aRequest({ cookie: new Uint8Array(20), report: 1, wait: 'w', page: 1, pick: 'i-1.0', leave: true })),
  aForward({ app: 'arena' }),
  mustEncode(anAssignment({ ticket: 'short', alternates: [anAlternate('10.0.0.1')], otherAddress: wireIp('::1') })),
  mustEncode(aResponse({ movingMs: 5, error: { code: 1, retryAfterMs: 2, reason: 'full' } })),
  mustEncode(aResponse({ rosterPage: { version: 1, page: 0, pages: 1, entries: [anEntry(), anEntry({ id: 'b' })] } })),
  mustEncode(aResponse({ lobbyPage: aLobbyPage() })),
];

const aRole = fc.constantFrom('request' as const, 'response' as const);

/** Bytes with a good Type, often a good Length, and options that look like some: random bytes alone end at item 5. */
const aPacketLikeBytes = fc
  .tuple(
    fc.array(
      fc.tuple(
        fc.oneof(fc.constantFrom(0, 1, 2, 6, 7, 8, 0x0f, 0x81, 0x82, 0x85, 0x87, 0x88, 0xe0), fc.nat(255)),
        fc.uint8Array({ maxLength: 24 }),
      ),
      { maxLength: 18 },
    ),
    fc.boolean(),
    fc.uint8Array({ maxLength: 3 }),
  )
  .map(([options, withNonce, tail]) => {
    const nonce: [number, Uint8Array][] = withNonce ? [[1, new Uint8Array(8)]] : [];
    const body = [...nonce, ...options].flatMap(([code, value]) => [code, 0, value.length, ...value]);
    const size = 20 + body.length + tail.length;
    return Uint8Array.from([size >> 8, size & 0xff, 0xff, 0xff, ...new Uint8Array(16), ...body, ...tail]);
  });

/** One to four bytes of a good packet changed, or a part cut out; Length repaired half of the time. */
const aMutatedPacket = fc
  .tuple(
    fc.constantFrom(...SEEDS),
    fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
    fc.tuple(fc.nat(), fc.nat(40)),
    fc.boolean(),
  )
  .map(([seed, changes, [cutAt, cutBytes], repaired]) => {
    const bytes = [...seed];
    for (const [at, value] of changes) bytes[at % bytes.length] = value;
    if (cutBytes < 20) bytes.splice(cutAt % bytes.length, cutBytes);
    if (repaired) bytes.splice(0, 4, bytes.length >> 8, bytes.length & 0xff, 0xff, 0xff);
    return Uint8Array.from(bytes);
  });

function expectTotal(bytes: Uint8Array, role: 'request' | 'response'): void {
  const before = bytes.slice();
  const decoded = decodePacket<'request' | 'response'>(bytes, { expect: role });
  expect(bytes).toEqual(before);
  if (!decoded.ok) expect(DROP_REASONS).toContain(decoded.reason);
  else expectConsistent(packetCodec(role), bytes, kindOf(decoded.packet));
}

function kindOf(packet: Packet): string {
  return packet.kind === 'classic' ? 'classic' : packet.role;
}

describe('decoding is total', () => {
  it('on random bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 1_300 }), aRole, expectTotal), { numRuns: 500 });
  });

  it('on bytes that look like packets', () => {
    fc.assert(fc.property(aPacketLikeBytes, aRole, expectTotal), { numRuns: 3_000 });
  });

  it('on good packets with a few faults', () => {
    fc.assert(fc.property(aMutatedPacket, aRole, expectTotal), { numRuns: 3_000 });
  });

  it('and accepts some of what these generators make, so that they prove something', () => {
    const sample = [
      ...fc.sample(aPacketLikeBytes, { numRuns: 400, seed: 1 }),
      ...fc.sample(aMutatedPacket, { numRuns: 400, seed: 1 }),
    ];
    const accepted = sample.filter(
      (bytes) => decodePacket(bytes, { expect: 'request' }).ok || decodePacket(bytes, { expect: 'response' }).ok,
    );
    expect(accepted.length).toBeGreaterThan(100);
  });
});
