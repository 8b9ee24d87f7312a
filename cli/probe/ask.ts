import { randomBytes } from 'node:crypto';
import { formatAddress, fromWireAddress, toWireAddress } from '../../core/wire/address.ts';
import { decodePacket } from '../../core/wire/decode.ts';
import { encodeRequest } from '../../core/wire/encode-request.ts';
import { DOOR_REQUEST_BYTES, MAX_PACKET_BYTES } from '../../core/wire/limits.ts';
import type { ExtendedResponse, RequestFields } from '../../core/wire/packet.ts';
import { PORT_ROLE } from '../../core/wire/server-port.ts';
import { wireErrorName } from '../../core/wire/wire-errors.ts';
import { askClassic } from './classic.ts';
import type { Exchange, Peer } from './exchange.ts';

/** What a probe asks for; with none of it, it is the classic request, which takes no seat. */
export interface Wishes {
  readonly app?: string | undefined;
  readonly world?: string | undefined;
  readonly group?: string | undefined;
  readonly client?: string | undefined;
}

/** The request's own address: information only. */
const OWN_IPV4 = Uint8Array.of(0, 0, 0, 0);
/** Number of the error (docs/PROTOCOL.md, "Error codes"). */
const REQUEST_TOO_SMALL = 4;
const GIVE_BACK_MS = 200;

/** One probe: its answer in words, or undefined if there was none. A seat that it got goes back at once. */
export async function askOnce(wishes: Wishes, door: Peer, exchange: Exchange): Promise<string | undefined> {
  const { app, world, group, client } = wishes;
  if ([app, world, group, client].every((field) => field === undefined)) return await askClassic(door, exchange);
  const response = await askExtended(wishes, door, exchange);
  if (!response) return undefined;
  if (response.error) {
    const wait = response.error.retryAfterMs > 0 ? `, again in ${response.error.retryAfterMs} ms` : '';
    return `refused: ${wireErrorName(response.error.code) ?? response.error.code}${wait}`;
  }
  await giveBack(response, exchange, door.timeoutMs);
  const ports = (response.ports ?? []).map(({ role, port: each }) => `${roleName(role)} ${each}`).join(', ');
  return `server ${response.server ?? '?'} at ${formatAddress(fromWireAddress(response.address))} (${ports})`;
}

/** Shows the cookie where the door asks for one, from the same port: a fresh port would be another source. */
async function askExtended(wishes: Wishes, door: Peer, exchange: Exchange): Promise<ExtendedResponse | undefined> {
  const { app, world, group, client = randomBytes(8).toString('hex') } = wishes;
  const fields: RequestFields = {
    address: door.host.includes(':') ? new Uint8Array(16) : toWireAddress(OWN_IPV4),
    nonce: randomBytes(8),
    app,
    world,
    group,
    client: new TextEncoder().encode(client),
  };
  for (const padTo of [DOOR_REQUEST_BYTES, MAX_PACKET_BYTES]) {
    const showCookie = (answer: Uint8Array): Uint8Array | undefined => {
      const cookie = extended(answer)?.cookie;
      return cookie && encodeRequest({ ...fields, cookie }, { padTo });
    };
    const answer = await exchange(encodeRequest(fields, { padTo }), door, showCookie);
    const response = answer && extended(answer);
    if (!response) return undefined;
    if (response.error?.code !== REQUEST_TOO_SMALL) return response;
  }
  return undefined;
}

function extended(bytes: Uint8Array): ExtendedResponse | undefined {
  const decoded = decodePacket(bytes, { expect: 'response' });
  return decoded.ok && decoded.packet.kind === 'extended' ? decoded.packet : undefined;
}

/** A probe is no player: its seat goes back to the server at once. */
async function giveBack(response: ExtendedResponse, exchange: Exchange, timeoutMs: number): Promise<void> {
  const port = response.ports?.find(({ role }) => role === PORT_ROLE.probe)?.port;
  if (response.ticket === undefined || port === undefined) return;
  const leave = { address: response.address, nonce: randomBytes(8), ticket: response.ticket, leave: true } as const;
  const host = formatAddress(fromWireAddress(response.address));
  await exchange(encodeRequest(leave), { host, port, timeoutMs: Math.min(timeoutMs, GIVE_BACK_MS) }).catch(
    () => undefined,
  );
}

function roleName(role: number): string {
  return Object.entries(PORT_ROLE).find(([, number]) => number === role)?.[0] ?? String(role);
}
