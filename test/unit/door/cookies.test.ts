import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createCookies } from '../../../door/cookies.ts';

const mac = (key: string) => (data: Uint8Array) => new Uint8Array(createHmac('sha256', key).update(data).digest());
const address = Uint8Array.of(203, 0, 113, 9);
const NOON = 1_800_000_000_000;

describe('door cookies', () => {
  it('are good from the address and port they were issued to, in this minute and the next', () => {
    const cookies = createCookies(mac('k'));
    const cookie = cookies.issue(address, 4_000, NOON);
    expect(cookies.verify(cookie, address, 4_000, NOON)).toBe(true);
    expect(cookies.verify(cookie, address, 4_000, NOON + 60_000)).toBe(true);
    expect(cookies.verify(cookie, address, 4_000, NOON + 120_000)).toBe(false);
    expect(cookies.verify(cookie, address, 4_000, NOON - 60_000)).toBe(false);
  });

  it('are refused from another port, another address or with any bit changed', () => {
    const cookies = createCookies(mac('k'));
    const cookie = cookies.issue(address, 4_000, NOON);
    expect(cookies.verify(cookie, address, 4_001, NOON)).toBe(false);
    expect(cookies.verify(cookie, Uint8Array.of(203, 0, 113, 8), 4_000, NOON)).toBe(false);
    for (let bit = 0; bit < cookie.length * 8; bit++) {
      const changed = cookie.slice();
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(cookies.verify(changed, address, 4_000, NOON)).toBe(false);
    }
  });

  it('are accepted by every gateway with the same key and by no other', () => {
    const cookie = createCookies(mac('k')).issue(address, 4_000, NOON);
    expect(createCookies(mac('k')).verify(cookie, address, 4_000, NOON)).toBe(true);
    expect(createCookies(mac('other')).verify(cookie, address, 4_000, NOON)).toBe(false);
  });
});
