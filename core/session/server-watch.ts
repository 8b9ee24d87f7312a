import type { ErrorCode } from '../errors.ts';
import { encodeRequest } from '../wire/encode-request.ts';
import { DOOR_REQUEST_BYTES, KEEPALIVE_REQUEST_BYTES, MAX_PACKET_BYTES } from '../wire/limits.ts';
import type { ExtendedResponse } from '../wire/packet.ts';
import { enrich, type KeepaliveAnswer, keepaliveAnswer, probePortOf, readResponsePacket, rhythmOf } from './answers.ts';
import { ownAddress } from './door-request.ts';
import { sameEndpoint } from './endpoint.ts';
import { KeepaliveExchange } from './keepalive-exchange.ts';
import { familyBehind } from './nat64.ts';
import { ServerLink } from './server-link.ts';
import { ASK_AGAIN_MS, HINT_SPACING_MS } from './timing.ts';
import { Traffic } from './traffic.ts';
import type { Endpoint, Grant, SessionShared } from './types.ts';

/** What an answer or a silence means beyond "alive". All but `moving` end the watch. */
export type WatchOutcome =
  | { readonly kind: 'lost'; readonly reason: 'silent' | 'refused'; readonly code?: ErrorCode }
  /** The server ends its sessions; `grant` is the seat elsewhere, if it can say that yet. */
  | { readonly kind: 'moving'; readonly endsInMs?: number; readonly grant?: Grant }
  /** The seat was given back, or nobody was there to take it. */
  | { readonly kind: 'left' };

/** What a keepalive is padded to: the usual one, one whose answer names a new server, the most there is. */
const KEEPALIVE_SIZES = [KEEPALIVE_REQUEST_BYTES, DOOR_REQUEST_BYTES, MAX_PACKET_BYTES] as const;

/**
 * The liveness of one server for one client: sends keepalives when they are due, shows the ticket until it is accepted,
 * and judges silence. Starts with a keepalive at once.
 */
export class ServerWatch {
  readonly #shared: SessionShared;
  readonly #link: ServerLink;
  readonly #traffic = new Traffic();
  readonly #patienceMs: number;
  #grant: Grant;
  #exchange: KeepaliveExchange | undefined;
  /** The ticket until the first answer to a keepalive that carried it. */
  #ticket: string | undefined;
  #accepted = false;
  #leaving = false;
  #size = 0;
  #lastStartMs = Number.NEGATIVE_INFINITY;
  /** Earliest and latest start of the next keepalive, where an answer asked for one. */
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  #soonMs = Number.POSITIVE_INFINITY;

  /**
   * @param doubtsUdp the door was not reached by UDP: try TCP beside it from the start
   * @param patienceMs the most that `timeout` counts as until the server has answered
   */
  constructor(
    shared: SessionShared,
    grant: Grant,
    doubtsUdp: boolean,
    nowMs: number,
    patienceMs = Number.POSITIVE_INFINITY,
  ) {
    this.#shared = shared;
    this.#patienceMs = patienceMs;
    this.#grant = grant;
    this.#ticket = grant.ticket;
    this.#link = new ServerLink(shared, probeEndpoint(grant), doubtsUdp);
    this.#start(nowMs);
  }

  /** The server and its seat, with what its answers have added. */
  get grant(): Grant {
    return this.#grant;
  }

  /** True once the server has answered a keepalive, and so has taken the ticket if there is one. */
  get accepted(): boolean {
    return this.#accepted;
  }

  get via(): 'udp' | 'tcp' {
    return this.#link.via;
  }

  get wakeAtMs(): number {
    return this.#exchange ? this.#exchange.wakeAtMs : this.#nextStartMs();
  }

  sent(count: number, nowMs: number): void {
    this.#traffic.sent(count);
    if (!this.#exchange && nowMs >= this.#nextStartMs()) this.#start(nowMs);
  }

  received(nowMs: number): void {
    this.#traffic.received(nowMs);
  }

  tick(nowMs: number): WatchOutcome | undefined {
    if (this.#exchange?.tick(nowMs)) {
      this.#exchange = undefined;
      if (this.#leaving) return { kind: 'left' };
      if (!this.#flows(nowMs)) return { kind: 'lost', reason: 'silent' };
    }
    if (!this.#exchange && nowMs >= this.#nextStartMs()) this.#start(nowMs);
    return undefined;
  }

  packet(channel: number, from: Endpoint, bytes: Uint8Array, nowMs: number): WatchOutcome | undefined {
    if (!this.#exchange || !this.#link.owns(channel) || !sameEndpoint(from, this.#link.to)) return undefined;
    const response = readResponsePacket(bytes, this.#shared.options.type);
    if (!response || !this.#exchange.isAnswer(response.nonce)) return undefined;
    this.#exchange = undefined;
    this.#link.heard(channel);
    if (this.#leaving) return { kind: 'left' };
    return this.#obey(keepaliveAnswer(response, this.#grant.server), response, nowMs);
  }

  /** A channel of this server reported an error: a hint that nobody listens there. */
  failed(channel: number, nowMs: number): void {
    if (!this.#link.owns(channel)) return;
    this.#link.failed(channel);
    if (this.#exchange) this.#exchange.hint(nowMs);
    else if (nowMs - this.#lastStartMs >= HINT_SPACING_MS) this.#start(nowMs);
  }

  /** Gives an unused seat back: the server answers to it like to a keepalive. False if there is nothing to give. */
  leave(nowMs: number): boolean {
    if (this.#ticket === undefined) return false;
    this.#leaving = true;
    this.#start(nowMs);
    return true;
  }

  end(): void {
    this.#exchange = undefined;
    this.#link.end();
  }

  #start(nowMs: number): void {
    this.#lastStartMs = nowMs;
    this.#soonMs = Number.POSITIVE_INFINITY;
    this.#notBeforeMs = Number.NEGATIVE_INFINITY;
    this.#traffic.keepaliveStarts();
    const { timeoutMs } = rhythmOf(this.#grant.keepalive);
    const waitMs = this.#accepted ? timeoutMs : Math.min(timeoutMs, this.#patienceMs);
    this.#exchange = new KeepaliveExchange(
      this.#shared,
      this.#link,
      waitMs,
      (nonce, via) => this.#packet(nonce, via),
      nowMs,
    );
    this.#exchange.tick(nowMs);
  }

  #packet(nonce: Uint8Array, via: 'udp' | 'tcp'): Uint8Array {
    const { options } = this.#shared;
    const request = {
      address: ownAddress(options.localAddress, familyBehind(this.#link.to.address)),
      nonce,
      client: options.client,
      ticket: this.#ticket,
      ...(this.#leaving && { leave: true as const }),
    };
    // Over TCP a response may be longer than its request, so padding would be waste.
    const padTo = via === 'tcp' ? 0 : KEEPALIVE_SIZES[this.#size]!;
    return encodeRequest(request, { padTo, ...(options.type !== undefined && { type: options.type }) });
  }

  /** By time, by count, by the end of a flow, or because an answer asked for it. */
  #nextStartMs(): number {
    const { intervalMs, transmissions } = rhythmOf(this.#grant.keepalive);
    const byCount = transmissions > 0 && this.#traffic.sentSinceKeepalive >= transmissions;
    const due = byCount
      ? this.#lastStartMs
      : Math.min(this.#lastStartMs + intervalMs, this.#traffic.quietAtMs, this.#soonMs);
    return Math.max(due, this.#notBeforeMs);
  }

  #flows(nowMs: number): boolean {
    return this.#traffic.flows(nowMs, rhythmOf(this.#grant.keepalive).intervalMs);
  }

  #obey(answer: KeepaliveAnswer, response: ExtendedResponse, nowMs: number): WatchOutcome | undefined {
    switch (answer.kind) {
      case 'alive':
        this.#accept(response);
        return undefined;
      case 'later':
        this.#wait(answer.retryAfterMs, nowMs);
        return undefined;
      case 'needs-room':
        this.#grow(nowMs);
        return undefined;
      case 'moving':
        return this.#move(answer, nowMs);
      case 'refused':
        // The game has let the client in: what the agent thinks of the ticket moves nobody.
        if (!this.#flows(nowMs)) return { kind: 'lost', reason: 'refused', code: answer.code };
        this.#ticket = undefined;
        this.#shared.push({ type: 'ticket-refused', code: answer.code });
        return undefined;
    }
  }

  /** No longer than the interval, so that a server which then dies is still missed; a ticket wants to be shown soon. */
  #wait(retryAfterMs: number, nowMs: number): void {
    const { intervalMs } = rhythmOf(this.#grant.keepalive);
    this.#notBeforeMs = nowMs + Math.min(retryAfterMs, intervalMs);
    if (this.#ticket !== undefined) this.#askSoon(nowMs);
  }

  /** The next keepalive need not wait for its time. */
  #askSoon(nowMs: number): void {
    this.#soonMs = nowMs + ASK_AGAIN_MS;
  }

  #accept(response: ExtendedResponse): void {
    this.#accepted = true;
    this.#ticket = undefined;
    this.#grant = {
      ...this.#grant,
      server: enrich(this.#grant.server, response),
      keepalive: response.keepalive ?? this.#grant.keepalive,
    };
  }

  /** Asks again with more room, once for each size; a server that wants more than there is just lives. */
  #grow(nowMs: number): boolean {
    if (this.#size === KEEPALIVE_SIZES.length - 1) return false;
    this.#size++;
    this.#start(nowMs);
    return true;
  }

  #move(answer: KeepaliveAnswer & { kind: 'moving' }, nowMs: number): WatchOutcome | undefined {
    if (answer.needsRoom && this.#grow(nowMs)) return undefined;
    // The answer may be about another server, so nothing but "alive" is taken from it.
    this.#accepted = true;
    this.#ticket = undefined;
    this.#askSoon(nowMs);
    const { endsInMs, grant } = answer;
    return { kind: 'moving', ...(endsInMs !== undefined && { endsInMs }), ...(grant && { grant }) };
  }
}

function probeEndpoint({ server }: Grant): Endpoint {
  return { address: server.address, port: probePortOf(server) };
}
