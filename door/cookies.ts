import type { Mac } from '../core/ports.ts';
import { COOKIE_BYTES } from '../core/wire/limits.ts';

/**
 * Proof that a UDP source can receive: time and HMAC over its address, port and minute (docs/PROTOCOL.md, "Unverified
 * sources cost nothing"). Nothing is stored; every gateway of a deployment derives the same key and accepts it.
 */
export interface Cookies {
  issue(address: Uint8Array, port: number, wallMs: number): Uint8Array;
  /** Good for the minute in it and the next one. */
  verify(cookie: Uint8Array, address: Uint8Array, port: number, wallMs: number): boolean;
}

const MINUTE_MS = 60_000;
const MINUTE_BYTES = 4;
const MAC_BYTES = COOKIE_BYTES - MINUTE_BYTES;

/** @param macBefore that of the key before the last rotation: its cookies are good for their two minutes */
export function createCookies(mac: Mac, macBefore: () => Mac | undefined = () => undefined): Cookies {
  const make = (mac: Mac, address: Uint8Array, port: number, minute: number): Uint8Array => {
    const data = new Uint8Array(MINUTE_BYTES + 2 + address.length);
    const view = new DataView(data.buffer);
    view.setUint32(0, minute);
    view.setUint16(MINUTE_BYTES, port);
    data.set(address, MINUTE_BYTES + 2);
    const cookie = new Uint8Array(COOKIE_BYTES);
    cookie.set(data.subarray(0, MINUTE_BYTES));
    cookie.set(mac(data).subarray(0, MAC_BYTES), MINUTE_BYTES);
    return cookie;
  };

  return {
    issue: (address, port, wallMs) => make(mac, address, port, Math.floor(wallMs / MINUTE_MS)),
    verify(cookie, address, port, wallMs) {
      if (cookie.length !== COOKIE_BYTES) return false;
      const minute = new DataView(cookie.buffer, cookie.byteOffset).getUint32(0);
      const now = Math.floor(wallMs / MINUTE_MS);
      if (minute !== now && minute !== now - 1) return false;
      const before = macBefore();
      return (
        equalBytes(make(mac, address, port, minute), cookie) ||
        (before !== undefined && equalBytes(make(before, address, port, minute), cookie))
      );
    },
  };
}

/** Takes the same time wherever the difference is. */
function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let at = 0; at < a.length; at++) difference |= a[at]! ^ (b[at] ?? 0);
  return difference === 0;
}
