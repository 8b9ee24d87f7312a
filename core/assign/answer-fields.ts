import type { Placement } from '../registry/row.ts';
import { parseAddress, toWireAddress } from '../wire/address.ts';
import type { KeepaliveTiming, ResponseFields } from '../wire/packet.ts';
import { namedPorts } from '../wire/server-port.ts';

const ZERO = new Uint8Array(16);

/**
 * What a response says of the server that it gives, whoever sends it: the door, or that server's agent for it. The
 * address is all zeroes where the server has none of `family`.
 */
export function answerFields(
  server: Placement,
  family: 4 | 6,
  given: { readonly ticket: string; readonly keepalive: KeepaliveTiming },
): Omit<ResponseFields, 'nonce'> {
  const [own, other] = family === 4 ? [server.ipv4, server.ipv6] : [server.ipv6, server.ipv4];
  return {
    address: wireAddress(own) ?? ZERO,
    ticket: given.ticket,
    server: server.id,
    ports: namedPorts(server.ports),
    otherAddress: wireAddress(other),
    keepalive: given.keepalive,
  };
}

function wireAddress(text: string | undefined): Uint8Array | undefined {
  const address = text === undefined ? undefined : parseAddress(text);
  return address && toWireAddress(address);
}
