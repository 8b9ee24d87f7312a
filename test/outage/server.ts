import { createApiLoad } from '../../adapters/load/api.ts';
import { createLogger } from '../../adapters/system/logger.ts';
import { GAME_FRESH_MS } from '../../agents/game-watch.ts';
import { createKeyRing } from '../../agents/key-ring.ts';
import type { AskForSeat } from '../../agents/next-seat.ts';
import { Slot } from '../../agents/slot.ts';
import type { RuntimeConfig } from '../../core/config/runtime-config.ts';
import type { Clock } from '../../core/ports.ts';
import type { JournalEntry } from '../../core/registry/journal-entry.ts';
import { type Placement, rowKey } from '../../core/registry/row.ts';
import { World } from '../../local/game/world.ts';
import { seededRng } from '../support/seeded-rng.ts';
import type { SimListener } from '../support/sim-network.ts';
import type { Link } from './link.ts';
import type { Tally } from './tally.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface ServerDeps {
  readonly time: VirtualTime;
  readonly index: number;
  readonly capacity: number;
  readonly zone: string;
  readonly config: RuntimeConfig;
  readonly clock: Clock;
  readonly link: Link;
  readonly seed: number;
  readonly drainMs: number;
  readonly ask: AskForSeat;
  readonly tally: Tally;
  /** A line of the game to a player's address. */
  readonly send: (from: string, text: string, to: string) => void;
}

const TICK_MS = 500;
const GAME_PORT = 7_777;

/** One machine: the agent's slot and the sample game, both the real code, without sockets. */
export class Server implements SimListener {
  state: SimListener['state'] = 'up';
  readonly placement: Placement;
  readonly key: string;
  readonly slot: Slot;
  readonly link: Link;
  readonly #deps: ServerDeps;
  readonly #game: World;

  constructor(deps: ServerDeps) {
    const { time, index, capacity, zone, config, clock, link, seed, drainMs, ask, tally, send } = deps;
    this.#deps = deps;
    this.link = link;
    this.key = rowKey(`AROATEST:i-${index}`, 0);
    const address = `203.0.${113 + (index >> 8)}.${index & 0xff}`;
    this.placement = {
      id: `i-${index}.0`,
      ipv4: address,
      ports: { game: GAME_PORT, probe: config.probePort },
      zone,
      app: config.defaultApp,
      world: 'w',
      group: 'g',
      labels: {},
      maxCapacity: capacity,
    };
    time.listen({ address: Uint8Array.from(address.split('.'), Number), port: config.probePort }, this);
    const log = createLogger({ level: 'silent' as 'error' });
    const keys = createKeyRing(link.store, clock, log);
    const rng = seededRng(seed);
    this.slot = new Slot({
      key: this.key,
      store: link.store,
      journal: memoryJournal(),
      load: { kind: 'api', adapter: createApiLoad(clock, GAME_FRESH_MS) },
      capacity,
      config,
      verify: keys.verify,
      moving: { ask, drainMs, onError: () => {} },
      clock,
      rng,
      log,
      onLost: (reason) => tally.breaches.push(`${this.placement.id} has lost its row: ${reason}`),
    });
    this.#game = new World({
      capacity,
      agent: {
        join: async (ticket) => {
          const entry = await this.slot.enter(ticket, undefined);
          if (!entry.ok) return { ok: false, code: entry.code };
          tally.admitted++;
          const { id, sub } = entry.session!;
          return { ok: true, session: { id, ...(sub !== undefined && { sub }) } };
        },
        leave: async (id) => this.slot.end(id) || true,
        report: async ({ sessions, capacity: most, participants }) => {
          if (this.state === 'up') this.slot.report({ sessions, capacity: most, participants });
        },
      },
      send: (text, { address: to }) => send(address, text, to),
      nowMs: () => time.nowMs,
    });
    keys.start();
    this.slot.start();
    const tick = (): void => {
      if (this.state !== 'up') return;
      void this.#game.tick();
      time.after(TICK_MS, tick);
    };
    tick();
  }

  get address(): string {
    return this.placement.ipv4!;
  }

  /** Sessions by the game's own count. */
  get size(): number {
    return this.#game.size;
  }

  names(): string[] {
    return this.#game.names();
  }

  take(bytes: Uint8Array, from: { address: Uint8Array; port: number }, via: 'udp' | 'tcp', reply: Reply): void {
    const source = { address: from.address.join('.'), port: from.port, protocol: via === 'udp' ? 17 : 6 } as const;
    void Promise.resolve(this.slot.handlePacket(bytes, source)).then((answer) => answer && reply(answer));
  }

  hear(text: string, from: string): void {
    if (this.state !== 'up') return;
    void this.#game.hear(text, { address: from, port: GAME_PORT });
    const { tally, capacity, time } = this.#deps;
    if (this.size > capacity) {
      tally.oversold.push(`${this.placement.id} has ${this.size} of ${capacity} at ${Math.round(time.nowMs)} ms`);
    }
  }

  /** Machine and all, without a word. */
  crash(): void {
    this.state = 'silent';
    this.link.isCut = true;
  }
}

type Reply = (bytes: Uint8Array) => void;

/** No machine here starts again. */
const memoryJournal = () => ({
  entries: [] as readonly JournalEntry[],
  isDamaged: false,
  append() {},
  isLong: () => false,
  rewrite() {},
  async close() {},
});
