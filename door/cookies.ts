import type { Mac } from '../core/ports.ts';
import { createStamps } from '../core/ticket/stamp.ts';

/**
 * Proof that a UDP source can receive: the minute, stamped for its address and port (docs/PROTOCOL.md, "Unverified
 * sources cost nothing"). Nothing is stored; every gateway of a deployment derives the same key and accepts it.
 */
export interface Cookies {
  issue(address: Uint8Array, port: number, wallMs: number): Uint8Array;
  /** Good for the minute in it and the next one. */
  verify(cookie: Uint8Array, address: Uint8Array, port: number, wallMs: number): boolean;
}

const MINUTE_MS = 60_000;
const PORT_BYTES = 2;

/** @param macBefore that of the key before the last rotation: its cookies are good for their two minutes */
export function createCookies(mac: Mac, macBefore: () => Mac | undefined = () => undefined): Cookies {
  const stamps = createStamps(mac, macBefore);

  const subject = (address: Uint8Array, port: number): Uint8Array => {
    const bytes = new Uint8Array(PORT_BYTES + address.length);
    new DataView(bytes.buffer).setUint16(0, port);
    bytes.set(address, PORT_BYTES);
    return bytes;
  };

  return {
    issue: (address, port, wallMs) => stamps.issue(Math.floor(wallMs / MINUTE_MS), subject(address, port)),
    verify(cookie, address, port, wallMs) {
      const minute = stamps.timeOf(cookie);
      const now = Math.floor(wallMs / MINUTE_MS);
      if (minute !== now && minute !== now - 1) return false;
      return stamps.isGenuine(cookie, subject(address, port));
    },
  };
}
