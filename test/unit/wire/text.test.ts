import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readText, writeText } from '../../../core/wire/text.ts';

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function strictText(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Bytes near the borders of RFC 3629, where validators go wrong. */
const aByte = fc
  .constantFrom(0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbd, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0)
  .chain((byte) => fc.constantFrom(byte, 0xe1, 0xed, 0xef, 0xf0, 0xf1, 0xf4, 0xf5, 0xff));

/** Any UTF-16, lone surrogates too, on both sides of the length up to which a loop writes it. */
const aText = fc
  .array(fc.oneof(fc.integer({ min: 0x20, max: 0x7e }), fc.nat(0xffff)), { maxLength: 40 })
  .map((units) => String.fromCharCode(...units));

describe('text', () => {
  it('is read exactly where a strict decoder reads it, short or long', () => {
    fc.assert(
      fc.property(fc.array(aByte, { maxLength: 8 }), fc.constantFrom(0, 30), (bytes, prefix) => {
        const all = Uint8Array.from([...new Uint8Array(prefix).fill(0x61), ...bytes]);
        expect(readText(all, 0, all.length)).toBe(strictText(all));
      }),
      { numRuns: 5_000 },
    );
  });

  it('is read for every pair of bytes as a strict decoder reads it', () => {
    for (let pair = 0; pair < 0x10000; pair++) {
      const bytes = Uint8Array.of(pair >> 8, pair & 0xff);
      if (readText(bytes, 0, 2) !== strictText(bytes)) expect.fail(`0x${pair.toString(16)}`);
    }
  });

  it('is read at every border of the well-formed sequences as a strict decoder reads it', () => {
    // A replacement character that was sent makes the reader look at every byte.
    const bytes = Uint8Array.of(0, 0, 0, 0, 0xef, 0xbf, 0xbd);
    const seconds = [0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0];
    const tails = [0x7f, 0x80, 0xbf, 0xc0];
    for (let first = 0x7f; first < 256; first++) {
      for (const second of seconds) {
        for (const third of tails) {
          for (const fourth of tails) {
            bytes.set([first, second, third, fourth]);
            if (readText(bytes, 0, 7) !== strictText(bytes)) expect.fail(Buffer.from(bytes).toString('hex'));
          }
        }
      }
    }
  });

  it('keeps a byte order mark and a replacement character that were sent', () => {
    const text = '\ufeffa\ufffd';
    const bytes = new TextEncoder().encode(text);
    expect(readText(bytes, 0, bytes.length)).toBe(text);
  });

  it('does not look past its end for the rest of a character', () => {
    const bytes = new TextEncoder().encode('aé');
    expect(readText(bytes, 0, 2)).toBeUndefined();
  });

  it('is written for every single character as the platform writes it', () => {
    const target = new Uint8Array(8);
    for (let unit = 0; unit < 0x10000; unit++) {
      const text = String.fromCharCode(unit);
      const written = target.subarray(0, writeText(target, 0, text));
      if (Buffer.compare(written, Buffer.from(text)) !== 0) expect.fail(`U+${unit.toString(16)}`);
    }
  });

  it('is written as the platform writes it, at the place given', () => {
    fc.assert(
      fc.property(aText, (text) => {
        const target = new Uint8Array(200);
        const expected = new TextEncoder().encode(text);
        const end = writeText(target, 7, text);
        expect(target.subarray(7, end)).toEqual(expected);
      }),
    );
  });
});
