import { describe, expect, it } from 'vitest';
import { encodeResponse, responseLength } from '../../../core/wire/encode-response.ts';
import type { ResponseFields } from '../../../core/wire/packet.ts';
import { PORT_ROLE } from '../../../core/wire/server-port.ts';
import { expectCodec } from '../../support/expect-codec.ts';
import {
  aLobbyPage,
  anAlternate,
  anAssignment,
  anEntry,
  aResponse,
  decodeResponse,
  hex,
  ip,
  mustEncode,
  NONCE_OPTION,
  packetCodec,
  rawPacket,
  SERVER_ID,
  TICKET,
  wireIp,
} from './builders.ts';

const EACH_OPTION: Readonly<Record<string, Partial<ResponseFields>>> = {
  server: { server: SERVER_ID },
  'a server id of 24 bytes': { server: 's'.repeat(24) },
  ticket: { server: SERVER_ID, ticket: TICKET },
  cookie: { cookie: new Uint8Array(20).fill(9), error: { code: 9, retryAfterMs: 0, reason: '' } },
  wait: { wait: 'w'.repeat(250), error: { code: 1, retryAfterMs: 5_000, reason: 'the pool is full' } },
  'one port': { ports: [{ role: PORT_ROLE.game, port: 65_535 }] },
  '16 ports': { ports: Array.from({ length: 16 }, (_, index) => ({ role: 16 + index, port: 30_000 + index })) },
  'the other address': { otherAddress: wireIp('2001:db8::9'), server: SERVER_ID },
  keepalive: { keepalive: { intervalSeconds: 20, transmissions: 10, timeoutMs: 700 } },
  'one alternate': { alternates: [anAlternate('198.51.100.1')] },
  'two alternates': { alternates: [anAlternate('198.51.100.1'), anAlternate('2001:db8::1')] },
  moving: { movingMs: 0xffffffff },
  'a roster page': {
    rosterPage: { version: 0x80000001, page: 1, pages: 3, entries: [anEntry(), anEntry({ id: 'b', group: '' })] },
  },
  'a lobby page': { lobbyPage: aLobbyPage() },
  error: { address: ip('::'), error: { code: 1, retryAfterMs: 30_000, reason: '' } },
  'an error with a reason': { error: { code: 0xffff, retryAfterMs: 0, reason: 'r'.repeat(64) } },
};

function decoded(bytes: Uint8Array) {
  const result = decodeResponse(bytes);
  if (!result.ok || result.packet.kind !== 'extended') throw new Error(JSON.stringify(result));
  return result.packet;
}

describe('each option of a response', () => {
  for (const [name, fields] of Object.entries(EACH_OPTION)) {
    it(`carries ${name} there and back`, () => {
      const packet = { kind: 'extended', role: 'response', length: 0, ...aResponse(fields) } as const;
      expectCodec(packetCodec('response'), { packet, padTo: 0 });
    });
  }

  it('carries a whole assignment there and back in a door request of 800 bytes', () => {
    const response = anAssignment({
      otherAddress: wireIp('2001:db8::9'),
      alternates: [anAlternate('198.51.100.1'), anAlternate('198.51.100.2')],
    });
    expect(responseLength(response)).toBeLessThanOrEqual(800);
    const packet = { kind: 'extended', role: 'response', length: 0, ...response } as const;
    expectCodec(packetCodec('response'), { packet, padTo: 0 });
  });

  it('has the type of its deployment', () => {
    expect([...mustEncode(anAssignment(), 1_200, 0x4f44).subarray(2, 4)]).toEqual([0x4f, 0x44]);
  });
});

describe('what does not fit is left out in order', () => {
  const whole = anAssignment({
    otherAddress: wireIp('2001:db8::9'),
    alternates: [anAlternate('198.51.100.1'), anAlternate('198.51.100.2')],
  });
  const size = responseLength(whole);

  it('keeps everything in exactly its own size', () => {
    expect(decoded(mustEncode(whole, size))).toMatchObject({ ...whole });
  });

  it('leaves out the second alternate first', () => {
    const packet = decoded(mustEncode(whole, size - 1));
    expect(packet.alternates).toEqual([anAlternate('198.51.100.1')]);
    expect(packet.length).toBe(size - 20);
  });

  it('then the first', () => {
    const packet = decoded(mustEncode(whole, size - 21));
    expect(packet.alternates).toBeUndefined();
    expect(packet.otherAddress).toEqual(whole.otherAddress);
    expect(packet.length).toBe(size - 43);
  });

  it('then other-address', () => {
    const packet = decoded(mustEncode(whole, size - 44));
    expect(packet.otherAddress).toBeUndefined();
    expect(packet.ticket).toBe(TICKET);
    expect(packet.length).toBe(size - 62);
  });

  it('and never the ticket or the rest', () => {
    expect(encodeResponse(whole, { maxBytes: size - 63 })).toEqual({ ok: false, code: 'wire.request-too-small' });
  });

  it('leaves out the text of an error before the error', () => {
    const error = { code: 4, retryAfterMs: 0, reason: 'pad the request to 1,200 bytes' };
    const packet = decoded(mustEncode(aResponse({ error }), 40));
    expect(packet.error).toEqual({ code: 4, retryAfterMs: 0, reason: '' });
    expect(encodeResponse(aResponse({ error }), { maxBytes: 39 })).toMatchObject({ ok: false });
  });

  it('fits a keepalive answer into a keepalive', () => {
    const keepalive = { intervalSeconds: 20, transmissions: 10, timeoutMs: 700 };
    const answer = aResponse({ server: 's'.repeat(24), keepalive, movingMs: 120_000 });
    expect(responseLength(answer)).toBeLessThanOrEqual(96);
  });

  it('fits a cookie, and a refusal without words, into any door request', () => {
    const error = { code: 9, retryAfterMs: 0, reason: '' };
    expect(responseLength(aResponse({ cookie: new Uint8Array(20), error }))).toBe(63);
  });

  it.each([40, 10_000])('never writes more than 1,200 bytes, whatever the room (a page of %i)', (count) => {
    const rosterPage = { version: 1, page: 0, pages: 1, entries: Array(count).fill(anEntry()) };
    const lobbyPage = aLobbyPage({ participants: Array(count).fill({ name: 'Ada', info: 'i'.repeat(40) }) });
    for (const page of [{ rosterPage }, { lobbyPage }]) {
      const encoded = encodeResponse(aResponse(page), { maxBytes: 100_000 });
      expect(encoded).toEqual({ ok: false, code: 'wire.request-too-small' });
    }
  });

  it('gives packets that later ones do not overwrite', () => {
    const first = mustEncode(anAssignment());
    const copy = first.slice();
    for (let round = 0; round < 100; round++) mustEncode(anAssignment({ server: `i-${round}.0` }));
    expect(first).toEqual(copy);
  });
});

describe('what a reader of responses lets pass', () => {
  it('skips what the table gives to requests alone, even of a wrong size', () => {
    const packet = decoded(rawPacket([NONCE_OPTION, [0x02, ''], [0x0f, 'x'], [0x81, SERVER_ID]]));
    expect(packet).toMatchObject({ server: SERVER_ID });
    expect(packet).not.toHaveProperty('app');
  });

  it('skips options that it does not know', () => {
    expect(decoded(rawPacket([[0xf0, 'later'], NONCE_OPTION, [0x81, SERVER_ID]]))).toMatchObject({ server: SERVER_ID });
  });

  it('keeps two ports with one role in their order', () => {
    const bytes = rawPacket([NONCE_OPTION, [0x82, hex('001e61 001e62')]]);
    expect(decoded(bytes).ports).toEqual([
      { role: 0, port: 7777 },
      { role: 0, port: 7778 },
    ]);
  });
});

describe('values of a wrong size', () => {
  it.each<readonly [string, number, Uint8Array | string]>([
    ['an empty ticket', 0x06, ''],
    ['a cookie of 19 bytes', 0x08, new Uint8Array(19)],
    ['an empty wait token', 0x0b, ''],
    ['an empty server id', 0x81, ''],
    ['a server id of 25 bytes', 0x81, 's'.repeat(25)],
    ['no ports', 0x82, ''],
    ['a port cut short', 0x82, new Uint8Array(5)],
    ['17 ports', 0x82, new Uint8Array(51)],
    ['another address of 4 bytes', 0x83, new Uint8Array(4)],
    ['keepalive of 5 bytes', 0x84, new Uint8Array(5)],
    ['keepalive of 7 bytes', 0x84, new Uint8Array(7)],
    ['no alternates', 0x85, ''],
    ['an alternate cut short', 0x85, new Uint8Array(39)],
    ['three alternates', 0x85, new Uint8Array(60)],
    ['moving of 3 bytes', 0x86, new Uint8Array(3)],
    ['a roster page without its head', 0x87, new Uint8Array(7)],
    ['a lobby page without its head', 0x88, new Uint8Array(20)],
    ['an error of 5 bytes', 0xe0, new Uint8Array(5)],
    ['an error with 65 bytes of text', 0xe0, new Uint8Array(71)],
  ])('drops %s', (_, code, value) => {
    // The option that the table does not know makes it a response whatever `code` is.
    const bytes = rawPacket([NONCE_OPTION, [0x91, ''], [code, value]]);
    expect(decodeResponse(bytes)).toEqual({ ok: false, reason: 'value-size' });
  });

  it.each([0x06, 0x0b, 0x81])('drops text that is not UTF-8 in option %i', (code) => {
    const bytes = rawPacket([NONCE_OPTION, [0x84, new Uint8Array(6)], [code, Uint8Array.of(0xed, 0xa0, 0x80)]]);
    expect(decodeResponse(bytes)).toEqual({ ok: false, reason: 'not-utf8' });
  });

  it('drops an error whose text is not UTF-8', () => {
    const bytes = rawPacket([NONCE_OPTION, [0xe0, Uint8Array.of(0, 1, 0, 0, 0, 0, 0x80)]]);
    expect(decodeResponse(bytes)).toEqual({ ok: false, reason: 'not-utf8' });
  });
});

describe('a response that cannot be written', () => {
  it('names every field that is out of its limits', () => {
    const write = () =>
      mustEncode({
        address: ip('203.0.113.9'),
        nonce: hex('01'),
        server: '',
        ports: [],
        otherAddress: ip('203.0.113.9'),
        keepalive: { intervalSeconds: 0.5, transmissions: 70_000, timeoutMs: -1 },
        alternates: ['1', '2', '3'].map((last) => anAlternate(`10.0.0.${last}`)),
        movingMs: 2 ** 32,
        error: { code: 1, retryAfterMs: 0, reason: 'r'.repeat(65) },
      });
    expect(write).toThrow(
      [
        '`address` must be 16 bytes, got: 4',
        '`nonce` must be 8 bytes, got: 1',
        '`server` must be 1..24 bytes of UTF-8, got: 0 characters',
        '`ports` must be 1..16 ports, got: 0',
        '`otherAddress` must be 16 bytes, got: 4',
        '`keepalive.intervalSeconds` must be an integer of 0..65535, got: 0.5',
        '`keepalive.transmissions` must be an integer of 0..65535, got: 70000',
        '`keepalive.timeoutMs` must be an integer of 0..65535, got: -1',
        '`alternates` must be at most 2, got: 3',
        '`movingMs` must be an integer of 0..4294967295, got: 4294967296',
        '`error.reason` must be 0..64 bytes of UTF-8, got: 65 characters',
      ].join('\n'),
    );
  });

  it('is one that the other side would take for a request', () => {
    expect(() => mustEncode(aResponse({ ticket: TICKET }))).toThrow(
      '`response` must be a packet with an option of 0x80 or more, got: none',
    );
  });

  it('is measured with the same limits', () => {
    expect(() => responseLength(anAssignment({ server: '' }))).toThrow('`server` must be 1..24 bytes of UTF-8');
  });

  it('is named even where it would not fit', () => {
    expect(() => mustEncode(anAssignment({ movingMs: -1 }), 100)).toThrow('`movingMs`');
  });
});
