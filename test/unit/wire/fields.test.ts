import { describe, expect, it } from 'vitest';
import { ByteReader } from '../../../core/wire/byte-reader.ts';
import { ByteWriter } from '../../../core/wire/byte-writer.ts';
import { OptionWriter } from '../../../core/wire/option-writer.ts';
import { readRequest } from '../../../core/wire/read-request.ts';
import { readResponse } from '../../../core/wire/read-response.ts';
import { hex, rawPacket, toHex, wireIp } from './builders.ts';

describe('reading field by field', () => {
  it('reads big-endian and unsigned', () => {
    const reader = new ByteReader(hex('ff fffe fffffffd 0261 62'), 0, 10);
    expect([reader.u8(), reader.u16(), reader.u32(), reader.shortText(1, 2)]).toEqual([
      255,
      65_534,
      4_294_967_293,
      'ab',
    ]);
    expect(reader.fault).toBeUndefined();
  });

  it('yields nothing past its end, though the buffer goes on', () => {
    const reader = new ByteReader(hex('01020304'), 1, 2);
    expect([reader.u16(), reader.u8(), reader.u32(), reader.text(1, 1, 1)]).toEqual([0, 0, 0, '']);
    expect(reader.view(1).length).toBe(0);
    expect(reader.part(1).u8()).toBe(0);
    expect(reader.fault).toBe('value-size');
  });

  it('keeps a wrong size over a text that is not UTF-8, whichever comes first', () => {
    const sizeFirst = new ByteReader(hex('61ff'), 0, 2);
    sizeFirst.text(1, 2, 2);
    sizeFirst.text(1, 1, 1);
    const textFirst = new ByteReader(hex('ff'), 0, 1);
    textFirst.text(1, 1, 1);
    expect(textFirst.fault).toBe('not-utf8');
    textFirst.u8();
    expect([sizeFirst.fault, textFirst.fault]).toEqual(['value-size', 'value-size']);
  });
});

describe('writing field by field', () => {
  it('fills lengths in when they are known', () => {
    const writer = new ByteWriter(300);
    writer.zeroes(2);
    writer.shortText('name', 'ab', 1, 2);
    writer.zeroes(255);
    writer.closeLength(0, 2);
    expect(toHex(writer.finish().subarray(0, 5))).toBe('0102026162');
  });

  it('refuses what its buffer has no room for instead of writing past it', () => {
    const writer = new ByteWriter(4);
    writer.raw('raw', new Uint8Array(5), 0, 9);
    writer.text('text', 'ab', 0, 9);
    expect(() => writer.finish()).toThrow('`raw` must be 0..9 bytes, got: 5\n`text` must be 0..9 bytes of UTF-8');
  });

  it('gives copies that do not overlap, however many', () => {
    const writer = new ByteWriter(1_200);
    const copies = Array.from({ length: 50 }, (_, index) => {
      writer.reset();
      writer.raw('raw', new Uint8Array(1_000).fill(index), 1_000);
      return writer.finish();
    });
    copies.forEach((copy, index) => {
      expect(
        copy.every((byte) => byte === index),
        `copy ${index}`,
      ).toBe(true);
    });
  });

  it('writes an option by the size that the table gives it', () => {
    const writer = new OptionWriter();
    writer.begin(wireIp('192.168.1.7'), hex('0102030405060708'));
    writer.textOption('pick', 'i-1.0');
    writer.bytesOption('cookie', undefined);
    expect(toHex(writer.seal().subarray(31))).toBe('0d0005692d312e30');
  });
});

describe('reading options whose structure is known to be good', () => {
  it('needs no nonce to name a wrong value', () => {
    expect(readRequest(rawPacket([[0x09, '']]))).toBe('value-size');
    expect(readResponse(rawPacket([[0x84, '']]))).toBe('value-size');
  });

  it('gives an empty nonce where there is none', () => {
    expect(readRequest(rawPacket([]))).toMatchObject({ nonce: new Uint8Array(0) });
    expect(readResponse(rawPacket([]))).toMatchObject({ nonce: new Uint8Array(0) });
  });
});
