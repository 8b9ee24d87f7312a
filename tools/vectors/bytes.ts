import { parseAddress, toWireAddress } from '../../core/wire/address.ts';

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

export function bytes(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));
}

export function ip(text: string): Uint8Array {
  const parsed = parseAddress(text);
  if (!parsed) throw new Error(`not an address: ${text}`);
  return parsed;
}

export function wireIp(text: string): Uint8Array {
  return toWireAddress(ip(text));
}

/** Bytes that show when they are shifted: 00 01 02 ... from `start`. */
export function counting(size: number, start = 0): Uint8Array {
  return Uint8Array.from({ length: size }, (_, index) => (start + index) & 0xff);
}

export const NONCE = bytes('0102030405060708');

/** A text of the length and alphabet of a ticket. It proves nothing: tickets have vectors of their own. */
export function ticketLike(size: number): string {
  const alphabet = 'eyJhbGciOiJFZERTQSIsImtpZCI6ImsxIn0-_';
  const text = Array.from({ length: size }, (_, index) => alphabet[(index * 7) % alphabet.length]);
  text[Math.floor(size / 10)] = '.';
  text[size - 87] = '.';
  return text.join('');
}
