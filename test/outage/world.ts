import { createAskForSeat } from '../../agents/next-seat.ts';
import { parseRuntimeConfig } from '../../core/config/runtime-config.ts';
import { OnedoorError } from '../../core/errors.ts';
import type { Clock } from '../../core/ports.ts';
import type { SessionNotice } from '../../core/session/types.ts';
import { formatAddress } from '../../core/wire/address.ts';
import { seededRng } from '../support/seeded-rng.ts';
import { ControlPlane } from './control-plane.ts';
import { Player } from './player.ts';
import { Server } from './server.ts';
import { Tally } from './tally.ts';
import { VirtualTime } from './virtual-time.ts';

export interface WorldOptions {
  readonly seed: number;
  readonly servers: number;
  readonly capacity: number;
  readonly gateways?: number;
  /** How long a server that drains lets its sessions go on. */
  readonly drainMs?: number;
  /** How far the wall clocks are off. */
  /** Time between two datagrams that a client sends to its game. @default 500 */
  readonly pingMs?: number;
  readonly skewMs?: { readonly agent?: number; readonly gateway?: number; readonly function?: number };
}

const EPOCH_MS = Date.UTC(2026, 0, 1);
const ZONES = ['a', 'b', 'c'];
const DRAIN_MS = 600_000;
const STEP_MS = 250;
const READY_MS = 60_000;
/** A client gets one round trip of 4 to 40 ms. */
const DELAY_MS = [2, 20] as const;

/** A whole deployment on a virtual clock: the code of agents, gateways, functions and clients, and the sample game. */
export class World {
  readonly time: VirtualTime;
  readonly tally = new Tally();
  readonly plane: ControlPlane;
  readonly servers: Server[] = [];
  readonly players: Player[] = [];
  readonly options: WorldOptions;
  readonly config = parseRuntimeConfig(JSON.stringify({ unverifiedPerSecond: 100_000, perSourcePerSecond: 0 }));
  readonly #byAddress = new Map<string, Server>();
  readonly #playerAt = new Map<string, Player>();
  readonly #rng: ReturnType<typeof seededRng>;

  constructor(options: WorldOptions) {
    this.options = options;
    const { seed, servers, gateways = 2 } = options;
    this.#rng = seededRng(seed);
    this.time = new VirtualTime(seed, { lossPct: 0, duplicatePct: 0, delayMs: DELAY_MS });
    this.plane = new ControlPlane(this.time, this.config, { gateways, seed, clockOf: (part) => this.clock(part) });
    for (let index = 0; index < servers; index++) this.#addServer(index);
  }

  /** Monotonic time is everybody's own; wall time may be off. */
  clock(part: 'agent' | 'gateway' | 'function'): Clock {
    const skewMs = this.options.skewMs?.[part] ?? 0;
    return { monoMs: () => 1_000 + this.time.nowMs, wallMs: () => EPOCH_MS + Math.floor(this.time.nowMs) + skewMs };
  }

  /** Resolves when the registrar has placed all servers and both doors give them out. */
  async ready(): Promise<void> {
    await this.plane.registry.writeKeys([this.plane.keys.publicKey]);
    await this.until(async () => (await this.plane.registry.list()).length === this.servers.length);
    for (const { key, placement } of this.servers) await this.plane.registry.place(key, placement);
    await this.until(async () => this.isOpen());
  }

  /** All living servers are given out by every gateway. */
  isOpen(): boolean {
    const living = this.servers.filter(({ state }) => state === 'up').length;
    return this.plane.gateways.every(({ door }) => door.openServers() >= living);
  }

  /** Lets time pass until it is so; gives how long it took. */
  async until(isSo: () => boolean | Promise<boolean>, withinMs = READY_MS): Promise<number> {
    const startMs = this.time.nowMs;
    while (!(await isSo())) {
      if (this.time.nowMs - startMs >= withinMs) throw new Error(`still not so after ${withinMs} ms: ${isSo}`);
      await this.time.advance(STEP_MS);
    }
    return this.time.nowMs - startMs;
  }

  /** One more client, which asks for a server now. */
  join(): Player {
    const n = this.players.length;
    const address = Uint8Array.of(10, (n >> 16) & 0xff, (n >> 8) & 0xff, n & 0xff);
    const { config, time, plane } = this;
    const player = new Player({
      ...{ time, address, name: `player-${n}`, seed: this.options.seed + 10_000 + n, pingMs: this.options.pingMs },
      doors: this.#shuffled(plane.gateways.map((_, gateway) => [198, 51, 100, 1 + gateway])).map((bytes) => ({
        address: Uint8Array.from(bytes),
        port: config.probePort,
      })),
      api: () => plane.api(),
      toGame: (to, text, who) =>
        time.carryDatagram(() => this.#byAddress.get(to)?.hear(text, formatAddress(who.address))),
      events: {
        notice: (who, notice) => this.#noticed(who, notice),
        joined: (who, server) => this.#joined(who, server),
        refused: (who, server, code) => this.#refused(who, server, code),
      },
    });
    this.players.push(player);
    this.#playerAt.set(formatAddress(address), player);
    player.start();
    return player;
  }

  /** `count` clients, one every `everyMs`, who are in when it resolves. */
  async fill(count: number, everyMs = 20): Promise<void> {
    const from = this.players.length;
    for (let n = 0; n < count; n++) {
      this.join();
      await this.time.advance(everyMs);
    }
    await this.until(() => this.players.slice(from).every(({ isIn }) => isIn));
  }

  /** A machine dies; those who play there have to go elsewhere. */
  crash(server: Server): void {
    for (const player of this.players) {
      if (player.server !== server.address) continue;
      player.lostAtMs = this.time.nowMs;
      this.tally.failovers.set(`${player.name} from ${server.placement.id}`, Number.POSITIVE_INFINITY);
    }
    server.crash();
  }

  /** A client's program dies and is started again, with what it had. */
  async restart(player: Player, pauseMs: number): Promise<void> {
    const { grant, server } = player;
    if (!grant || !server || this.#byAddress.get(server)?.state !== 'up') return;
    this.tally.resumable++;
    player.kill();
    await this.time.advance(pauseMs);
    player.start(grant);
    const isBack = () => player.isIn && player.server === server;
    await this.until(isBack, 10_000).then(
      () => this.tally.resumed++,
      () => {},
    );
  }

  living(): Server[] {
    return this.servers.filter(({ state }) => state === 'up');
  }

  serverAt(address: string | undefined): Server | undefined {
    return address === undefined ? undefined : this.#byAddress.get(address);
  }

  any<T>(list: readonly T[]): T {
    return list[Math.floor(this.#rng.float() * list.length)]!;
  }

  #addServer(index: number): void {
    const { options, time, plane, config, tally } = this;
    const ask = createAskForSeat({
      ...{ type: config.packetType, rng: seededRng(options.seed + 5_000 + index) },
      door: { address: '198.51.100.1', port: config.probePort },
      exchange: (_door, bytes) => this.#askDoor(bytes),
    });
    const server: Server = new Server({
      ...{ time, index, config, tally, ask, capacity: options.capacity, zone: ZONES[index % ZONES.length]! },
      ...{ clock: this.clock('agent'), link: plane.link(), seed: options.seed + 1_000 + index },
      drainMs: options.drainMs ?? DRAIN_MS,
      send: (from, text, to) => {
        if (server.state === 'up') time.carryDatagram(() => this.#playerAt.get(to)?.hear(from, text));
      },
    });
    this.servers.push(server);
    this.#byAddress.set(server.address, server);
  }

  async #askDoor(bytes: Uint8Array): Promise<Uint8Array> {
    const gateway = this.plane.gateways[0]!;
    const source = { address: '203.0.113.250', port: 50_000, protocol: 6 } as const;
    const answer = gateway.state === 'up' ? await gateway.door.handle(bytes, source) : undefined;
    if (!answer) throw new OnedoorError('client.no-answer');
    return answer;
  }

  #noticed(player: Player, notice: SessionNotice): void {
    if (notice.type === 'lost') {
      const server = this.#byAddress.get(formatAddress(notice.server.address));
      if (server?.state === 'up') {
        this.tally.lost.push(`${player.name} at ${server.placement.id}: ${notice.code ?? notice.reason}`);
      }
    }
    if (notice.type === 'ticket-refused') this.tally.ticketsRefused.push(`${player.name}: ${notice.code}`);
    if (notice.type === 'assigned' || notice.type === 'reassigned') {
      this.tally.answers.push({ atMs: this.time.nowMs, server: notice.grant.server.id });
    }
  }

  #joined(player: Player, server: string): void {
    if (player.lostAtMs === undefined) return;
    const key = [...this.tally.failovers.keys()].findLast(
      (each) => each.startsWith(`${player.name} from `) && this.tally.failovers.get(each) === Number.POSITIVE_INFINITY,
    );
    if (key !== undefined && this.#byAddress.get(server)?.state === 'up') {
      this.tally.failovers.set(key, this.time.nowMs - player.lostAtMs);
    }
    player.lostAtMs = undefined;
  }

  #refused(player: Player, server: string, code: string): void {
    // Clients of dead servers may be refused by an alternate; a ticket's own server must take it.
    const own = this.#byAddress.get(server);
    if (own?.state !== 'up' || player.grant?.server.id !== own.placement.id || player.lostAtMs !== undefined) return;
    this.tally.ticketsRefused.push(`${player.name} at ${own.placement.id}: ${code}`);
  }

  #shuffled<T>(list: readonly T[]): T[] {
    return list
      .map((each) => ({ each, at: this.#rng.float() }))
      .sort((one, other) => one.at - other.at)
      .map(({ each }) => each);
  }
}
