import type { Grant, NamedServer } from './types.ts';

/** 64:ff9b::/96, the well-known prefix of translators to IPv4 (RFC 6052, section 2.1). */
const PREFIX = Uint8Array.of(0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0);

/** An IPv4 address as a NAT64 is asked for it: the network has IPv6 alone, and the other side IPv4. */
function isTranslated(address: Uint8Array): boolean {
  return address.length === 16 && PREFIX.every((byte, at) => address[at] === byte);
}

/** The family of addresses that the other side knows: what is to be asked for. */
export function familyBehind(address: Uint8Array): 4 | 6 {
  return address.length === 4 || isTranslated(address) ? 4 : 6;
}

/** `address` as it is reached from where `like` was reached. */
export function reachedLike(address: Uint8Array, like: Uint8Array): Uint8Array {
  return address.length === 4 && isTranslated(like) ? Uint8Array.of(...PREFIX, ...address) : address;
}

export function serverLike(server: NamedServer, like: Uint8Array): NamedServer {
  const address = reachedLike(server.address, like);
  return address === server.address ? server : { ...server, address };
}

/** The server and its alternates as they are reached from where `like` was reached. */
export function grantLike(grant: Grant, like: Uint8Array): Grant {
  if (!isTranslated(like)) return grant;
  const alternates = grant.alternates.map((each) => serverLike(each, like));
  return { ...grant, server: serverLike(grant.server, like), alternates };
}
