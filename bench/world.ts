/**
 * Many assigners over one registry in memory, under a virtual clock: the assigners' own code, and of the agents what their
 * beats do. A message takes 3 ms, a server's beat comes every 5 s, each assigner reads the rows as a roster once a second, at
 * a moment of its own. A session begins with its assignment and ends after a stay that is
 * lognormal (sigma 1.2), as those of games are; arrivals are Poisson. Seats that nobody came with go back after T.
 */
import type { Assigner, RosterSource } from '../core/assign/assigner.ts';
import type { RowCommand } from '../core/registry/commands.ts';
import { DEFAULT_TIMING } from '../core/registry/timing.ts';
import { createPolicy } from '../core/select/create-policy.ts';
import { type AssignBench, anAssignBench, aRequest } from '../test/support/assign-bench.ts';
import { buildView } from '../test/support/build-view.ts';
import { aServer } from '../test/support/builders.ts';
import { seededRng } from '../test/support/seeded-rng.ts';
import { createStays, poisson, type Stays } from './stays.ts';

export interface Scene {
  readonly capacities: readonly number[];
  readonly assigners: number;
  readonly stock: boolean;
  /** 0..1 of the seats, at first and for as long as `perSecond` does not say otherwise. */
  readonly load: number;
  readonly staySeconds: number;
  /** Arrivals a second at a time in s. @default those that keep the load */
  readonly perSecond?: (seconds: number) => number;
  readonly seconds: number;
  /** Nothing is counted before. */
  readonly countFromSecond: number;
  /** Pools of up to so many servers are read anew before anybody is told that they are full. */
  readonly readAnewUpTo?: number;
  /** Instead of the assigners: whoever knows every session at every moment takes the least loaded server. */
  readonly isOmniscient?: boolean;
}

export interface Counts {
  assigned: number;
  /** Refused clients. */
  failed: number;
  /** Of those: while a seat was free that no beat had brought back since they asked. */
  wronged: number;
  writes: number;
  /** Refused writes. */
  refused: number;
  /** Seats that came back because nobody showed them. */
  expired: number;
  /** Seats that were taken and not handed out, of the free seats, at each look. */
  readonly heldShare: number[];
  /** The highest load of a server over the mean load, at each look. */
  readonly unevenness: number[];
}

interface Agent {
  readonly key: string;
  readonly capacity: number;
  beat: number;
  beatAtMs: number;
  issued: number;
  sessions: number;
  left: number;
  /** Its row had no free seat when it beat: then it may beat early. */
  isFull: boolean;
  /** When a serial that nobody has shown yet was first seen by a beat. */
  readonly waiting: Map<number, number>;
  readonly shown: Set<number>;
}

const GEN = '00000000000000a1';
const LAG_MS = 3;
const SEED = 20_261_121;
const SECOND_MS = 1_000;
const LOOK_MS = 500;
/** docs/SEATS.md, "Beat". */
const EARLY_MS = 500;

const nothing = (): Counts => ({
  assigned: 0,
  failed: 0,
  wronged: 0,
  writes: 0,
  refused: 0,
  expired: 0,
  heldShare: [],
  unevenness: [],
});

export async function runScene(scene: Scene): Promise<Counts> {
  const servers = scene.capacities.map((capacity, n) =>
    aServer({ id: `i-${String(n).padStart(4, '0')}.0`, capacity, free: capacity - Math.round(capacity * scene.load) }),
  );
  const world = new World(scene, await anAssignBench(servers));
  await world.fill();
  return world.run();
}

class World {
  private readonly scene: Scene;
  private readonly bench: AssignBench;
  private readonly byId = new Map<string, Agent>();
  private readonly agents: Agent[] = [];
  private readonly assigners: Assigner[] = [];
  private readonly readRoster: (() => void)[] = [];
  private readonly rng = seededRng(SEED);
  private readonly stays: Stays;
  private readonly due: { readonly atMs: number; readonly run: () => void }[] = [];
  /** Who leaves at a millisecond. */
  private readonly leaving: (Agent[] | undefined)[] = [];
  private counts = nothing();
  private roster: Parameters<typeof buildView>[0] = [];
  private version = 0;
  private nowMs = 0;

  constructor(scene: Scene, bench: AssignBench) {
    this.scene = scene;
    this.stays = createStays(this.rng, scene.staySeconds);
    this.bench = bench;
  }

  async fill(): Promise<void> {
    const { bench, scene } = this;
    for (const { key, placement, seats } of await bench.store.list()) {
      const capacity = seats!.capacity;
      const { beat, issued, free } = seats!;
      const books = { waiting: new Map(), shown: new Set<number>(), left: 0, isFull: false };
      const agent: Agent = { key, capacity, beat, beatAtMs: -1, issued, sessions: capacity - free, ...books };
      this.agents.push(agent);
      this.byId.set(placement!.id, agent);
      for (let n = 0; n < agent.sessions; n++) this.leaveAfter(agent, this.stays.rest());
    }
    bench.lag = () => new Promise((run) => this.due.push({ atMs: bench.clock.monoMs() + LAG_MS, run: () => run() }));
    await this.writeRoster();
    const policy = createPolicy('two-choices');
    const { stock, readAnewUpTo } = scene;
    for (let n = 0; n < (scene.isOmniscient ? 0 : scene.assigners); n++) {
      const options = bench.options();
      const write = (key: string, command: RowCommand) => this.write(options.store.write(key, command));
      this.assigners.push(
        bench.assigner({
          store: { get: options.store.get, write },
          roster: this.ownRoster(),
          policy,
          stock,
          ...(readAnewUpTo !== undefined && { readAnewUpTo }),
        }),
      );
    }
  }

  async run(): Promise<Counts> {
    const { clock } = this.bench;
    const { seconds, countFromSecond } = this.scene;
    const phases = this.assigners.map(() => Math.floor(this.rng.float() * SECOND_MS));
    const beats = Map.groupBy(this.agents, () => Math.floor(this.rng.float() * DEFAULT_TIMING.beatMs));
    for (this.nowMs = 0; this.nowMs < seconds * SECOND_MS; this.nowMs++) {
      const ms = this.nowMs;
      clock.advance(1);
      if (ms === countFromSecond * SECOND_MS) this.counts = nothing();
      while (this.due[0] && this.due[0].atMs <= clock.monoMs()) this.due.shift()!.run();
      for (const agent of this.leaving[ms] ?? []) {
        agent.sessions--;
        agent.left++;
        if (agent.isFull && ms - agent.beatAtMs >= EARLY_MS) await this.beat(agent);
      }
      this.leaving[ms] = undefined;
      for (let n = this.arrivalsNow(ms / SECOND_MS); n > 0; n--) void this.arrive();
      for (const agent of beats.get(ms % DEFAULT_TIMING.beatMs) ?? []) await this.beat(agent);
      for (const [at, assigner] of this.assigners.entries()) {
        if (ms % SECOND_MS !== phases[at]) continue;
        await this.writeRoster();
        this.readRoster[at]!();
        assigner.view();
        assigner.sweep();
      }
      if (ms >= countFromSecond * SECOND_MS && ms % LOOK_MS === LOOK_MS - 1) await this.look();
      await new Promise(setImmediate);
    }
    return this.counts;
  }

  private arrivalsNow(seconds: number): number {
    const { perSecond, staySeconds, load, capacities } = this.scene;
    const rate = perSecond?.(seconds) ?? (load * capacities.reduce((sum, each) => sum + each, 0)) / staySeconds;
    return poisson(this.rng, rate / SECOND_MS);
  }

  private async arrive(): Promise<void> {
    const askedAtMs = this.nowMs;
    const { counts } = this;
    if (this.scene.isOmniscient) {
      const least = this.agents.reduce((a, b) => (b.sessions * a.capacity < a.sessions * b.capacity ? b : a));
      least.sessions++;
      counts.assigned++;
      this.leaveAfter(least, this.stays.whole());
      return;
    }
    const assigner = this.assigners[Math.floor(this.rng.float() * this.assigners.length)]!;
    const outcome = await assigner.assign(aRequest());
    if (!outcome.ok) {
      counts.failed++;
      const rows = await Promise.all(
        this.agents.filter(({ beatAtMs }) => beatAtMs < askedAtMs).map(({ key }) => this.bench.store.get(key)),
      );
      if (rows.some((row) => row!.seats!.free > 0)) counts.wronged++;
      return;
    }
    counts.assigned++;
    const agent = this.byId.get(outcome.server.id)!;
    const serial = Number(outcome.id.split(':').at(-1));
    if (!agent.waiting.delete(serial)) agent.shown.add(serial);
    agent.sessions++;
    this.leaveAfter(agent, this.stays.whole());
  }

  private async write<T extends { readonly ok: boolean }>(sent: Promise<T>): Promise<T> {
    const reply = await sent;
    this.counts.writes++;
    if (!reply.ok) this.counts.refused++;
    return reply;
  }

  /** One view whose numbers are written over, as the reader of the shards does it. */
  private ownRoster(): RosterSource {
    const view = buildView(this.roster, this.version, 15_000);
    this.readRoster.push(() => {
      // Ids have leading zeros: the rows are in their order.
      this.roster.forEach(({ status: { free, beat } }, index) => {
        view.free[index] = view.listedFree[index] = free;
        view.beat[index] = beat;
      });
      Object.assign(view, { version: this.version, revision: this.version });
    });
    return { view: () => view, ageMs: () => 0, degraded: () => false };
  }

  private async writeRoster(): Promise<void> {
    const rows = await this.bench.store.list();
    this.roster = rows.map(({ key, placement, seats, suspect }) => ({
      key,
      server: placement!,
      status: { ...seats!, suspect, beatAgeMs: 0 },
    }));
    this.version++;
  }

  private async beat(agent: Agent): Promise<void> {
    const { issued } = (await this.bench.store.get(agent.key))!.seats!;
    for (let serial = agent.issued + 1; serial <= issued; serial++) {
      if (!agent.shown.delete(serial)) agent.waiting.set(serial, this.nowMs);
    }
    agent.issued = issued;
    agent.beatAtMs = this.nowMs;
    let expired = 0;
    for (const [serial, sinceMs] of agent.waiting) {
      if (this.nowMs - sinceMs < DEFAULT_TIMING.expireMs) break;
      agent.waiting.delete(serial);
      expired++;
    }
    this.counts.expired += expired;
    const addFree = agent.left + expired;
    agent.left = 0;
    const { sessions, capacity, key } = agent;
    const load = { hb: 0, sessions, capacity, state: 'ready' } as const;
    const reply = await this.bench.store.write(key, { kind: 'beat', gen: GEN, beat: agent.beat++, addFree, ...load });
    agent.isFull = reply.row?.seats?.free === 0;
  }

  private async look(): Promise<void> {
    let [held, free, sessions, capacity, highest] = [0, 0, 0, 0, 0];
    for (const agent of this.agents) {
      const row = await this.bench.store.get(agent.key);
      held += row!.seats!.issued - agent.issued + agent.waiting.size - agent.shown.size;
      free += agent.capacity - agent.sessions;
      sessions += agent.sessions;
      capacity += agent.capacity;
      highest = Math.max(highest, agent.sessions / agent.capacity);
    }
    this.counts.heldShare.push(held / free);
    this.counts.unevenness.push((highest * capacity) / sessions);
  }

  private leaveAfter(agent: Agent, seconds: number): void {
    const atMs = this.nowMs + Math.max(1, Math.round(seconds * SECOND_MS));
    if (atMs >= this.scene.seconds * SECOND_MS) return;
    const there = this.leaving[atMs];
    if (there) there.push(agent);
    else this.leaving[atMs] = [agent];
  }
}
