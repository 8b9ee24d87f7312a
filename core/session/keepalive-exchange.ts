import { NONCE_BYTES } from '../wire/limits.ts';
import { sameBytes } from './endpoint.ts';
import type { ServerLink } from './server-link.ts';
import { TRANSMISSIONS_PER_KEEPALIVE } from './timing.ts';
import type { SessionShared } from './types.ts';

/**
 * One keepalive and its two retransmissions: the first waits `timeoutMs`, the others half of it, each packet has its own
 * nonce, and an answer to any of them counts until the exchange ends.
 */
export class KeepaliveExchange {
  readonly #shared: SessionShared;
  readonly #link: ServerLink;
  readonly #timeoutMs: number;
  readonly #packet: (nonce: Uint8Array, via: 'udp' | 'tcp') => Uint8Array;
  readonly #nonces: Uint8Array[] = [];
  #startedAtMs: number;
  #transmissions = 0;
  #wakeAtMs: number;
  #restarted = false;

  /** @param packet the keepalive with this nonce; asked for at each transmission */
  constructor(
    shared: SessionShared,
    link: ServerLink,
    timeoutMs: number,
    packet: (nonce: Uint8Array, via: 'udp' | 'tcp') => Uint8Array,
    nowMs: number,
  ) {
    this.#shared = shared;
    this.#link = link;
    this.#timeoutMs = timeoutMs;
    this.#packet = packet;
    this.#startedAtMs = nowMs;
    this.#wakeAtMs = nowMs;
  }

  get wakeAtMs(): number {
    return this.#wakeAtMs;
  }

  /** Sends what is due. True: all transmissions are unanswered. */
  tick(nowMs: number): boolean {
    if (nowMs < this.#wakeAtMs) return false;
    if (this.#transmissions === TRANSMISSIONS_PER_KEEPALIVE) {
      // A process that slept has not listened: answers may wait in its sockets, or its network just came back.
      const slept = nowMs - this.#wakeAtMs > this.#timeoutMs;
      if (!slept || this.#restarted) return true;
      this.#restarted = true;
      this.#transmissions = 0;
      this.#startedAtMs = nowMs;
    }
    this.#transmit(nowMs);
    return false;
  }

  /** True if `nonce` answers one of the packets sent. */
  isAnswer(nonce: Uint8Array): boolean {
    return this.#nonces.some((sent) => sameBytes(sent, nonce));
  }

  /**
   * A sign that nobody listens there, which may be forged: the next transmission goes out now. The exchange still takes
   * `timeoutMs` at least, so that a living server's answer counts whatever a forger sends.
   */
  hint(nowMs: number): void {
    if (this.#transmissions < TRANSMISSIONS_PER_KEEPALIVE) this.#transmit(nowMs);
  }

  #transmit(nowMs: number): void {
    for (const { channel, via } of this.#link.channelsFor(this.#transmissions)) {
      const nonce = this.#shared.options.rng.bytes(NONCE_BYTES);
      this.#nonces.push(nonce);
      this.#shared.push({ type: 'send', channel, to: this.#link.to, bytes: this.#packet(nonce, via) });
    }
    const first = this.#transmissions === 0;
    this.#transmissions++;
    this.#wakeAtMs = nowMs + (first ? this.#timeoutMs : this.#timeoutMs / 2);
    if (this.#transmissions === TRANSMISSIONS_PER_KEEPALIVE) {
      this.#wakeAtMs = Math.max(this.#wakeAtMs, this.#startedAtMs + this.#timeoutMs);
    }
  }
}
