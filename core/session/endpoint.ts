import type { Endpoint } from './types.ts';

export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false;
  return true;
}

export function sameEndpoint(one: Endpoint, other: Endpoint): boolean {
  return one.port === other.port && sameBytes(one.address, other.address);
}
