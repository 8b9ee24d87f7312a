import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addressFamily,
  formatAddress,
  fromWireAddress,
  isMapped,
  isZeroAddress,
  parseAddress,
  toWireAddress,
} from '../../../core/wire/address.ts';
import { hex, ip, toHex, wireIp } from './builders.ts';

const ADDRESS_CHARACTERS = fc.constantFrom('0', '1', '9', 'a', 'F', 'g', ':', '::', '.', '255', 'ffff', '%', ' ');
const anAddressLikeText = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc.array(ADDRESS_CHARACTERS, { maxLength: 14 }).map((parts) => parts.join('')),
);

describe('addresses as text', () => {
  it('reads exactly what the platform takes for an address without a zone', () => {
    fc.assert(
      fc.property(anAddressLikeText, (text) => {
        const family = text.includes('%') ? 0 : isIP(text);
        const bytes = parseAddress(text);
        expect(bytes?.length ?? 0).toBe(family === 4 ? 4 : family === 6 ? 16 : 0);
      }),
      { numRuns: 2_000 },
    );
  });

  it('writes every address so that it reads the same again', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ minLength: 4, maxLength: 4 }),
          fc.uint8Array({ minLength: 16, maxLength: 16 }),
          // Many zero groups, so that runs of all lengths are met.
          fc
            .array(fc.constantFrom(0, 0, 1, 0xffff), { minLength: 8, maxLength: 8 })
            .map((groups) => Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]))),
        ),
        (bytes) => {
          expect(parseAddress(formatAddress(bytes))).toEqual(bytes);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('writes IPv6 in the canonical form that URLs have too', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const bytes = ip(text);
        fc.pre(!isMapped(bytes));
        expect(`[${formatAddress(bytes)}]`).toBe(new URL(`http://[${text}]/`).hostname);
      }),
    );
  });

  it('shortens the first of two equally long runs of zeroes, and none of a single group', () => {
    expect(formatAddress(ip('2001:0db8:0:0:1:0:0:1'))).toBe('2001:db8::1:0:0:1');
    expect(formatAddress(ip('2001:db8:0:1:1:1:1:1'))).toBe('2001:db8:0:1:1:1:1:1');
    expect(formatAddress(ip('::'))).toBe('::');
  });

  it('writes a mapped address with its IPv4 address in dotted decimal', () => {
    expect(formatAddress(wireIp('192.0.2.33'))).toBe('::ffff:192.0.2.33');
  });

  it('refuses numbers that some parsers read as octal', () => {
    expect(parseAddress('192.168.010.1')).toBeUndefined();
    expect(parseAddress('::ffff:192.168.010.1')).toBeUndefined();
  });

  it('refuses a text that is longer than any address without looking at it', () => {
    expect(parseAddress(`${'0'.repeat(40)}:0:0:0:0:0:0:1`)).toBeUndefined();
  });

  it('names the length when bytes are no address', () => {
    expect(() => formatAddress(new Uint8Array(5))).toThrow('`address` must be 4 or 16 bytes, got: 5');
    expect(() => toWireAddress(new Uint8Array(0))).toThrow('`address` must be 4 or 16 bytes, got: 0');
  });
});

describe('addresses on the wire', () => {
  it('carries IPv4 as a mapped address and gives it back', () => {
    expect(toHex(toWireAddress(ip('192.0.2.33')))).toBe('00000000000000000000ffffc0000221');
    expect(fromWireAddress(wireIp('192.0.2.33'))).toEqual(ip('192.0.2.33'));
  });

  it('leaves IPv6 alone in both directions', () => {
    const address = ip('2001:db8::1');
    expect(toWireAddress(address)).toBe(address);
    expect(fromWireAddress(address)).toBe(address);
  });

  it('takes only ten zeroes and two bytes of ones for the mapped prefix', () => {
    for (let at = 0; at < 12; at++) {
      const changed = wireIp('192.0.2.33');
      changed[at] = changed[at]! ^ 1;
      expect(isMapped(changed), `byte ${at}`).toBe(false);
    }
    expect(isMapped(ip('192.0.2.33'))).toBe(false);
  });

  it('tells the family that an address asks for', () => {
    expect(addressFamily(wireIp('0.0.0.0'))).toBe(4);
    expect(addressFamily(ip('10.0.0.1'))).toBe(4);
    expect(addressFamily(ip('::'))).toBe(6);
  });

  it('knows "no server" by every byte', () => {
    expect(isZeroAddress(hex('00000000'))).toBe(true);
    expect(isZeroAddress(ip('::'))).toBe(true);
    expect(isZeroAddress(hex('00000001'))).toBe(false);
    expect(isZeroAddress(hex('01000000'))).toBe(false);
    expect(isZeroAddress(wireIp('0.0.0.0'))).toBe(false);
  });
});
