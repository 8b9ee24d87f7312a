import { describe, expect, it } from 'vitest';
import { classicFamily, encodeClassic, writeClassicResponse } from '../../../core/wire/classic-packet.ts';
import { decodePacket } from '../../../core/wire/decode.ts';
import { encodeRequest } from '../../../core/wire/encode-request.ts';
import { expectCodec } from '../../support/expect-codec.ts';
import { aRequest, hex, ip, packetCodec, toHex } from './builders.ts';

describe('classic packet', () => {
  it.each(['192.168.1.7', '0.0.0.0', '2001:db8::1', '::'])('carries %s there and back', (text) => {
    const address = ip(text);
    const family = address.length === 4 ? 4 : 6;
    expectCodec(packetCodec('request'), { packet: { kind: 'classic', family, address }, padTo: 0 });
    expectCodec(packetCodec('response'), { packet: { kind: 'classic', family, address }, padTo: 0 });
  });

  it('is the eight bytes of the example', () => {
    expect(toHex(encodeClassic(ip('192.168.1.7')))).toBe('0008ffffc0a80107');
  });

  it('has the type of its deployment, and no other is read', () => {
    const bytes = encodeClassic(ip('192.168.1.7'), 0x4f44);
    expect(toHex(bytes)).toBe('00084f44c0a80107');
    expect(decodePacket(bytes, { expect: 'request', type: 0x4f44 }).ok).toBe(true);
    expect(decodePacket(bytes, { expect: 'request' })).toEqual({ ok: false, reason: 'wrong-type' });
  });
});

describe('the quick way for front ends', () => {
  it('writes the response over whatever the target held, and nothing behind it', () => {
    const target = new Uint8Array(24).fill(0xaa);
    const size = writeClassicResponse(target, ip('203.0.113.9'));
    expect(size).toBe(8);
    expect(toHex(target)).toBe(`0008ffffcb007109${'aa'.repeat(16)}`);
  });

  it('agrees with the decoder on what a classic packet is', () => {
    const packets = [
      hex('0008ffffc0a80107'),
      hex(`0014ffff${'20'.repeat(16)}`),
      hex('0009ffffc0a80107'),
      hex('0008fffec0a80107'),
      hex('0014ffffc0a80107'),
      hex('0008ffffc0a8010700'),
      hex(`0108ffff${'00'.repeat(4)}`),
      hex(''),
      encodeRequest(aRequest()),
    ];
    for (const bytes of packets) {
      const decoded = decodePacket(bytes, { expect: 'request' });
      const family = decoded.ok && decoded.packet.kind === 'classic' ? decoded.packet.family : 0;
      expect(classicFamily(bytes), toHex(bytes)).toBe(family);
    }
  });

  it('knows the type of its deployment', () => {
    expect(classicFamily(hex('00084f44c0a80107'), 0x4f44)).toBe(4);
    expect(classicFamily(hex('0008ffffc0a80107'), 0x4f44)).toBe(0);
  });
});
