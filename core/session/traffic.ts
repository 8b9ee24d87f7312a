import { FLOW_GAPS, FLOW_MEMORY, FLOW_MIN_MS, FLOW_UNKNOWN_MS, QUIET_MS } from './timing.ts';

/**
 * What the application's own traffic says about its server (docs/PROTOCOL.md, "Keepalives and failover"). Datagrams
 * from the server are proof of life; how long one of them speaks for the server depends on how dense they come, since
 * a game may send 60 a second or one in 5 s.
 */
export class Traffic {
  #sent = 0;
  #lastReceivedMs: number | undefined;
  readonly #gapsMs: number[] = [];
  #gapAt = 0;
  #flowedSinceKeepalive = false;

  /** A keepalive starts: the n-th transmission and the end of a flow are counted from here. */
  keepaliveStarts(): void {
    this.#sent = 0;
    this.#flowedSinceKeepalive = false;
  }

  sent(count: number): void {
    this.#sent += count;
  }

  received(nowMs: number): void {
    if (this.#lastReceivedMs !== undefined) {
      this.#gapsMs[this.#gapAt] = nowMs - this.#lastReceivedMs;
      this.#gapAt = (this.#gapAt + 1) % FLOW_MEMORY;
    }
    this.#lastReceivedMs = nowMs;
    this.#flowedSinceKeepalive = true;
  }

  /** Datagrams sent since the last keepalive. */
  get sentSinceKeepalive(): number {
    return this.#sent;
  }

  /** When a flow that began to be seen after the last keepalive will have been quiet for 1 s. */
  get quietAtMs(): number {
    return this.#flowedSinceKeepalive ? this.#lastReceivedMs! + QUIET_MS : Number.POSITIVE_INFINITY;
  }

  /** True while what came in proves the server alive. @param longestMs no silence longer than this proves anything */
  flows(nowMs: number, longestMs: number): boolean {
    if (this.#lastReceivedMs === undefined) return false;
    const usual = this.#gapsMs.length === 0 ? FLOW_UNKNOWN_MS : FLOW_GAPS * Math.max(...this.#gapsMs);
    return nowMs - this.#lastReceivedMs < Math.min(Math.max(usual, FLOW_MIN_MS), Math.max(longestMs, FLOW_MIN_MS));
  }
}
