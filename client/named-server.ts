import { DEFAULT_KEEPALIVE } from '../core/session/timing.ts';
import type { Grant, NamedServer } from '../core/session/types.ts';
import { formatAddress } from '../core/wire/address.ts';
import type { PlainGrant, PlainServer } from './http-answers.ts';
import { familyOf, toBytes } from './resolve.ts';

/** A server with its address in `family` if it has one, else in the other; undefined if neither can be read. */
export function toNamed(server: PlainServer, family: 4 | 6): NamedServer | undefined {
  const { id, ipv4, ipv6, ports, app, world, group } = server;
  const own = addressOf(family === 4 ? ipv4 : ipv6, family);
  const other = addressOf(family === 4 ? ipv6 : ipv4, family === 4 ? 6 : 4);
  const address = own ?? other;
  if (!address) return undefined;
  return {
    id,
    address,
    ...(own && other && { otherAddress: other }),
    ports,
    ...(app !== undefined && { app }),
    ...(world !== undefined && { world }),
    ...(group !== undefined && { group }),
  };
}

/** A seat with the addresses of its servers as bytes; undefined if the own server's cannot be read. */
export function toGrant(
  { server: plain, ticket, keepalive, alternates }: PlainGrant,
  family: 4 | 6,
): Grant | undefined {
  const server = toNamed(plain, family);
  if (!server) return undefined;
  return {
    server,
    ...(ticket !== undefined && { ticket }),
    keepalive: keepalive ?? DEFAULT_KEEPALIVE,
    alternates: alternates.flatMap((each) => toNamed(each, family) ?? []),
  };
}

/** The same as texts, for JSON. */
export function toPlain({ address, otherAddress, ...server }: NamedServer): PlainServer {
  const name = (bytes: Uint8Array): 'ipv4' | 'ipv6' => (familyOf(bytes) === 4 ? 'ipv4' : 'ipv6');
  return {
    ...server,
    [name(address)]: formatAddress(address),
    ...(otherAddress && { [name(otherAddress)]: formatAddress(otherAddress) }),
  };
}

function addressOf(text: string | undefined, family: 4 | 6): Uint8Array | undefined {
  const address = text === undefined ? undefined : toBytes(text);
  return address && familyOf(address) === family ? address : undefined;
}
