import { describe, expect, it } from 'vitest';
import { encodeForward, encodeRequest, requestLength } from '../../../core/wire/encode-request.ts';
import { FORWARD, REPORT, type RequestFields, WANT } from '../../../core/wire/packet.ts';
import { expectCodec } from '../../support/expect-codec.ts';
import {
  aForward,
  aRequest,
  decodeRequest,
  hex,
  NONCE_OPTION,
  packetCodec,
  rawPacket,
  SERVER_ID,
  TICKET,
  toHex,
  wireIp,
} from './builders.ts';

const EACH_OPTION: Readonly<Record<string, Partial<RequestFields>>> = {
  'nothing but the nonce': {},
  app: { app: 'arena' },
  'an app of 32 bytes': { app: 'é'.repeat(16) },
  world: { world: 'red' },
  group: { group: 'eu-west-1' },
  client: { client: hex('00ff80') },
  'a client of 32 bytes': { client: new Uint8Array(32).fill(0xc1) },
  ticket: { ticket: TICKET },
  'the longest ticket': { ticket: 't'.repeat(760) },
  'one server to avoid': { avoid: [SERVER_ID] },
  'three servers to avoid': { avoid: ['a', 'b'.repeat(24), 'c'] },
  cookie: { cookie: new Uint8Array(20).fill(7) },
  want: { want: WANT.roster | WANT.noDirectAnswer },
  report: { report: REPORT.refused, ticket: 'x' },
  wait: { wait: 'w'.repeat(400) },
  page: { page: 0x0102 },
  pick: { pick: SERVER_ID },
  leave: { leave: true, ticket: 'x' },
  'an IPv6 address': { address: wireIp('2001:db8::1') },
};

function decoded(bytes: Uint8Array) {
  const result = decodeRequest(bytes);
  if (!result.ok || result.packet.kind !== 'extended') throw new Error(JSON.stringify(result));
  return result.packet;
}

function asValue(fields: RequestFields, padTo: number) {
  return { packet: { kind: 'extended', role: 'request', length: 0, ...fields } as const, padTo };
}

describe('each option of a request', () => {
  for (const [name, fields] of Object.entries(EACH_OPTION)) {
    it(`carries ${name} there and back`, () => {
      const request = aRequest(fields);
      expectCodec(packetCodec('request'), asValue(request, requestLength(request)));
    });
  }

  it('carries all that a client can need in one packet', () => {
    const request = aRequest({
      app: 'a'.repeat(32),
      world: 'w'.repeat(32),
      group: 'g'.repeat(32),
      client: new Uint8Array(32),
      ticket: 't'.repeat(760),
      avoid: ['1', '2', '3'].map((id) => id.repeat(24)),
      cookie: new Uint8Array(20),
      want: 7,
      report: 1,
      page: 1,
      pick: 'p'.repeat(24),
      leave: true,
    });
    expect(requestLength(request)).toBeLessThanOrEqual(1_200);
    expectCodec(packetCodec('request'), asValue(request, 1_200));
  });

  it('carries a forward there and back, which no padding follows', () => {
    const bytes = aForward({ app: 'arena', ticket: TICKET });
    const { forward, length, ...packet } = decoded(bytes);
    expect(length).toBe(bytes.length);
    expectCodec(packetCodec('request'), {
      packet: { ...packet, length: 0, forward: { ...forward!, signed: new Uint8Array(0) } },
      padTo: 0,
    });
  });
});

describe('forward', () => {
  it('says who the client is, what the agent may do, and how long the answer may be', () => {
    const { forward, pick } = decoded(aForward());
    expect(forward).toMatchObject({
      address: wireIp('198.51.100.20'),
      port: 40_000,
      flags: FORWARD.answer | FORWARD.note,
      room: 800,
      signature: new Uint8Array(64).fill(0x5a),
    });
    expect(pick).toBe(SERVER_ID);
  });

  it('lets the reader verify exactly the bytes that the writer signed', () => {
    const forward = { address: wireIp('198.51.100.20'), port: 1, flags: 1, room: 800 };
    const { packet, signed } = encodeForward({ ...aRequest(), pick: SERVER_ID }, forward);
    expect(signed.length).toBe(packet.length - 64);
    expect(decoded(packet).forward?.signed).toEqual(signed);
  });

  it('has room beside the longest client, ticket and names', () => {
    const request = aRequest({
      app: 'a'.repeat(32),
      world: 'w'.repeat(32),
      group: 'g'.repeat(32),
      client: new Uint8Array(32),
      ticket: 't'.repeat(760),
      avoid: ['1', '2', '3'].map((id) => id.repeat(24)),
      cookie: new Uint8Array(20),
      want: 7,
    });
    const forward = { address: wireIp('198.51.100.20'), port: 1, flags: 1, room: 800 };
    expect(encodeForward({ ...request, pick: 'p'.repeat(24) }, forward).packet.length).toBeLessThanOrEqual(1_200);
  });
});

describe('padding', () => {
  it.each([31, 34, 800, 1_200])('makes a request of 31 bytes %i long', (padTo) => {
    expect(encodeRequest(aRequest(), { padTo }).length).toBe(padTo);
  });

  it.each([32, 33])('overshoots %i by the header that an option needs', (padTo) => {
    expect(encodeRequest(aRequest(), { padTo }).length).toBe(34);
  });

  it.each([
    [397, 1_197, 1_200],
    [398, 1_198, 1_198],
    [399, 1_199, 1_199],
    [400, 1_200, 1_200],
  ])('never makes a packet too long (wait token of %i bytes)', (waitBytes, unpadded, padded) => {
    const request = aRequest({ ticket: 't'.repeat(760), wait: 'w'.repeat(waitBytes), leave: true });
    expect(requestLength(request)).toBe(unpadded);
    expect(encodeRequest(request, { padTo: 5_000 }).length).toBe(padded);
  });

  it('is of zeroes, and nobody looks at them', () => {
    const bytes = encodeRequest(aRequest(), { padTo: 40 });
    expect(toHex(bytes.subarray(31))).toBe('000006000000000000');
    expect(decodeRequest(bytes.with(36, 0xff)).ok).toBe(true);
  });
});

describe('what a reader of requests lets pass', () => {
  it('skips options that it does not know', () => {
    const packet = decoded(rawPacket([[0x7f, 'later'], NONCE_OPTION, [0x10, ''], [0x02, 'arena']]));
    expect(packet).toMatchObject({ app: 'arena', nonce: NONCE_OPTION[1] });
  });

  it('takes options in any order', () => {
    const packet = decoded(rawPacket([[0x03, 'red'], [0x02, 'arena'], NONCE_OPTION]));
    expect(packet).toMatchObject({ app: 'arena', world: 'red', nonce: NONCE_OPTION[1] });
  });

  it('keeps bits and reasons that a later version may define', () => {
    expect(decoded(rawPacket([NONCE_OPTION, [0x09, Uint8Array.of(0x80)], [0x0a, Uint8Array.of(9)]]))).toMatchObject({
      want: 0x80,
      report: 9,
    });
  });

  it('reports the Length, which bounds the answer', () => {
    expect(decoded(encodeRequest(aRequest(), { padTo: 800 })).length).toBe(800);
  });
});

describe('values of a wrong size', () => {
  const WRONG: readonly (readonly [string, number, Uint8Array | string])[] = [
    ['a nonce of 7 bytes', 0x01, new Uint8Array(7)],
    ['a nonce of 9 bytes', 0x01, new Uint8Array(9)],
    ['an empty app', 0x02, ''],
    ['an app of 33 bytes', 0x02, 'a'.repeat(33)],
    ['an empty world', 0x03, ''],
    ['a world of 33 bytes', 0x03, 'a'.repeat(33)],
    ['an empty group', 0x04, ''],
    ['a group of 33 bytes', 0x04, 'a'.repeat(33)],
    ['an empty client', 0x05, ''],
    ['a client of 33 bytes', 0x05, new Uint8Array(33)],
    ['an empty ticket', 0x06, ''],
    ['a ticket of 761 bytes', 0x06, 'a'.repeat(761)],
    ['nobody to avoid', 0x07, ''],
    ['an empty id to avoid', 0x07, Uint8Array.of(1, 0x61, 0)],
    ['an id to avoid of 25 bytes', 0x07, Uint8Array.of(25, ...new Uint8Array(25).fill(0x61))],
    ['an id to avoid past the value', 0x07, Uint8Array.of(3, 0x61, 0x62)],
    ['four servers to avoid', 0x07, Uint8Array.of(1, 0x61, 1, 0x62, 1, 0x63, 1, 0x64)],
    ['a cookie of 19 bytes', 0x08, new Uint8Array(19)],
    ['a cookie of 21 bytes', 0x08, new Uint8Array(21)],
    ['want of nothing', 0x09, ''],
    ['want of two bytes', 0x09, new Uint8Array(2)],
    ['a report of two bytes', 0x0a, new Uint8Array(2)],
    ['an empty wait token', 0x0b, ''],
    ['a wait token of 401 bytes', 0x0b, 'w'.repeat(401)],
    ['a page of one byte', 0x0c, new Uint8Array(1)],
    ['an empty pick', 0x0d, ''],
    ['a pick of 25 bytes', 0x0d, 'p'.repeat(25)],
    ['a leave with a value', 0x0e, 'x'],
    ['a forward of 84 bytes', 0x0f, new Uint8Array(84)],
    ['a forward of 86 bytes', 0x0f, new Uint8Array(86)],
  ];
  it.each(WRONG)('drops %s', (_, code, value) => {
    const options =
      code === 0x01 ? [[code, value] as const, [0x40, 'long enough'] as const] : [NONCE_OPTION, [code, value] as const];
    expect(decodeRequest(rawPacket(options))).toEqual({ ok: false, reason: 'value-size' });
  });

  it.each([0x02, 0x03, 0x04, 0x06, 0x0b, 0x0d])('drops text that is not UTF-8 in option 0x0%i', (code) => {
    const bytes = rawPacket([NONCE_OPTION, [code, Uint8Array.of(0xc0, 0x80)]]);
    expect(decodeRequest(bytes)).toEqual({ ok: false, reason: 'not-utf8' });
  });

  it('drops an id to avoid that is not UTF-8', () => {
    const bytes = rawPacket([NONCE_OPTION, [0x07, Uint8Array.of(1, 0xff)]]);
    expect(decodeRequest(bytes)).toEqual({ ok: false, reason: 'not-utf8' });
  });

  it('names a wrong size even when a text before it is not UTF-8', () => {
    const bytes = rawPacket([NONCE_OPTION, [0x02, Uint8Array.of(0xff)], [0x09, '']]);
    expect(decodeRequest(bytes)).toEqual({ ok: false, reason: 'value-size' });
  });
});

describe('a request that cannot be written', () => {
  it('names every field that is out of its limits', () => {
    const write = () =>
      encodeRequest({
        address: new Uint8Array(4),
        nonce: new Uint8Array(7),
        app: 'a'.repeat(33),
        world: 'é'.repeat(17),
        client: new Uint8Array(0),
        avoid: ['1', '2', '3', '4'],
        cookie: new Uint8Array(2),
        want: 256,
        page: -1,
        pick: '',
      });
    expect(write).toThrow(
      [
        '`address` must be 16 bytes, got: 4',
        '`nonce` must be 8 bytes, got: 7',
        '`app` must be 1..32 bytes of UTF-8, got: 33 characters',
        '`world` must be 1..32 bytes of UTF-8, got: 17 characters',
        '`client` must be 1..32 bytes, got: 0',
        '`avoid` must be 1..3 ids, got: 4',
        '`cookie` must be 20 bytes, got: 2',
        '`want` must be an integer of 0..255, got: 256',
        '`page` must be an integer of 0..65535, got: -1',
        '`pick` must be 1..24 bytes of UTF-8, got: 0 characters',
      ].join('\n'),
    );
  });

  it('is measured with the same limits', () => {
    expect(() => requestLength(aRequest({ app: '' }))).toThrow('`app` must be 1..32 bytes of UTF-8');
  });

  it('is refused when all its parts are right and the whole is too long', () => {
    const request = aRequest({ ticket: 't'.repeat(760), wait: 'w'.repeat(400), leave: true, want: 1 });
    expect(() => encodeRequest(request)).toThrow('`packet` must be at most 1200 bytes, got: 1204');
  });

  it('leaves no trace in the next one', () => {
    expect(() => encodeRequest(aRequest({ app: '' }))).toThrow();
    expect(decodeRequest(encodeRequest(aRequest())).ok).toBe(true);
  });
});
