import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Endpoint } from '../core/session/types.ts';
import { fromWireAddress, parseAddress } from '../core/wire/address.ts';
import type { DoorAddress } from './door-address.ts';

/** Numeric addresses of a name, best first; rejects if there are none. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/** The system's resolver, in its order (RFC 6724). On a network with NAT64 it gives what the network's DNS64 makes. */
export const systemResolve: Resolve = async (host) =>
  (await lookup(host, { all: true, order: 'verbatim' })).map(({ address }) => address);

/**
 * All addresses of the door in the system's order (RFC 6724), families alternating, so that a broken family costs one
 * repeat and not the session (RFC 8305, section 4).
 * @throws the resolver's error
 */
export async function resolveDoor(
  door: DoorAddress,
  family: 'auto' | 4 | 6,
  resolve: Resolve = systemResolve,
): Promise<Endpoint[]> {
  const found = isIP(door.host) ? [door.host] : await resolve(door.host);
  const endpoints = [...new Set(found)].flatMap((text) => {
    const address = toBytes(text);
    return address ? [{ address, port: door.port }] : [];
  });
  const wanted = endpoints.filter(({ address }) => family === 'auto' || familyOf(address) === family);
  return interleave(wanted);
}

function interleave(endpoints: readonly Endpoint[]): Endpoint[] {
  const [first] = endpoints;
  if (!first) return [];
  const same = endpoints.filter(({ address }) => address.length === first.address.length);
  const other = endpoints.filter(({ address }) => address.length !== first.address.length);
  const longest = Math.max(same.length, other.length);
  return Array.from({ length: longest }, (_, index) => [same[index], other[index]])
    .flat()
    .filter((endpoint) => endpoint !== undefined);
}

export function familyOf(address: Uint8Array): 4 | 6 {
  return address.length === 4 ? 4 : 6;
}

/** The bytes of an address as Node writes it: a zone (`fe80::1%eth0`) is dropped, a mapped address is IPv4. */
export function toBytes(text: string): Uint8Array | undefined {
  const address = parseAddress(text.replace(/%.*$/, ''));
  return address && fromWireAddress(address).slice();
}
