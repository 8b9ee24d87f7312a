import type { Endpoint } from '../../core/session/types.ts';
import { fromWireAddress, toWireAddress } from '../../core/wire/address.ts';
import { decodePacket } from '../../core/wire/decode.ts';
import { encodeResponse } from '../../core/wire/encode-response.ts';
import { type ExtendedRequest, type ResponseFields, WANT } from '../../core/wire/packet.ts';
import { PORT_ROLE } from '../../core/wire/server-port.ts';
import type { SimListener, SimNetwork } from './sim-network.ts';

const NOBODY = new Uint8Array(16);

export function readRequest(bytes: Uint8Array): ExtendedRequest {
  const decoded = decodePacket(bytes, { expect: 'request' });
  if (!decoded.ok || decoded.packet.kind !== 'extended') throw new Error(`not an extended request: ${bytes}`);
  return decoded.packet;
}

/** An error answer: no server, a code, a time to wait. */
export function errorFields(request: ExtendedRequest, code: number, retryAfterMs = 0): ResponseFields {
  return { address: NOBODY, nonce: request.nonce, error: { code, retryAfterMs, reason: '' } };
}

type Answer = ResponseFields | undefined;

/** Answers requests by `answer`, over UDP never with more bytes than asked. */
abstract class SimPeer implements SimListener {
  state: SimListener['state'] = 'up';
  readonly at: Endpoint;
  readonly requests: ExtendedRequest[] = [];

  constructor(network: SimNetwork, at: Endpoint) {
    this.at = at;
    network.listen(at, this);
  }

  take(bytes: Uint8Array, from: Endpoint, via: 'udp' | 'tcp', reply: (bytes: Uint8Array) => void): void {
    const request = readRequest(bytes);
    this.requests.push(request);
    const fields = this.answer(request, from, via);
    if (!fields) return;
    const encoded = encodeResponse(fields, { maxBytes: via === 'udp' ? bytes.length : 1_200 });
    const small = encodeResponse(errorFields(request, 4), { maxBytes: bytes.length });
    if (encoded.ok) reply(encoded.bytes);
    else if (small.ok) reply(small.bytes);
  }

  protected abstract answer(request: ExtendedRequest, from: Endpoint, via: 'udp' | 'tcp'): Answer;
}

/** One server: its agent, and whether its game lives. */
export class SimServer extends SimPeer {
  readonly id: string;
  /** Instead of the plain answer; undefined is silence. */
  reaction: ((request: ExtendedRequest, server: SimServer) => Answer) | undefined;

  constructor(network: SimNetwork, index: number, port = 7_000) {
    super(network, { address: Uint8Array.of(203, 0, 113, index), port });
    this.id = `i-${index}.${port - 7_000}`;
  }

  get ports(): { role: number; port: number }[] {
    return [
      { role: PORT_ROLE.game, port: this.at.port + 20_000 },
      { role: PORT_ROLE.probe, port: this.at.port },
    ];
  }

  /** The answer to a keepalive when all is well. */
  alive(request: ExtendedRequest): ResponseFields {
    return {
      address: toWireAddress(this.at.address),
      nonce: request.nonce,
      server: this.id,
      keepalive: { intervalSeconds: 20, transmissions: 10, timeoutMs: 700 },
    };
  }

  protected answer(request: ExtendedRequest): Answer {
    return this.reaction ? this.reaction(request, this) : this.alive(request);
  }
}

export interface SimDoorOptions {
  readonly servers: readonly SimServer[];
  readonly gateways?: number;
  /** Which of those that may be given; undefined: one at random. */
  readonly pick?: (free: readonly SimServer[]) => SimServer | undefined;
  /** The alternates that an answer names, of all servers. */
  readonly alternates?: (servers: readonly SimServer[]) => readonly SimServer[];
  readonly ticketBytes?: number;
  readonly cookies?: boolean;
}

/** The door: several gateways behind one address, each with the answers it gave by nonce, as docs/PROTOCOL.md asks. */
export class SimDoor extends SimPeer {
  readonly #options: SimDoorOptions;
  readonly #network: SimNetwork;
  readonly #given = new Map<string, ResponseFields>();
  /** Instead of choosing a server. */
  reaction: ((request: ExtendedRequest, from: Endpoint) => Answer) | undefined;
  seats = 0;
  /** Of clients that want no server. */
  readonly reports: ExtendedRequest[] = [];

  constructor(
    network: SimNetwork,
    options: SimDoorOptions,
    at = { address: Uint8Array.of(198, 51, 100, 9), port: 7_000 },
  ) {
    super(network, at);
    this.#network = network;
    this.#options = options;
  }

  grant(request: ExtendedRequest, server: SimServer): ResponseFields {
    this.seats++;
    const alternates = this.#options.alternates?.(this.#options.servers) ?? [];
    return {
      ...server.alive(request),
      ports: server.ports,
      ticket: `ticket-${this.seats}-${server.id}-`.padEnd(this.#options.ticketBytes ?? 500, 'x'),
      alternates: alternates.map(({ at }) => ({
        address: toWireAddress(at.address),
        gamePort: at.port + 20_000,
        probePort: at.port,
      })),
    };
  }

  override take(bytes: Uint8Array, from: Endpoint, via: 'udp' | 'tcp', reply: (bytes: Uint8Array) => void): void {
    const request = readRequest(bytes);
    if (((request.want ?? 0) & WANT.noServer) === 0) super.take(bytes, from, via, reply);
    else this.reports.push(request);
  }

  protected answer(request: ExtendedRequest, from: Endpoint, via: 'udp' | 'tcp'): Answer {
    if (this.reaction) return this.reaction(request, from);
    if (this.#options.cookies && via === 'udp' && !isCookieOf(request.cookie, from)) {
      return { ...errorFields(request, 9), cookie: cookieOf(from) };
    }
    const gateway = from.port % (this.#options.gateways ?? 1);
    const key = `${gateway} ${request.nonce.join('.')}`;
    const known = this.#given.get(key);
    if (known) return known;
    const { avoid, pick: picked } = request;
    const free = this.#options.servers.filter(
      ({ id, state }) => state === 'up' && !avoid?.includes(id) && (picked === undefined || picked === id),
    );
    const { pick = () => free[Math.floor(this.#network.rng.float() * free.length)] } = this.#options;
    const server = pick(free);
    if (!server) return errorFields(request, 1, 500);
    const fields = this.grant(request, server);
    this.#given.set(key, fields);
    return fields;
  }
}

function cookieOf(from: Endpoint): Uint8Array {
  const cookie = new Uint8Array(20).fill(7);
  cookie.set(fromWireAddress(from.address));
  cookie[18] = from.port >> 8;
  cookie[19] = from.port & 0xff;
  return cookie;
}

function isCookieOf(cookie: Uint8Array | undefined, from: Endpoint): boolean {
  return cookie !== undefined && cookie.join() === cookieOf(from).join();
}
