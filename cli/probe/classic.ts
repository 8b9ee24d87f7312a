import { lookup } from 'node:dns/promises';
import { formatAddress, isZeroAddress } from '../../core/wire/address.ts';
import { encodeClassic } from '../../core/wire/classic-packet.ts';
import { decodePacket } from '../../core/wire/decode.ts';
import { address as readAddress } from '../flags.ts';
import { type Exchange, exchangeUdp, type Peer } from './exchange.ts';

/** The request's own address: information only. */
const OWN_IPV4 = Uint8Array.of(0, 0, 0, 0);
const TIMEOUT_MS = 1_000;

/** The 8-byte request (20 to IPv6 doors), which takes no seat: what it says, or undefined if nothing came. */
export async function askClassic(door: Peer, exchange: Exchange): Promise<string | undefined> {
  const answer = await exchange(encodeClassic(door.host.includes(':') ? new Uint8Array(16) : OWN_IPV4), door);
  const decoded = answer && decodePacket(answer, { expect: 'response' });
  if (!decoded?.ok) return undefined;
  const { address } = decoded.packet;
  return isZeroAddress(address) ? 'no server can be given now' : `server ${formatAddress(address)}`;
}

/** One classic probe to `host[:port]`: what it said and how long it took, or what went wrong. */
export async function classicProbe(
  door: string,
  exchange: Exchange = exchangeUdp,
): Promise<{ readonly says: string; readonly tookMs: number; readonly problem?: string }> {
  const failed = (problem: string) => ({ says: '', tookMs: 0, problem });
  const { host, port } = readAddress(door);
  const found = await lookup(host).catch(() => undefined);
  if (!found) return failed(`the name ${host} has no address`);
  const startedMs = performance.now();
  try {
    const says = await askClassic({ host: found.address, port, timeoutMs: TIMEOUT_MS }, exchange);
    return says === undefined
      ? failed(`no answer within ${TIMEOUT_MS} ms`)
      : { says, tookMs: performance.now() - startedMs };
  } catch (error) {
    return failed(`no answer: ${(error as NodeJS.ErrnoException).code ?? error}`);
  }
}
