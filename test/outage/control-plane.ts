import { secretKeys } from '../../adapters/crypto/secret-keys.ts';
import type { HttpHandler } from '../../adapters/http/types.ts';
import { createMemoryAnswerStore } from '../../adapters/memory/answer-store.ts';
import { createMemoryStore } from '../../adapters/memory/registry-store.ts';
import { createMemoryWatchStore } from '../../adapters/memory/watch-store.ts';
import type { RuntimeConfig } from '../../core/config/runtime-config.ts';
import type { Clock, PacketSource } from '../../core/ports.ts';
import { createRosterWriter, type RosterWriter } from '../../core/registry/roster-pass.ts';
import { composeDoor, type Door } from '../../door/compose.ts';
import { composeApi } from '../../lambda/compose-assign.ts';
import { seededRng } from '../support/seeded-rng.ts';
import type { SimListener } from '../support/sim-network.ts';
import { createLink, type Link } from './link.ts';
import type { VirtualTime } from './virtual-time.ts';

/** What can be away. */
export const PARTS = ['registry', 'functions', 'door'] as const;
export type Part = (typeof PARTS)[number];

const ROSTER_TICK_MS = 500;
const SWEEP_MS = 1_000;

/** One gateway, as a process would run it. */
class Gateway implements SimListener {
  state: SimListener['state'] = 'up';
  door: Door;
  readonly #make: () => Door;
  readonly #time: VirtualTime;
  readonly #refreshMs: number;
  #life = 0;

  constructor(time: VirtualTime, refreshMs: number, make: () => Door) {
    this.#time = time;
    this.#refreshMs = refreshMs;
    this.#make = make;
    this.door = make();
    this.#run();
  }

  take(bytes: Uint8Array, from: { address: Uint8Array; port: number }, via: 'udp' | 'tcp', reply: Reply): void {
    const source: PacketSource = { address: from.address.join('.'), port: from.port, protocol: via === 'udp' ? 17 : 6 };
    void Promise.resolve(this.door.handle(bytes, source)).then((answer) => {
      if (answer && this.state === 'up') reply(answer);
    });
  }

  kill(): void {
    this.state = 'silent';
    this.#life++;
  }

  /** A new process that knows nothing. */
  start(): void {
    this.door = this.#make();
    this.state = 'up';
    this.#run();
  }

  #run(): void {
    const life = ++this.#life;
    const refresh = async (): Promise<void> => {
      if (life !== this.#life) return;
      await this.door.roster.refresh().catch(() => {});
      this.#time.after(this.#refreshMs, () => void refresh());
    };
    const sweep = (): void => {
      if (life !== this.#life) return;
      this.door.sweep();
      this.#time.after(SWEEP_MS, sweep);
    };
    void refresh();
    sweep();
  }
}

type Reply = (bytes: Uint8Array) => void;

/** Registry, functions and gateways: everything that may be away while games go on. */
export class ControlPlane {
  readonly registry = createMemoryStore();
  readonly watch = createMemoryWatchStore();
  readonly gateways: readonly Gateway[];
  readonly keys = secretKeys(new Uint8Array(48).fill(7));
  readonly #time: VirtualTime;
  readonly #away = new Set<Part>();
  readonly #functions: { readonly api: HttpHandler; readonly link: Link };
  #writer: RosterWriter;

  constructor(
    time: VirtualTime,
    config: RuntimeConfig,
    options: {
      readonly gateways: number;
      readonly seed: number;
      readonly clockOf: (part: 'gateway' | 'function') => Clock;
    },
  ) {
    const { gateways, seed, clockOf } = options;
    this.#time = time;
    const link = this.link();
    const clock = clockOf('function');
    this.#functions = { link, api: this.#composeApi(config, link, clock, seed) };
    const makeWriter = () => createRosterWriter({ store: link.store, clock });
    this.#writer = makeWriter();
    const write = async (): Promise<void> => {
      if (!this.isAway('functions')) await this.#writer.pass().catch(() => {});
      time.after(ROSTER_TICK_MS, () => void write());
    };
    void write();
    this.gateways = Array.from({ length: gateways }, (_, n) => {
      const { signer, mac } = this.keys;
      const at = { address: Uint8Array.of(198, 51, 100, 1 + n), port: config.probePort };
      let lives = 0;
      const gateway = new Gateway(time, config.rosterRefreshMs, () => {
        const { store } = this.link();
        return composeDoor({
          ...{ config, ownPort: config.probePort, store, signer, cookieMac: mac },
          ...{ clock: clockOf('gateway'), rng: seededRng(seed + 100 * n + lives++) },
          reports: { store, watch: this.watch, onSuspect() {}, onError() {} },
        });
      });
      time.listen(at, gateway);
      return gateway;
    });
  }

  isAway(part: Part): boolean {
    return this.#away.has(part);
  }

  link(): Link {
    return createLink(this.#time, this.registry, () => this.isAway('registry'));
  }

  /** The HTTP API, while it is there. */
  api(): HttpHandler | undefined {
    return this.isAway('functions') ? undefined : this.#functions.api;
  }

  takeAway(parts: readonly Part[]): void {
    for (const part of parts) this.#away.add(part);
    if (parts.includes('door')) for (const gateway of this.gateways) gateway.kill();
  }

  bringBack(): void {
    if (this.isAway('door')) for (const gateway of this.gateways) gateway.start();
    this.#away.clear();
  }

  #composeApi(config: RuntimeConfig, { store }: Link, clock: Clock, seed: number): HttpHandler {
    const silent = (): void => {};
    return composeApi({
      ...{ config, store, clock, watch: this.watch, answers: createMemoryAnswerStore() },
      ...{ tellLeave: async () => false, keys: this.keys, readKeys: async () => this.keys },
      rng: seededRng(seed + 9_000),
      log: { debug: silent, info: silent, warn: silent, error: silent },
    });
  }
}
