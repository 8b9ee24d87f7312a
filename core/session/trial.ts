import { ServerWatch, type WatchOutcome } from './server-watch.ts';
import { ALTERNATE_TIMEOUT_MS } from './timing.ts';
import type { Endpoint, Grant, NamedServer, SessionShared } from './types.ts';

export type TrialOutcome =
  /** A server has taken the client in. */
  | { readonly kind: 'joined'; readonly watch: ServerWatch }
  /** None did. */
  | { readonly kind: 'exhausted' };

interface TrialOptions {
  readonly doubtsUdp: boolean;
  /** Id of the server that the ticket is for: when it refuses, the ticket is worth nothing elsewhere either. */
  readonly owner?: string;
}

/** Who has a ticket shows it to alternates in haste; the ticket's own server, and one that needs none, get their time. */
function watchOf(shared: SessionShared, grant: Grant, { doubtsUdp, owner }: TrialOptions, nowMs: number): ServerWatch {
  const isAlternate = grant.ticket !== undefined && grant.server.id !== owner;
  return new ServerWatch(shared, grant, doubtsUdp, nowMs, isAlternate ? ALTERNATE_TIMEOUT_MS : undefined);
}

/**
 * Servers tried one after the other until one takes the client in: the alternates of a lost server, the own server and
 * its alternates after a restart, or, without a ticket, what a roster lists while the door is away.
 */
export class Trial {
  readonly #shared: SessionShared;
  readonly #options: TrialOptions;
  #watch: ServerWatch;
  #rest: readonly NamedServer[];

  /** @param watch the first of them, watched already; `rest` are the ones after it */
  constructor(shared: SessionShared, watch: ServerWatch, rest: readonly NamedServer[], options: TrialOptions) {
    this.#shared = shared;
    this.#watch = watch;
    this.#rest = rest;
    this.#options = options;
  }

  /** Undefined if there is nothing to try. */
  static of(
    shared: SessionShared,
    grant: Grant,
    servers: readonly NamedServer[],
    options: TrialOptions,
    nowMs: number,
  ): Trial | undefined {
    const [server, ...rest] = servers;
    if (!server) return undefined;
    const watch = watchOf(shared, { ...grant, server, alternates: rest }, options, nowMs);
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
    const isOver = outcome.kind === 'lost' && outcome.reason === 'refused' && grant.server.id === this.#options.owner;
    if (!server || isOver) return { kind: 'exhausted' };
    this.#rest = rest;
    this.#watch = watchOf(this.#shared, { ...grant, server, alternates: rest }, this.#options, nowMs);
    return undefined;
  }
}
