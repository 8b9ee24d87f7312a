import { ServerWatch, type WatchOutcome } from './server-watch.ts';
import type { Endpoint, Grant, NamedServer, SessionShared } from './types.ts';

export type TrialOutcome =
  /** A server has taken the client in. */
  | { readonly kind: 'joined'; readonly watch: ServerWatch }
  /** None did. */
  | { readonly kind: 'exhausted' };

/**
 * Servers tried one after the other until one takes the client in: the alternates of a lost server, the own server and
 * its alternates after a restart, or, without a ticket, what a roster lists while the door is away.
 */
export class Trial {
  readonly #shared: SessionShared;
  readonly #doubtsUdp: boolean;
  /** Id of the server that the ticket is for: when it refuses, the ticket is worth nothing elsewhere either. */
  readonly #owner: string | undefined;
  #watch: ServerWatch;
  #rest: readonly NamedServer[];

  /** @param watch the first of them, watched already; `rest` are the ones after it */
  constructor(
    shared: SessionShared,
    watch: ServerWatch,
    rest: readonly NamedServer[],
    options: { readonly doubtsUdp: boolean; readonly owner?: string },
  ) {
    this.#shared = shared;
    this.#watch = watch;
    this.#rest = rest;
    this.#doubtsUdp = options.doubtsUdp;
    this.#owner = options.owner;
  }

  /** Undefined if there is nothing to try. */
  static of(
    shared: SessionShared,
    grant: Grant,
    servers: readonly NamedServer[],
    options: { readonly doubtsUdp: boolean; readonly owner?: string },
    nowMs: number,
  ): Trial | undefined {
    const [server, ...rest] = servers;
    if (!server) return undefined;
    const watch = new ServerWatch(shared, { ...grant, server, alternates: rest }, options.doubtsUdp, nowMs);
    return new Trial(shared, watch, rest, options);
  }

  get wakeAtMs(): number {
    return this.#watch.wakeAtMs;
  }

  tick(nowMs: number): TrialOutcome | undefined {
    return this.#settle(this.#watch.tick(nowMs), nowMs);
  }

  packet(channel: number, from: Endpoint, bytes: Uint8Array, nowMs: number): TrialOutcome | undefined {
    return this.#settle(this.#watch.packet(channel, from, bytes, nowMs), nowMs);
  }

  failed(channel: number, nowMs: number): void {
    this.#watch.failed(channel, nowMs);
  }

  end(): void {
    this.#watch.end();
  }

  #settle(outcome: WatchOutcome | undefined, nowMs: number): TrialOutcome | undefined {
    if (this.#watch.accepted) return { kind: 'joined', watch: this.#watch };
    if (!outcome) return undefined;
    const { grant } = this.#watch;
    this.#watch.end();
    const [server, ...rest] = this.#rest;
    const isOver = outcome.kind === 'lost' && outcome.reason === 'refused' && grant.server.id === this.#owner;
    if (!server || isOver) return { kind: 'exhausted' };
    this.#rest = rest;
    this.#watch = new ServerWatch(this.#shared, { ...grant, server, alternates: rest }, this.#doubtsUdp, nowMs);
    return undefined;
  }
}
