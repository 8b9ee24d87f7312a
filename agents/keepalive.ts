import { codeInfo, type Refusal } from '../core/errors.ts';
import type { PacketSource } from '../core/ports.ts';
import type { Placement } from '../core/registry/row.ts';
import { toBase64Url } from '../core/ticket/base64url.ts';
import { addressFamily, parseAddress, toWireAddress } from '../core/wire/address.ts';
import { encodeClassic } from '../core/wire/classic-packet.ts';
import { decodePacket } from '../core/wire/decode.ts';
import { encodeResponse } from '../core/wire/encode-response.ts';
import { MAX_PACKET_BYTES } from '../core/wire/limits.ts';
import type { LobbyPage } from '../core/wire/lobby-page.ts';
import {
  type ExtendedRequest,
  type Forward,
  type KeepaliveTiming,
  type ResponseFields,
  WANT,
} from '../core/wire/packet.ts';
import { PORT_ROLE, type ServerPort } from '../core/wire/server-port.ts';
import type { Counters } from './counters.ts';
import type { Entry } from './entry.ts';
import type { Move } from './moving.ts';

export interface KeepaliveOptions {
  /** The deployment's packet type. */
  readonly type: number;
  /** The deployment's probe ports: packets from there are other machines' answers. */
  readonly isProbePort: (port: number) => boolean;
  readonly keepalive: KeepaliveTiming;
  /** Undefined until the registrar has found the server: it does not know its own address before. */
  readonly placement: () => Placement | undefined;
  /** Whether the game lives, at this very moment. */
  readonly isAlive: () => boolean;
  /** A keepalive of this holder arrived. */
  readonly heard: (sub: string) => void;
  readonly enter: (ticket: string, shown: string | undefined) => Entry | Promise<Entry>;
  readonly leave: (ticket: string, shown: string | undefined) => { readonly ok: true } | Refusal;
  /** While the server drains: where this client goes. */
  readonly moving: (shown: string | undefined, family: 4 | 6) => Move | undefined;
  readonly lobby: () => readonly LobbyPage[];
  /** A door announces a client. */
  readonly forward: (request: ExtendedRequest, forward: Forward) => void;
  /** False: more tickets were shown this second than are looked at. */
  readonly mayCheck: () => boolean;
  readonly counters: Counters;
}

/** What a server says of itself, made once for each placement. */
interface Identity {
  readonly placement: Placement;
  /** By family, 4 or 16 bytes; all zeroes where it has none. */
  readonly classic: Readonly<Record<4 | 6, Uint8Array>>;
  readonly wire: Readonly<Record<4 | 6, Uint8Array>>;
  readonly ports: readonly ServerPort[];
}

const UDP = 17;
const TICKET_REJECTED = 7;
const UNAVAILABLE = 6;
const REQUEST_TOO_SMALL = 4;
const ZERO_IPV4 = new Uint8Array(4);
const ZERO_IPV6 = new Uint8Array(16);

/**
 * One request in, at most one answer out (docs/PROTOCOL.md section 7). Silence while the game is dead or the server is
 * not known yet, and for whatever is malformed; every silence is counted by its reason.
 */
export class KeepaliveResponder {
  readonly #options: KeepaliveOptions;
  #identity: Identity | undefined;

  constructor(options: KeepaliveOptions) {
    this.#options = options;
  }

  readonly respond = (
    bytes: Uint8Array,
    source: PacketSource,
  ): Uint8Array | undefined | Promise<Uint8Array | undefined> => {
    const { type, isProbePort, counters, isAlive } = this.#options;
    const probePorts = source.protocol === UDP && { sourcePort: source.port, probePorts: isProbePort };
    const decoded = decodePacket(bytes, { expect: 'request', type, ...probePorts });
    if (!decoded.ok) return this.#silent(`dropped.${decoded.reason}`);
    const identity = this.#who();
    if (!identity) return this.#silent('silent.not-verified');
    const { packet } = decoded;
    if (packet.kind === 'extended') return this.#extended(packet, source, identity);
    if (!isAlive()) return this.#silent('silent.game-dead');
    counters.count('answered.classic');
    return encodeClassic(identity.classic[packet.family], type);
  };

  #extended(
    request: ExtendedRequest,
    source: PacketSource,
    identity: Identity,
  ): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    const { isAlive, heard, enter, leave, mayCheck } = this.#options;
    const { client, ticket } = request;
    // A door's word about a client, not a client: the door itself gets no answer.
    if (request.forward) return this.#options.forward(request, request.forward) as undefined;
    const shown = client && toBase64Url(client);
    if (ticket !== undefined && !mayCheck()) return this.#silent('silent.busy');
    if (request.leave && ticket !== undefined) {
      const result = leave(ticket, shown);
      // The seat goes back whether the game lives or not.
      return isAlive() ? this.#afterTicket(result, request, source, identity) : this.#silent('silent.game-dead');
    }
    if (!isAlive()) return this.#silent('silent.game-dead');
    if (shown !== undefined) heard(shown);
    if (ticket === undefined) return this.#answer(request, source, identity);
    const entry = enter(ticket, shown);
    return entry instanceof Promise
      ? entry.then((late) => this.#afterTicket(late, request, source, identity))
      : this.#afterTicket(entry, request, source, identity);
  }

  #afterTicket(
    result: { readonly ok: true } | Refusal,
    request: ExtendedRequest,
    source: PacketSource,
    identity: Identity,
  ): Uint8Array | undefined {
    if (result.ok) return this.#answer(request, source, identity);
    const { code, retryAfterMs = 0 } = result;
    this.#options.counters.count(`refused.${code}`);
    // The precise code is the reason, for people and logs; programs go by the number.
    const byArea = code.startsWith('ticket.') || code === 'agent.draining' ? TICKET_REJECTED : UNAVAILABLE;
    const number = code === 'agent.full' ? codeInfo('assign.no-capacity').wire : (codeInfo(code).wire ?? byArea);
    return this.#error(request, source, number ?? byArea, retryAfterMs, code);
  }

  #answer(request: ExtendedRequest, source: PacketSource, identity: Identity): Uint8Array | undefined {
    const { keepalive, counters } = this.#options;
    const family = addressFamily(request.address);
    const asked = identity.wire[family];
    const spare = identity.wire[family === 4 ? 6 : 4];
    const least: ResponseFields = {
      // A server without an address of that family is still itself by the other.
      address: asked === ZERO_IPV6 ? spare : asked,
      nonce: request.nonce,
      server: identity.placement.id,
    };
    if (((request.want ?? 0) & WANT.lobby) !== 0) return this.#lobbyAnswer(request, source, least);
    const otherAddress = asked === ZERO_IPV6 || spare === ZERO_IPV6 ? undefined : spare;
    counters.count('answered.extended');
    const move = this.#options.moving(request.client && toBase64Url(request.client), family);
    if (move?.next) return this.#sendOn(request, source, move);
    const movingMs = move?.movingMs;
    const { ports } = identity;
    // Clients know the ports already, and need the keepalive's timing least of all.
    for (const more of [{ ports, otherAddress, keepalive }, { otherAddress, keepalive }, {}]) {
      const bytes = this.#encode({ ...least, ...more, movingMs }, request, source);
      if (bytes) return bytes;
    }
    return this.#tooSmall(request, source);
  }

  /** A keepalive that has no room for another server and a ticket gets zeroes, and its client repeats it with more. */
  #sendOn(request: ExtendedRequest, source: PacketSource, { next, movingMs }: Move): Uint8Array | undefined {
    const { nonce } = request;
    const whole = next && this.#encode({ ...next, nonce, movingMs }, request, source);
    this.#options.counters.count(whole ? 'answered.moved' : 'answered.moving');
    return whole ?? this.#encode({ address: ZERO_IPV6, nonce, movingMs }, request, source);
  }

  #lobbyAnswer(request: ExtendedRequest, source: PacketSource, least: ResponseFields): Uint8Array | undefined {
    const pages = this.#options.lobby();
    const lobbyPage = pages[Math.min(request.page ?? 0, pages.length - 1)];
    this.#options.counters.count('answered.lobby');
    return this.#encode({ ...least, server: undefined, lobbyPage }, request, source) ?? this.#tooSmall(request, source);
  }

  #tooSmall(request: ExtendedRequest, source: PacketSource): Uint8Array | undefined {
    return this.#error(request, source, REQUEST_TOO_SMALL, 0, '') ?? this.#silent('silent.request-too-small');
  }

  #error(
    request: ExtendedRequest,
    source: PacketSource,
    code: number,
    retryAfterMs: number,
    reason: string,
  ): Uint8Array | undefined {
    const error = { code, retryAfterMs, reason };
    return this.#encode({ address: ZERO_IPV6, nonce: request.nonce, error }, request, source);
  }

  /** Undefined if it would be longer than the request, which UDP answers never are. */
  #encode(fields: ResponseFields, request: ExtendedRequest, source: PacketSource): Uint8Array | undefined {
    const maxBytes = source.protocol === UDP ? request.length : MAX_PACKET_BYTES;
    const encoded = encodeResponse(fields, { maxBytes, type: this.#options.type });
    return encoded.ok ? encoded.bytes : undefined;
  }

  #who(): Identity | undefined {
    const placement = this.#options.placement();
    if (!placement) return undefined;
    if (this.#identity?.placement !== placement) this.#identity = identify(placement);
    return this.#identity;
  }

  #silent(reason: Parameters<Counters['count']>[0]): undefined {
    this.#options.counters.count(reason);
  }
}

function identify(placement: Placement): Identity {
  const ipv4 = (placement.ipv4 !== undefined && parseAddress(placement.ipv4)) || ZERO_IPV4;
  const ipv6 = (placement.ipv6 !== undefined && parseAddress(placement.ipv6)) || ZERO_IPV6;
  const ports = Object.entries(placement.ports).flatMap(([role, port]) =>
    Object.hasOwn(PORT_ROLE, role) ? [{ role: PORT_ROLE[role as keyof typeof PORT_ROLE], port }] : [],
  );
  return {
    placement,
    classic: { 4: ipv4, 6: ipv6 },
    wire: { 4: ipv4 === ZERO_IPV4 ? ZERO_IPV6 : toWireAddress(ipv4), 6: ipv6 },
    ports,
  };
}
