import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeClassic } from '../../../core/wire/classic-packet.ts';
import { decodePacket } from '../../../core/wire/decode.ts';
import { encodeRequest } from '../../../core/wire/encode-request.ts';
import { createFramer } from '../../../core/wire/framer.ts';
import { aRequest, hex, ip, toHex } from './builders.ts';

const PACKETS = [
  encodeClassic(ip('192.168.1.7')),
  encodeRequest(aRequest({ app: 'arena' })),
  encodeClassic(ip('2001:db8::1')),
  encodeRequest(aRequest(), { padTo: 1_200 }),
  encodeClassic(ip('10.0.0.1')),
];
const STREAM = Uint8Array.from(PACKETS.flatMap((packet) => [...packet]));

describe('framer', () => {
  it('cuts the same packets however the stream is chopped', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(STREAM.length), { maxLength: 30 }), (cuts) => {
        const framer = createFramer();
        const edges = [0, ...cuts.sort((one, other) => one - other), STREAM.length];
        const framed = edges.slice(1).flatMap((end, index) => framer.push(STREAM.slice(edges[index], end)).packets);
        expect(framed.map(toHex)).toEqual(PACKETS.map(toHex));
        expect(framer.pending()).toBe(0);
      }),
    );
  });

  it('cuts packets out of single bytes', () => {
    const framer = createFramer();
    const framed = [...STREAM].flatMap((byte) => framer.push(Uint8Array.of(byte)).packets);
    expect(framed.map(toHex)).toEqual(PACKETS.map(toHex));
  });

  it('gives packets that do not change when the next chunk comes in', () => {
    const framer = createFramer();
    framer.push(PACKETS[0]!.slice(0, 3));
    const { packets } = framer.push(PACKETS[0]!.slice(3));
    framer.push(PACKETS[1]!.slice(0, 30));
    expect(packets).toEqual([PACKETS[0]]);
  });

  it('says how much of a packet has begun', () => {
    const framer = createFramer();
    framer.push(STREAM.slice(0, 1));
    expect(framer.pending()).toBe(1);
    framer.push(STREAM.slice(1, 5));
    expect(framer.pending()).toBe(5);
    framer.push(STREAM.slice(5, 8));
    expect(framer.pending()).toBe(0);
  });

  it.each([
    ['0007ffff', 'short'],
    ['0000', 'short'],
    ['04b1', 'long'],
    ['ffff', 'long'],
    ['474554202f', 'long'],
    ['0009ffff', 'length-invalid'],
    ['001effff', 'length-invalid'],
  ])('refuses a stream that starts with %s as soon as its Length is there: %s', (start, reason) => {
    expect(createFramer().push(hex(start))).toEqual({ packets: [], reason });
    const slow = createFramer();
    expect(slow.push(hex(start).slice(0, 1))).toEqual({ packets: [] });
    expect(slow.push(hex(start).slice(1, 2))).toEqual({ packets: [], reason });
  });

  it('gives the packets before the fault and nothing after it', () => {
    const framer = createFramer();
    const good = encodeClassic(ip('192.168.1.7'));
    expect(framer.push(Uint8Array.from([...good, 0, 9, ...good]))).toEqual({
      packets: [good],
      reason: 'length-invalid',
    });
    expect(framer.push(good)).toEqual({ packets: [], reason: 'length-invalid' });
  });

  it('leaves everything but Length to the decoder', () => {
    const { packets, reason } = createFramer().push(hex('0008123401020304'));
    expect(reason).toBeUndefined();
    expect(decodePacket(packets[0]!, { expect: 'request' })).toEqual({ ok: false, reason: 'wrong-type' });
  });
});
