import type { Journal } from '../../adapters/journal/journal.ts';
import { type LoadAdapter, queryFailed, toReading } from '../../adapters/load/load-adapter.ts';
import type { Clock } from '../../core/ports.ts';
import type { Placement } from '../../core/registry/row.ts';
import type { Log } from '../log.ts';
import type { GameFacing } from '../loopback-api.ts';
import type { Changed } from './counts.ts';
import { gameServerDocument } from './document.ts';
import { type AgonesDeclared, type AgonesFacts, firstCounts, firstFacts } from './facts.ts';
import { isRpcError, type RpcError } from './rpc-error.ts';

/** What the slot does at the build's word. */
export interface AgonesSlot extends Pick<GameFacing, 'report' | 'ready' | 'drain' | 'health'> {
  readonly placement: Placement | undefined;
  /** Give this server to nobody new; who is there stays. */
  hold(): void;
}

/** Which of the build's figures is the number of its sessions. */
export type AgonesLoad =
  | { readonly kind: 'players' }
  | { readonly kind: 'counter' | 'list'; readonly name: string }
  /** None: sessions are the tickets that clients show. */
  | { readonly kind: 'tickets' }
  /** None: the game is asked by a query, which also says whether it lives. */
  | { readonly kind: 'query' };

export interface AgonesDeskOptions {
  /** The row's key. */
  readonly key: string;
  readonly load: AgonesLoad;
  readonly declared: AgonesDeclared;
  /** Without `Health` for so long a build counts as dead. */
  readonly healthSeconds: number;
  readonly journal: Journal<AgonesFacts>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Sooner than a game that is silent counts as dead (GAME_FRESH_MS). */
const PULSE_MS = 500;
const SDK_PREFIX = 'agones.dev/sdk-';

/** Keeps what a build for Agones says, and tells the slot: docs/AGONES.md says what becomes what. */
export class AgonesDesk {
  readonly #options: AgonesDeskOptions;
  #facts: AgonesFacts;
  #heardAtMs = Number.NEGATIVE_INFINITY;
  #slot: AgonesSlot | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isToldOfPlayers = false;
  #changed: () => void = () => {};

  constructor(options: AgonesDeskOptions) {
    this.#options = options;
    const { journal, clock, declared } = options;
    const last = journal.entries.at(-1);
    this.#facts = last ?? firstFacts(declared, Math.floor(clock.wallMs() / 1_000));
    // The build goes on while its agent starts anew, and has said that it is ready once and for all.
    if (last && last.state !== 'Scheduled') this.#heardAtMs = clock.monoMs();
  }

  get facts(): AgonesFacts {
    return this.#facts;
  }

  /** Whether the number of sessions is one of the build's figures. */
  get isCounting(): boolean {
    return this.#options.load.kind !== 'tickets' && this.#options.load.kind !== 'query';
  }

  /** The build's figures as the answer to a query: for `players`, `counter` and `list`. */
  readonly adapter: LoadAdapter = {
    name: 'agones',
    query: async () => {
      if (!this.#isHealthy) throw queryFailed('agones', 'the build has not called Health in time');
      return toReading('agones', this.#figures());
    },
  };

  /** Begins to speak for the build to this slot. */
  start(slot: AgonesSlot): void {
    this.#slot = slot;
    const { state } = this.#facts;
    if (state === 'Shutdown') slot.drain();
    if (state === 'Scheduled' || state === 'Reserved') slot.hold();
    this.#timer = setInterval(() => this.#pulse(), PULSE_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#options.journal.close();
  }

  /** `told` is called after each change of the facts; there is one. */
  onChange(told: () => void): void {
    this.#changed = told;
  }

  /** The GameServer as the build may see it. */
  document(): ReturnType<typeof gameServerDocument> {
    const { key, healthSeconds } = this.#options;
    return gameServerDocument({
      facts: this.#facts,
      state: this.#state(),
      placement: this.#slot?.placement,
      key,
      healthSeconds,
    });
  }

  // The calls of the SDK:

  health(): void {
    this.#heardAtMs = this.#options.clock.monoMs();
    this.#pulse();
  }

  ready(): void {
    const { state } = this.#facts;
    // A new process: whom the one before had is gone.
    const isNew = state === 'Scheduled' || state === 'Shutdown' || !this.#isHealthy;
    // Alive from here on: a watcher must not hear that it is ready and silent.
    this.health();
    this.#set({ state: 'Ready', ...(isNew && firstCounts(this.#options.declared)) });
    this.#slot?.ready();
  }

  allocate(): void {
    this.health();
    this.#set({ state: 'Allocated' });
    this.#slot?.ready();
  }

  /** @param seconds 0: until the next call that says otherwise */
  reserve(seconds: number): void {
    const until = seconds > 0 ? { reservedUntilMs: this.#options.clock.wallMs() + seconds * 1_000 } : {};
    this.#set({ state: 'Reserved', ...until });
    this.#slot?.hold();
  }

  shutdown(): void {
    this.#set({ state: 'Shutdown' });
    this.#slot?.drain();
  }

  setLabel(key: string, value: string): void {
    this.#set({ labels: { ...this.#facts.labels, [SDK_PREFIX + key]: value } });
  }

  setAnnotation(key: string, value: string): void {
    this.#set({ annotations: { ...this.#facts.annotations, [SDK_PREFIX + key]: value } });
  }

  /** Takes over what a call about players, counters or lists changed. */
  count(changed: Changed): RpcError | undefined {
    if (isRpcError(changed)) return changed;
    this.#set(changed);
    if (changed.players && this.#options.load.kind === 'tickets' && !this.#isToldOfPlayers) {
      this.#isToldOfPlayers = true;
      this.#options.log.info('this build tells who plays; --load agones would count them as sessions');
    }
    return undefined;
  }

  get #isHealthy(): boolean {
    return this.#options.clock.monoMs() - this.#heardAtMs < this.#options.healthSeconds * 1_000;
  }

  /** A first client makes of a server that is ready one that is allocated: here seats are given, not servers. */
  #state(): string {
    const { state } = this.#facts;
    const isSilent = this.#options.load.kind !== 'query' && !this.#isHealthy;
    if (isSilent && state !== 'Scheduled' && state !== 'Shutdown') return 'Unhealthy';
    return state === 'Ready' && Number(this.#slot?.health().facts['sessions']) > 0 ? 'Allocated' : state;
  }

  #figures(): { sessions: number; capacity: number; participants: readonly string[] } {
    const { players, counters, lists } = this.#facts;
    const { load } = this.#options;
    const participants = players.ids;
    if (load.kind === 'counter') {
      const { count = 0, capacity = 0 } = counters[load.name] ?? {};
      return { sessions: count, capacity, participants };
    }
    if (load.kind === 'list') {
      const { values = [], capacity = 0 } = lists[load.name] ?? {};
      return { sessions: values.length, capacity, participants: values };
    }
    return { sessions: players.ids.length, capacity: players.capacity, participants };
  }

  #set(changed: Partial<AgonesFacts>): void {
    const { journal } = this.#options;
    const { reservedUntilMs: _, ...kept } = this.#facts;
    const isReserved = changed.state === undefined && this.#facts.reservedUntilMs !== undefined;
    const until = isReserved ? { reservedUntilMs: this.#facts.reservedUntilMs as number } : {};
    this.#facts = { ...kept, ...until, ...changed, version: this.#facts.version + 1 };
    if (journal.isLong()) journal.rewrite([this.#facts]);
    else journal.append([this.#facts]);
    this.#changed();
  }

  #pulse(): void {
    const { state, reservedUntilMs, players } = this.#facts;
    if (state === 'Reserved' && reservedUntilMs !== undefined && this.#options.clock.wallMs() >= reservedUntilMs) {
      this.#set({ state: 'Ready' });
      this.#slot?.ready();
    }
    if (this.#options.load.kind !== 'tickets' || !this.#isHealthy) return;
    this.#slot?.report({ sessions: [], capacity: Math.min(players.capacity, 65_535), participants: players.ids });
  }
}
