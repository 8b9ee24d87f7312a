import { describe, expect, it } from 'vitest';
import { fromBase64Url, toBase64Url } from '../../../core/ticket/base64url.ts';
import { seededRng } from '../../support/seeded-rng.ts';

const ascii = (text: string) => new TextEncoder().encode(text);

describe('base64url', () => {
  // RFC 4648, section 10, without padding.
  it.each([
    ['', ''],
    ['f', 'Zg'],
    ['fo', 'Zm8'],
    ['foo', 'Zm9v'],
    ['foob', 'Zm9vYg'],
    ['fooba', 'Zm9vYmE'],
    ['foobar', 'Zm9vYmFy'],
  ])('has %j as %j', (text, encoded) => {
    expect(toBase64Url(ascii(text))).toBe(encoded);
    expect(fromBase64Url(encoded)).toEqual(ascii(text));
  });

  it('is the encoding of Node for bytes of every length', () => {
    const rng = seededRng(1);
    for (let length = 0; length < 200; length++) {
      const bytes = rng.bytes(length);
      const encoded = Buffer.from(bytes).toString('base64url');
      expect(toBase64Url(bytes)).toBe(encoded);
      expect(fromBase64Url(encoded)).toEqual(bytes);
    }
  });

  it.each([
    ['padding', 'Zg=='],
    ['the other alphabet', '+/+/'],
    ['white space', 'Zm9v\n'],
    ['a lone last character', 'Zm9vY'],
    ['spare bits after one byte', 'Zh'],
    ['spare bits after two bytes', 'Zm9'],
    ['characters outside ASCII', 'Zm9vé'],
    ['characters whose low byte is in the alphabet', 'Zm9\u0176'],
  ])('refuses %s', (_, text) => {
    expect(fromBase64Url(text)).toBeUndefined();
  });
});
