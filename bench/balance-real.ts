/**
 * How even a pool stays on the real stack: `node bench/balance-real.ts [--seconds 12]`. 40 servers of 100 seats in
 * DynamoDBLocal (dynalite where there is none), 64 assigners in 4 processes, each with the registry store and a reader of its own,
 * the writer's roster once a second, beats every second. Beside it the same size under the virtual clock (bench/world.ts): the
 * bound is for 1,000 servers, and by the highest of 40 alone nobody could tell.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createDynamoClient } from '../adapters/dynamodb/client.ts';
import { createRegistryStore } from '../adapters/dynamodb/registry-store.ts';
import { systemClock } from '../adapters/system/system-clock.ts';
import type { RegistryStore } from '../core/ports.ts';
import { createRosterWriter } from '../core/registry/roster-pass.ts';
import { rowKey, serverId } from '../core/registry/row.ts';
import { createTable, LOCAL_ACCESS, startDynalite } from '../local/dynalite.ts';
import { startDynamoDbLocal, whyNoDynamoDbLocal } from '../test/support/dynamodb-local.ts';
import { seededRng } from '../test/support/seeded-rng.ts';
import { median } from './cpu.ts';
import { atMost, told } from './figure.ts';
import type { AssignerOrder, AssignerWord } from './load/assigners.ts';
import { createStays } from './stays.ts';
import { runScene } from './world.ts';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '10' } } });
const COUNTED_SECONDS = Number(values.seconds);
const WARM_SECONDS = 8;
const SERVERS = 40;
const CAPACITY = 100;
const PROCESSES = 4;
const ASSIGNERS = 64;
const STAY_SECONDS = 60;
/** Clients stay a twentieth of the usual time, so that seconds show something: at the usual beat most free seats would wait for it. */
const BEAT_MS = 1_000;
const SECOND_MS = 1_000;
const LOOK_MS = 500;
const GEN = '00000000000000aa';
/** Of the clients: a machine that is too busy for the rest says nothing about balance. */
const LEAST_BORNE = 0.9;
/** The engine compiles itself under its first calls; what the assigners wait for is their own. */
const PATIENCE_MS = 30_000;

interface Agent {
  readonly key: string;
  beat: number;
  sessions: number;
  left: number;
}

interface Real {
  readonly unevenness: readonly number[];
  readonly assigned: number;
  readonly refused: number;
  readonly failed: number;
}

const machine = (n: number): string => `i-${n.toString(16).padStart(17, '0')}`;

async function beat(store: RegistryStore, agent: Agent, addFree: number): Promise<void> {
  const { key, sessions } = agent;
  const load = { hb: 0, sessions, capacity: CAPACITY, state: 'ready' } as const;
  const { row } = await store.write(key, { kind: 'beat', gen: GEN, beat: agent.beat, addFree, ...load });
  agent.beat = row?.seats?.beat ?? agent.beat;
}

async function enrol(store: RegistryStore, n: number, sessions: number): Promise<Agent> {
  const key = rowKey(`AROAEXAMPLE:${machine(n)}`, 0);
  await store.write(key, { kind: 'create', gen: GEN, nowMs: systemClock.wallMs() });
  await store.place(key, {
    id: serverId(machine(n), 0),
    ipv4: `198.51.100.${n}`,
    ports: { game: 27_015, probe: 7_000 },
    ...{ zone: 'eu-central-1a', app: 'arena', world: 'main', group: 'eu-central', labels: {}, maxCapacity: CAPACITY },
  });
  const agent: Agent = { key, beat: (await store.get(key))!.seats!.beat, sessions, left: 0 };
  await beat(store, agent, CAPACITY - sessions);
  return agent;
}

/** A pool of its own in a table of its own, so that nothing is left of the one before. */
async function runReal(endpoint: string, load: number): Promise<Real> {
  const table = `balance-${load * 100}`;
  await createTable(endpoint, table);
  const client = createDynamoClient({ ...LOCAL_ACCESS, endpoint });
  const store = createRegistryStore({ client, table, timeoutMs: PATIENCE_MS });
  const writer = createRosterWriter({ store, clock: systemClock });
  const agents = await Promise.all(Array.from({ length: SERVERS }, (_, n) => enrol(store, n, load * CAPACITY)));
  // A server counts as alive once its beat was seen to move.
  await writer.pass();
  for (const agent of agents) await beat(store, agent, 0);
  await writer.pass();
  const byId = new Map(agents.map((agent, n) => [serverId(machine(n), 0), agent]));
  const stays = createStays(seededRng(1), STAY_SECONDS);
  const timers = new Set<NodeJS.Timeout>();
  const leaveAfter = (agent: Agent, seconds: number): void => {
    const timer = setTimeout(() => {
      agent.sessions--;
      agent.left++;
      timers.delete(timer);
    }, seconds * SECOND_MS);
    timers.add(timer);
  };

  const counts = { assigned: 0, refused: 0, failed: 0 };
  const unevenness: number[] = [];
  const hear = (word: AssignerWord): void => {
    if (word.kind === 'ready') return;
    if (word.kind !== 'assigned') {
      counts[word.kind]++;
      return;
    }
    const agent = byId.get(word.server)!;
    counts.assigned++;
    agent.sessions++;
    leaveAfter(agent, stays.whole());
  };
  const perSecond = (load * SERVERS * CAPACITY) / STAY_SECONDS;
  const children = await startAssigners(hear, { endpoint, table, perSecond: perSecond / PROCESSES });
  for (const agent of agents) for (let n = load * CAPACITY; n > 0; n--) leaveAfter(agent, stays.rest());
  const every = (ms: number, run: () => unknown): void => void timers.add(setInterval(run, ms));
  every(SECOND_MS, () => writer.pass().catch(() => {}));
  for (const agent of agents) {
    const beats = async (): Promise<void> => {
      const { left } = agent;
      agent.left = 0;
      await beat(store, agent, left).catch(() => {
        agent.left += left;
      });
    };
    const first = setTimeout(() => every(BEAT_MS, beats), Math.random() * BEAT_MS);
    timers.add(first);
  }
  await delay(WARM_SECONDS * SECOND_MS);
  Object.assign(counts, { assigned: 0, refused: 0, failed: 0 });
  every(LOOK_MS, () => {
    const sessions = agents.map((agent) => agent.sessions);
    unevenness.push((Math.max(...sessions) * SERVERS) / sessions.reduce((sum, each) => sum + each, 0));
  });
  await delay(COUNTED_SECONDS * SECOND_MS);
  const found = { unevenness, ...counts };
  for (const timer of timers) clearTimeout(timer);
  await Promise.all(children.map(ended));
  client.destroy();
  return found;
}

/** Resolves when all have a roster: their clients come from then on. */
async function startAssigners(hear: (word: AssignerWord) => void, order: Omit<AssignerOrder, 'assigners' | 'seed'>) {
  const starting = Array.from({ length: PROCESSES }, async (_, n): Promise<ChildProcess> => {
    const child = fork(join(import.meta.dirname, 'load/assigners.ts'), { execArgv: [] });
    child.on('message', hear);
    child.send({ ...order, assigners: ASSIGNERS / PROCESSES, seed: n + 1 } satisfies AssignerOrder);
    await once(child, 'message');
    return child;
  });
  const children = await Promise.all(starting);
  for (const child of children) child.send('go');
  return children;
}

async function ended(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

const why = whyNoDynamoDbLocal();
const engine = why === undefined ? await startDynamoDbLocal() : await startDynalite({ table: 'unused' });
try {
  const name = why === undefined ? 'DynamoDBLocal' : `dynalite (DynamoDBLocal ${why})`;
  console.log(`${name}, ${SERVERS} servers of ${CAPACITY}, ${ASSIGNERS} assigners, stays of ${STAY_SECONDS} s`);
  for (const load of [0.7, 0.9]) {
    const scene = { capacities: new Array<number>(SERVERS).fill(CAPACITY), assigners: ASSIGNERS, stock: true, load };
    const seconds = WARM_SECONDS + COUNTED_SECONDS;
    const run = { ...scene, staySeconds: STAY_SECONDS, seconds, countFromSecond: WARM_SECONDS };
    const virtual = median((await runScene(run)).unevenness);
    const perfect = median((await runScene({ ...run, isOmniscient: true })).unevenness);
    const { unevenness, assigned, refused, failed } = await runReal(engine.endpoint, load);
    const what = `max/mean, ${SERVERS} servers, ${ASSIGNERS} assigners, ${load * 100} %`;
    console.log(`${what}: ${unevenness.map((each) => each.toFixed(3)).join(' ')}; ${assigned} assigned`);
    const expected = (load * SERVERS * CAPACITY * COUNTED_SECONDS) / STAY_SECONDS;
    const isBorne = assigned >= expected * LEAST_BORNE;
    if (isBorne) told(`${what}, real stack`, median(unevenness));
    else console.log(`no figure of the real stack: of ${expected} clients ${assigned} were served in time`);
    told(`${what}, virtual clock`, virtual);
    told(`${what}, omniscient`, perfect);
    if (load !== 0.9 || !isBorne) continue;
    // A few hundred clients cannot show one in a thousand: bench/balance.ts does.
    told('conflicts per 100 reservations, real stack', (100 * refused) / assigned);
    atMost('refused clients, real stack', 0, failed);
  }
} finally {
  await engine.close();
}

// Sockets of the engine and its clients would keep the process.
process.exit(0);
