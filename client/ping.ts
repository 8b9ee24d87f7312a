import { probePortOf, readResponsePacket } from '../core/session/answers.ts';
import { ownAddress } from '../core/session/door-request.ts';
import { sameBytes, sameEndpoint } from '../core/session/endpoint.ts';
import type { Endpoint, NamedServer } from '../core/session/types.ts';
import { encodeRequest } from '../core/wire/encode-request.ts';
import { KEEPALIVE_REQUEST_BYTES, NONCE_BYTES } from '../core/wire/limits.ts';
import { type Channel, openUdp } from './channels.ts';
import { familyOf } from './resolve.ts';

const ROUNDS = 3;
const ROUND_MS = 60;
/** Who answers later is too far away to matter. */
const GIVE_UP_MS = 1_000;

interface Ping {
  readonly id: string;
  readonly to: Endpoint;
  readonly nonce: Uint8Array;
  readonly sentAtMs: number;
}

/**
 * Shortest of three round trips to each server's probe port in ms, by id: the keepalive without client and ticket, which
 * changes nothing there. Who does not answer is left out. Takes a few round trips, at most a second.
 */
export function measure(
  servers: readonly NamedServer[],
  options: { readonly type: number | undefined; readonly random: (length: number) => Uint8Array },
): Promise<ReadonlyMap<string, number>> {
  const { type, random } = options;
  const pings: Ping[] = [];
  const times = new Map<string, number>();
  const heard = new Map<string, number>();
  const channels = new Map<4 | 6, Channel>();
  const timers: NodeJS.Timeout[] = [];
  return new Promise((resolve) => {
    const finish = (): void => {
      for (const timer of timers) clearTimeout(timer);
      void Promise.all([...channels.values()].map((channel) => channel.close())).then(() => resolve(times));
    };
    const onPacket = (from: Endpoint, bytes: Uint8Array): void => {
      const nowMs = performance.now();
      const response = readResponsePacket(bytes, type);
      const ping = response && pings.find(({ nonce }) => sameBytes(nonce, response.nonce));
      if (!ping || !sameEndpoint(ping.to, from)) return;
      pings.splice(pings.indexOf(ping), 1);
      times.set(ping.id, Math.min(times.get(ping.id) ?? Number.POSITIVE_INFINITY, nowMs - ping.sentAtMs));
      heard.set(ping.id, (heard.get(ping.id) ?? 0) + 1);
      if (servers.every(({ id }) => heard.get(id) === ROUNDS)) finish();
    };
    const round = (): void => {
      for (const server of servers) {
        const family = familyOf(server.address);
        const channel = channels.get(family) ?? openUdp(family, undefined, { onPacket, onFailed: () => {} });
        channels.set(family, channel);
        const to = { address: server.address, port: probePortOf(server) };
        const nonce = random(NONCE_BYTES);
        pings.push({ id: server.id, to, nonce, sentAtMs: performance.now() });
        const request = { address: ownAddress({}, family), nonce };
        channel.send(
          to,
          encodeRequest(request, { padTo: KEEPALIVE_REQUEST_BYTES, ...(type !== undefined && { type }) }),
        );
      }
    };
    for (let n = 0; n < ROUNDS; n++) timers.push(setTimeout(round, n * ROUND_MS));
    timers.push(setTimeout(finish, servers.length === 0 ? 0 : GIVE_UP_MS));
  });
}
