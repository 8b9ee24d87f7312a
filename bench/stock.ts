/**
 * What stock saves and what it holds back: `node bench/stock.ts [virtual seconds]`. 1,000 assignments a second over 100
 * servers, by the assigner itself over the registry in memory, under a virtual clock: a message takes 3 ms, a server's
 * beat 5 s, the roster is written once a second. As many sessions end as begin, so that the load stays. Seats that were
 * taken and not handed out come back after T, as with the agent. Every second is looked at once the first half has passed.
 */
import { parseArgs } from 'node:util';
import type { Assigner } from '../core/assign/assigner.ts';
import type { RowCommand, WriteReply } from '../core/registry/commands.ts';
import { DEFAULT_TIMING } from '../core/registry/timing.ts';
import { createPolicy } from '../core/select/create-policy.ts';
import { type AssignBench, anAssignBench, aRequest } from '../test/support/assign-bench.ts';
import type { ListedServer } from '../test/support/build-view.ts';
import { aServer } from '../test/support/builders.ts';
import { seededRng } from '../test/support/seeded-rng.ts';

const { positionals } = parseArgs({ allowPositionals: true });
const SECONDS = Number(positionals[0] ?? 100);
const SERVERS = 100;
const PER_SECOND = 1_000;
const LAG_MS = 3;
const SEED = 20_261_121;

interface Scene {
  readonly name: string;
  readonly assigners: number;
  readonly stock: boolean;
  readonly capacity: number;
  readonly load: number;
}

interface Agent {
  readonly key: string;
  readonly id: string;
  beat: number;
  issued: number;
  sessions: number;
  left: number;
  /** When a serial that nobody has shown yet was first seen by a beat. */
  readonly waiting: Map<number, number>;
  readonly shown: Set<number>;
}

/** What is counted once the start is over. */
interface Counts {
  assigned: number;
  failed: number;
  writes: number;
  refused: number;
  expired: number;
  /** Seats that were taken and neither handed out nor given back yet, of the free seats, once a second. */
  readonly heldShare: number[];
}

class World {
  readonly scene: Scene;
  readonly bench: AssignBench;
  readonly agents = new Map<string, Agent>();
  readonly counts: Counts = {
    assigned: 0,
    failed: 0,
    writes: 0,
    refused: 0,
    expired: 0,
    heldShare: [],
  };
  readonly assigners: readonly Assigner[];
  private readonly rng = seededRng(SEED);
  private readonly due: { readonly atMs: number; readonly run: () => void }[] = [];

  constructor(scene: Scene, bench: AssignBench, servers: readonly ListedServer[]) {
    this.scene = scene;
    this.bench = bench;
    for (const { key, server, status } of servers) {
      const { sessions } = status;
      const seats = { beat: 1_001, issued: 1_000, sessions, left: 0, waiting: new Map(), shown: new Set<number>() };
      this.agents.set(server.id, { key, id: server.id, ...seats });
    }
    bench.lag = () => new Promise((run) => this.due.push({ atMs: bench.clock.monoMs() + LAG_MS, run: () => run() }));
    this.assigners = Array.from({ length: scene.assigners }, () => {
      const { store } = bench.options();
      const write = (key: string, command: RowCommand) => this.write(store.write(key, command));
      return bench.assigner({
        store: { get: store.get, write },
        policy: createPolicy('two-choices'),
        stock: scene.stock,
      });
    });
  }

  private async write(sent: Promise<WriteReply>): Promise<WriteReply> {
    const reply = await sent;
    this.counts.writes++;
    if (!reply.ok) this.counts.refused++;
    return reply;
  }

  private async arrive(n: number): Promise<void> {
    const outcome = await this.assigners[n % this.assigners.length]!.assign(aRequest());
    if (!outcome.ok) {
      this.counts.failed++;
      return;
    }
    this.counts.assigned++;
    const agent = this.agents.get(outcome.server.id)!;
    const serial = Number(outcome.id.split(':').at(-1));
    if (!agent.waiting.delete(serial)) agent.shown.add(serial);
    agent.sessions++;
    this.leave();
  }

  /** One session of all ends. */
  private leave(): void {
    const all = [...this.agents.values()];
    for (;;) {
      const agent = all[Math.floor(this.rng.float() * all.length)]!;
      if (this.rng.float() * this.scene.capacity >= agent.sessions) continue;
      agent.sessions--;
      agent.left++;
      return;
    }
  }

  private async beat(agent: Agent): Promise<void> {
    const nowMs = this.bench.clock.monoMs();
    const { issued } = (await this.bench.store.get(agent.key))!.seats!;
    for (let serial = agent.issued + 1; serial <= issued; serial++) {
      if (!agent.shown.delete(serial)) agent.waiting.set(serial, nowMs);
    }
    agent.issued = issued;
    let expired = 0;
    for (const [serial, sinceMs] of agent.waiting) {
      if (nowMs - sinceMs < DEFAULT_TIMING.expireMs) break;
      agent.waiting.delete(serial);
      expired++;
    }
    this.counts.expired += expired;
    const addFree = agent.left + expired;
    agent.left = 0;
    const { sessions, key } = agent;
    const load = { hb: 0, sessions, capacity: this.scene.capacity, state: 'ready' } as const;
    await this.bench.store.write(key, { kind: 'beat', gen: '00000000000000a1', beat: agent.beat++, addFree, ...load });
  }

  private async look(): Promise<void> {
    let held = 0;
    let free = SERVERS * this.scene.capacity;
    for (const { key, issued, waiting, shown, sessions } of this.agents.values()) {
      held += (await this.bench.store.get(key))!.seats!.issued - issued + waiting.size - shown.size;
      free -= sessions;
    }
    this.counts.heldShare.push(held / free);
  }

  async run(): Promise<Counts> {
    const { clock } = this.bench;
    const agents = [...this.agents.values()];
    const { counts } = this;
    for (let ms = 0; ms < SECONDS * 1_000; ms++) {
      clock.advance(1);
      while (this.due[0] && this.due[0].atMs <= clock.monoMs()) this.due.shift()!.run();
      for (let n = 0; n < PER_SECOND / 1_000; n++) void this.arrive(ms + n);
      const turn = ms % (DEFAULT_TIMING.beatMs / SERVERS);
      if (turn === 0) await this.beat(agents[(ms / (DEFAULT_TIMING.beatMs / SERVERS)) % SERVERS]!);
      if (ms % 1_000 === 0) await this.second();
      if (ms === SECONDS * 500) Object.assign(counts, { assigned: 0, failed: 0, writes: 0, refused: 0, expired: 0 });
      if (ms > SECONDS * 500 && ms % 1_000 === 500) await this.look();
      await new Promise(setImmediate);
    }
    return counts;
  }

  private async second(): Promise<void> {
    await this.bench.refreshRoster();
    for (const assigner of this.assigners) {
      assigner.view();
      assigner.sweep();
    }
  }
}

async function measure(scene: Scene): Promise<string> {
  const { capacity, load, name, assigners, stock } = scene;
  const free = Math.round(capacity * (1 - load));
  const servers = Array.from({ length: SERVERS }, (_, n) => aServer({ id: `i-${n}.0`, capacity, free }));
  const counts = await new World(scene, await anAssignBench(servers), servers).run();
  const per = (count: number) => ((count * 1_000) / counts.assigned).toFixed(1).padStart(7);
  const share = (values: readonly number[]) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return `${(mean * 100).toFixed(2)} % (most ${(Math.max(...values) * 100).toFixed(2)} %)`;
  };
  return [
    `${name.padEnd(12)} ${String(assigners).padStart(3)} ${stock ? 'stock' : '-    '} ${String(capacity).padStart(5)}`,
    `${(load * 100).toFixed(0).padStart(4)} %`,
    per(counts.writes),
    per(counts.refused),
    per(counts.expired),
    String(counts.failed).padStart(6),
    `  ${share(counts.heldShare)}`,
  ].join(' ');
}

const GATEWAYS = { name: 'gateways', assigners: 2, stock: true };
const FUNCTIONS = { name: 'functions', assigners: 64 };
const SCENES: readonly Scene[] = [
  ...[0.3, 0.5, 0.7, 0.9, 0.97].map((load) => ({ ...GATEWAYS, capacity: 1_000, load })),
  { ...GATEWAYS, capacity: 100, load: 0.5 },
  { ...FUNCTIONS, stock: true, capacity: 1_000, load: 0.3 },
  { ...FUNCTIONS, stock: false, capacity: 1_000, load: 0.3 },
];
console.log(
  `${SERVERS} servers, ${PER_SECOND} assignments/s, ${SECONDS} virtual s, seed ${SEED}; per 1,000 assignments`,
);
console.log('assigners           seats  load  writes refused expired failed   held back, of the free seats');
for (const scene of SCENES) console.log(await measure(scene));
