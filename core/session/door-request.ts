import { type Refusal, refuse } from '../errors.ts';
import { toWireAddress } from '../wire/address.ts';
import { encodeRequest } from '../wire/encode-request.ts';
import { MAX_PACKET_BYTES, NONCE_BYTES } from '../wire/limits.ts';
import { type ExtendedResponse, REPORT, WANT } from '../wire/packet.ts';
import { doorAnswer, probePortOf, readResponsePacket } from './answers.ts';
import { sameBytes, sameEndpoint } from './endpoint.ts';
import { familyBehind, grantLike } from './nat64.ts';
import {
  DOOR_HTTP_AT_MS,
  DOOR_REQUEST_MS,
  DOOR_TCP_AT_MS,
  DOOR_TCP_STAGGER_MS,
  DOOR_UDP_ALONE_MS,
  DOOR_UDP_AT_MS,
  MAX_TCP_DOORS,
} from './timing.ts';
import type { DoorAnswer, Endpoint, Grant, LossReport, SessionShared, Via } from './types.ts';

/** Cookies last a minute, so an honest door needs one round, two around the full minute. */
const MAX_COOKIE_ROUNDS = 3;

/** One packet exchange on one source port, or one HTTP request, in the order in which they start. */
interface Attempt {
  readonly via: Via;
  readonly door?: Endpoint;
  readonly atMs: number;
  /** Repeats say that a direct answer may be what did not arrive (docs/PROTOCOL.md, "want"). */
  readonly isRepeat: boolean;
  state: 'due' | 'live' | 'failed';
  id: number;
  cookie?: Uint8Array;
  cookieRounds: number;
  padTo: number;
}

/** What the door is to know: servers that this client lost, and the one that it wants. */
export interface Wish {
  /** Their ids, at most three. */
  readonly avoid: readonly string[];
  /** The last one's ticket, and why it was given up. */
  readonly report?: LossReport;
  /** Id of the server that the client chose: this one or none. */
  readonly pick?: string;
}

export type DoorOutcome =
  | { readonly kind: 'granted'; readonly grant: Grant; readonly via: Via }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/**
 * One new request to the door: by UDP with repeats from new source ports, after 1 s over TCP too, then over HTTP. All of
 * them stay open until the first answer; the nonce is the same in all packets of a family.
 */
export class DoorRequest {
  readonly #shared: SessionShared;
  readonly #wish: Wish;
  readonly #attempts: Attempt[];
  readonly #startedAtMs: number;
  readonly #nonces: { 4?: Uint8Array; 6?: Uint8Array } = {};

  constructor(shared: SessionShared, doors: readonly Endpoint[], wish: Wish, nowMs: number) {
    this.#shared = shared;
    this.#wish = wish;
    this.#startedAtMs = nowMs;
    this.#attempts = planAttempts(doors, shared.options.http, nowMs, shared.doorPadTo);
  }

  get wakeAtMs(): number {
    return Math.min(this.#endsAtMs(), ...this.#attempts.map((attempt, index) => this.#startAtMs(attempt, index)));
  }

  tick(nowMs: number): DoorOutcome | undefined {
    if (nowMs >= this.#endsAtMs()) return noAnswer();
    for (const [index, attempt] of this.#attempts.entries()) {
      if (this.#startAtMs(attempt, index) <= nowMs) this.#start(attempt);
    }
    return this.#attempts.every(({ state }) => state === 'failed') ? noAnswer() : undefined;
  }

  /** UDP never says that nobody is there; where all else has failed, it is waited for less. */
  #endsAtMs(): number {
    const others = this.#attempts.filter(({ via }) => via !== 'udp');
    const hopeless = others.length > 0 && others.every(({ state }) => state === 'failed');
    return this.#startedAtMs + (hopeless ? DOOR_UDP_ALONE_MS : DOOR_REQUEST_MS);
  }

  /** The first attempt, and one whose predecessor has failed, need not wait for their time. */
  #startAtMs(attempt: Attempt, index: number): number {
    if (attempt.state !== 'due') return Number.POSITIVE_INFINITY;
    return index === 0 || this.#attempts[index - 1]!.state === 'failed' ? Number.NEGATIVE_INFINITY : attempt.atMs;
  }

  packet(channel: number, from: Endpoint, bytes: Uint8Array): DoorOutcome | undefined {
    const attempt = this.#attempts.find(({ state, id }) => state !== 'due' && id === channel);
    if (!attempt?.door) return undefined;
    const { options } = this.#shared;
    const family = familyBehind(attempt.door.address);
    const response = readResponsePacket(bytes, options.type);
    if (!response || !sameBytes(response.nonce, this.#nonce(family))) return undefined;
    const given = doorAnswer(response, family);
    const answer = given?.ok ? { ...given, grant: grantLike(given.grant, attempt.door.address) } : given;
    if (!answer || !isTrusted(attempt, from, answer)) return undefined;
    if (!answer.ok && this.#repeats(attempt, answer, response)) return undefined;
    this.#shared.wait = response.wait;
    return outcomeOf(answer, attempt.via);
  }

  httpAnswer(request: number, answer: DoorAnswer | undefined): DoorOutcome | undefined {
    const attempt = this.#attempts.find(({ via, state, id }) => via === 'http' && state === 'live' && id === request);
    if (!attempt) return undefined;
    if (answer) {
      this.#shared.wait = answer.ok ? undefined : answer.wait;
      return outcomeOf(answer, 'http');
    }
    attempt.state = 'failed';
    return undefined;
  }

  /** A channel that cannot answer any more. A UDP one stays open: what it reported may be forged. */
  failed(channel: number): void {
    const attempt = this.#attempts.find(({ state, id }) => state === 'live' && id === channel);
    if (attempt) attempt.state = 'failed';
  }

  /** Closes everything that was opened. */
  end(): void {
    for (const { state, via, id } of this.#attempts) {
      if (state === 'due') continue;
      this.#shared.push(via === 'http' ? { type: 'http-cancel', request: id } : { type: 'close', channel: id });
    }
  }

  #start(attempt: Attempt): void {
    attempt.state = 'live';
    attempt.id = this.#shared.nextId();
    const { via, door, id } = attempt;
    if (!door) {
      const { wait } = this.#shared;
      this.#shared.push({ type: 'http', request: id, ...this.#wish, ...(wait !== undefined && { wait }) });
      return;
    }
    // A UDP socket to the door stays unconnected: a direct answer comes from the server's address.
    const to = via === 'tcp' ? { to: door } : {};
    this.#shared.push({ type: 'open', channel: id, via: via === 'tcp' ? 'tcp' : 'udp', family: familyOf(door), ...to });
    this.#send(attempt, door);
  }

  #send(attempt: Attempt, door: Endpoint): void {
    const { options } = this.#shared;
    const { avoid, report, pick } = this.#wish;
    const family = familyBehind(door.address);
    const request = {
      address: ownAddress(options.localAddress, family),
      nonce: this.#nonce(family),
      app: options.app,
      world: options.world,
      group: options.group,
      client: options.client,
      avoid: avoid.length > 0 ? avoid : undefined,
      cookie: attempt.cookie,
      ...(report && { ticket: report.ticket, report: REPORT[report.reason] }),
      wait: this.#shared.wait,
      pick,
      want: attempt.isRepeat ? WANT.noDirectAnswer : undefined,
    };
    const bytes = encodeRequest(request, {
      // Over TCP a response may be longer than its request, so padding would be waste.
      padTo: attempt.via === 'tcp' ? 0 : attempt.padTo,
      ...(options.type !== undefined && { type: options.type }),
    });
    this.#shared.push({ type: 'send', channel: attempt.id, to: door, bytes });
  }

  /** Answers that ask for the same request once more, from the same port; false if they were answered enough. */
  #repeats(attempt: Attempt, refusal: Refusal, response: ExtendedResponse): boolean {
    if (refusal.code === 'door.cookie-required' && response.cookie && attempt.cookieRounds < MAX_COOKIE_ROUNDS) {
      attempt.cookieRounds++;
      attempt.cookie = response.cookie.slice();
      this.#send(attempt, attempt.door!);
      return true;
    }
    if (refusal.code === 'wire.request-too-small' && attempt.padTo < MAX_PACKET_BYTES) {
      this.#shared.doorPadTo = MAX_PACKET_BYTES;
      attempt.padTo = MAX_PACKET_BYTES;
      this.#send(attempt, attempt.door!);
      return true;
    }
    return false;
  }

  /** One nonce a family: a door that has answered a nonce repeats that answer, whose address has a family. */
  #nonce(family: 4 | 6): Uint8Array {
    this.#nonces[family] ??= this.#shared.options.rng.bytes(NONCE_BYTES);
    return this.#nonces[family];
  }
}

function planAttempts(doors: readonly Endpoint[], http: boolean, nowMs: number, padTo: number): Attempt[] {
  const plan = (via: Via, afterMs: number, door?: Endpoint, isRepeat = false): Attempt => ({
    via,
    ...(door && { door }),
    atMs: nowMs + afterMs,
    isRepeat,
    state: 'due',
    id: 0,
    cookieRounds: 0,
    padTo,
  });
  const udp =
    doors.length === 0
      ? []
      : DOOR_UDP_AT_MS.map((afterMs, repeat) => {
          return plan('udp', afterMs, doors[repeat % doors.length], repeat >= doors.length);
        });
  const tcp = doors.slice(0, MAX_TCP_DOORS).map((door, index) => {
    return plan('tcp', DOOR_TCP_AT_MS + index * DOOR_TCP_STAGGER_MS, door);
  });
  return [...udp, ...tcp, ...(http ? [plan('http', DOOR_HTTP_AT_MS)] : [])];
}

/** Only the address asked may answer, or the probe port of the very server that the answer names. */
function isTrusted({ via, door }: Attempt, from: Endpoint, answer: DoorAnswer): boolean {
  if (sameEndpoint(from, door!)) return true;
  if (via !== 'udp' || !answer.ok) return false;
  const { server } = answer.grant;
  return sameEndpoint(from, { address: server.address, port: probePortOf(server) });
}

function outcomeOf(answer: DoorAnswer, via: Via): DoorOutcome {
  return answer.ok ? { kind: 'granted', grant: answer.grant, via } : { kind: 'refused', refusal: answer };
}

function noAnswer(): DoorOutcome {
  return { kind: 'refused', refusal: refuse('client.no-answer') };
}

export function familyOf(endpoint: Endpoint): 4 | 6 {
  return endpoint.address.length === 4 ? 4 : 6;
}

/** 16 bytes of the family that is asked for, all zeroes behind the prefix if the client does not know its address. */
export function ownAddress(known: { readonly 4?: Uint8Array; readonly 6?: Uint8Array }, family: 4 | 6): Uint8Array {
  return toWireAddress(known[family] ?? new Uint8Array(family === 4 ? 4 : 16));
}
