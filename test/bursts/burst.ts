import { setTimeout as pause } from 'node:timers/promises';
import { systemClock } from '../../adapters/system/system-clock.ts';
import type { RegistryStore, Rng } from '../../core/ports.ts';
import { DEFAULT_TIMING, type SeatTiming } from '../../core/registry/timing.ts';
import type { ListedServer } from '../support/build-view.ts';
import { seededRng } from '../support/seeded-rng.ts';
import { BurstServer } from './burst-server.ts';
import type { Fleet, OrderFor } from './fleet.ts';
import { type Fault, type Ledger, type Plant, STEPS } from './messages.ts';
import type { Tally } from './tally.ts';

export const KINDS = ['plain', 'killed', 'cut'] as const;
/** `killed`: at each step of an assignment a process dies. `cut`: connections are, between request and reply. */
export type Kind = (typeof KINDS)[number];

export interface BurstOptions {
  /** Its number: with the seed it decides everything but the order in which things happen. */
  readonly burst: number;
  readonly kind: Kind;
  readonly seed: number;
  readonly fleet: Fleet;
  readonly store: RegistryStore;
  readonly endpoint: string;
  readonly table: string;
  readonly timing: SeatTiming;
  readonly servers: number;
  /** Of each server. */
  readonly capacity: number;
  readonly clients: number;
  readonly tally: Tally;
  readonly plant?: Plant | undefined;
}

type Rows = readonly Awaited<ReturnType<BurstServer['read']>>[];

const RETRIES = 3;
const CUT_SHARE = 0.25;
/** Part of the clients that never come with their ticket. */
const STRAY_SHARE = 0.25;
/** A planted agent keeps seats for so many T. */
const NEVER = 4;

/** Many clients at once at many assigners, in a pool of its own that has fewer seats. */
export class Burst {
  readonly #options: BurstOptions;
  readonly #servers: BurstServer[];
  readonly #rng: Rng;
  readonly #faults: ReadonlyMap<number, Fault>;
  #roster: readonly ListedServer[] = [];
  #reading: Promise<unknown> = Promise.resolve();
  #next: Promise<Rows> | undefined;
  /** Places that were told of this burst. */
  readonly #opened = new Set<number>();
  #endedAtMs = 0;

  constructor(options: BurstOptions) {
    this.#options = options;
    this.#rng = seededRng(options.seed * 1_000_003 + options.burst);
    this.#faults = this.#drawFaults();
    const { burst, timing, capacity, store, tally, plant } = options;
    const expireMs = plant === 'never-expires' ? timing.expireMs * NEVER : timing.expireMs;
    this.#servers = Array.from({ length: options.servers }, (_, n) => {
      const machine = `b${burst}-${n}`;
      return new BurstServer({
        ...{ burst, key: `SRV#op:${machine}#0`, store, timing, agentTiming: { ...timing, expireMs }, tally },
        placement: {
          ...{ id: `${machine}.0`, ipv4: '127.0.0.1', ports: { game: 27_000, probe: 7_000 }, zone: 'local' },
          ...{ app: 'arena', world: 'w1', group: 'g1', labels: {}, maxCapacity: capacity },
        },
      });
    });
  }

  /** The servers open. */
  async prepare(): Promise<void> {
    this.#roster = await Promise.all(this.#servers.map((server) => server.start()));
  }

  /** All clients ask at once. Resolves when each has its answer and no assigner of this burst is left. */
  async run(): Promise<void> {
    const { clients, fleet, burst, kind, tally } = this.#options;
    const deaths = fleet.deaths;
    await Promise.all(Array.from({ length: clients }, (_, n) => this.#client(n)));
    const ledgers = await fleet.close(burst);
    tally.died += fleet.deaths - deaths;
    this.#endedAtMs = systemClock.monoMs();
    const rows = await Promise.all(this.#servers.map((server) => server.read()));
    const lost = this.#servers.reduce((sum, server, n) => sum + (rows[n] ? server.lost(rows[n].seats) : 0), 0);
    const sum = (field: keyof Ledger): number => ledgers.reduce((total, ledger) => total + ledger[field], 0);
    tally.cuts += sum('cuts');
    tally.kept += sum('kept');
    tally.lost += lost - sum('kept');
    // The dead keep no books, and over a connection that was cut a call may send twice.
    if (kind === 'plain' && fleet.deaths === deaths) {
      const known = sum('kept') + sum('doubtful');
      tally.hold('full', burst, lost <= known, () => `${lost} seats went to nobody, assigners know of ${known}`);
    }
    if (rows.every((row) => row?.seats.free === 0)) tally.soldOut++;
    tally.bursts++;
  }

  /** Resolves when every seat must be back, and again when all have gone. */
  async settle(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.settle(this.#endedAtMs)));
    await Promise.all(this.#servers.map((server) => server.empty()));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.stop()));
  }

  async #client(n: number): Promise<void> {
    const { fleet, burst, tally, timing } = this.#options;
    const sub = `client-${n}`;
    const isStray = this.#rng.float() < STRAY_SHARE;
    const comesAfterMs = this.#rng.float() * timing.handOverMs;
    const places = [n, ...Array.from({ length: RETRIES }, () => Math.floor(this.#rng.float() * fleet.size))];
    tally.clients++;
    for (const place of places) {
      const askedAtMs = systemClock.monoMs();
      const answer = await fleet.ask(place, burst, sub, this.#orderFor);
      if (answer === 'died') continue;
      if (answer.ok) {
        const server = this.#servers.find(({ id }) => id === answer.server)!;
        server.given({ ...answer, sub });
        tally.given++;
        if (isStray) return;
        await pause(comesAfterMs);
        if (server.come({ ...answer, sub })) tally.admitted++;
        return;
      }
      if (answer.code === 'assign.no-capacity') {
        tally.toldFull++;
        await this.#checkFull(askedAtMs, sub);
      } else {
        tally.unavailable++;
      }
      await pause((answer.retryAfterMs * timing.expireMs) / DEFAULT_TIMING.expireMs);
    }
  }

  /** Somebody who asked then is told FULL: a seat that is free now, and did not come back since, is one too many. */
  async #checkFull(askedAtMs: number, sub: string): Promise<void> {
    const rows = await this.#readNext();
    for (const [n, server] of this.#servers.entries()) {
      const row = rows[n];
      const isWrong = row && row.seats.free > 0 && row.steadySinceMs <= askedAtMs;
      server.hold('full', !isWrong, () => `${sub} was told FULL while ${row?.seats.free} seats were free`);
    }
  }

  /** All rows, by the next reading that starts: those who wait meanwhile share it. */
  #readNext(): Promise<Rows> {
    this.#next ??= this.#reading.then(() => {
      this.#next = undefined;
      const rows = Promise.all(this.#servers.map((server) => server.read()));
      this.#reading = rows;
      return rows;
    });
    return this.#next;
  }

  readonly #orderFor: OrderFor = (place) => {
    const { burst, endpoint, table, timing, seed, plant } = this.#options;
    // Who comes for a dead one works on, and dies no more.
    const fault = !this.#opened.has(place) || this.#options.kind === 'cut' ? this.#faults.get(place) : undefined;
    this.#opened.add(place);
    return {
      ...{ kind: 'open', burst, endpoint, table, timing, roster: this.#roster, seed: seed + burst * 97 + place },
      stock: (place + burst) % 2 === 0,
      ...(fault && { fault }),
      ...(plant && { plant }),
    };
  };

  /** By place. */
  #drawFaults(): Map<number, Fault> {
    const { kind, fleet } = this.#options;
    const places = Array.from({ length: fleet.size }, (_, place) => place);
    if (kind === 'plain') return new Map();
    if (kind === 'cut') return new Map(places.map((place) => [place, { cutShare: CUT_SHARE }]));
    const faults = new Map<number, Fault>();
    const first = Math.floor(this.#rng.float() * fleet.size);
    for (const [n, step] of STEPS.entries()) faults.set((first + n) % fleet.size, { kill: { step, at: 1 } });
    return faults;
  }
}
