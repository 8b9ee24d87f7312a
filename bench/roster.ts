/**
 * What a roster of 10,000 servers costs: `node bench/roster.ts [--seconds 60]` (after `npm run build`; needs cc). First
 * the CPU time of one refresh, in which a fifth of the servers has beaten since the last, and how many items are read
 * while requests come at three rates. Then a real gateway process over such a roster, under classic probes as fast as it
 * answers them, with its resident memory every 5 s; `--seconds 600` for the long run.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createDynamoClient } from '../adapters/dynamodb/client.ts';
import { createRegistryStore } from '../adapters/dynamodb/registry-store.ts';
import { createMemoryStore } from '../adapters/memory/registry-store.ts';
import { systemClock } from '../adapters/system/system-clock.ts';
import type { RegistryStore } from '../core/ports.ts';
import { createRosterWriter } from '../core/registry/roster-pass.ts';
import { createRosterReader } from '../core/registry/roster-reader.ts';
import { rowKey, serverId } from '../core/registry/row.ts';
import { LOCAL_ACCESS, startDynalite } from '../local/dynalite.ts';
import { freePorts } from '../test/support/free-ports.ts';
import { machine, roundsLine } from './cpu.ts';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } });
const SECONDS = Number(values.seconds);
const SERVERS = 10_000;
const CAPACITY = 1_000;
const GEN = '00000000000000aa';
const TABLE = 'bench';
const BEAT_SECONDS = 5;
const ROUNDS = 15;
const SAMPLE_MS = 5_000;
const NS_PER_US = 1_000;

const machineOf = (n: number): string => `i-${n.toString(16).padStart(17, '0')}`;
const keyOf = (n: number): string => rowKey(`AROAEXAMPLE:${machineOf(n)}`, 0);

/** A registry whose servers beat when they are told to, and its roster. */
class Fleet {
  readonly store = createMemoryStore();
  readonly writer: { pass(): Promise<unknown> };
  private round = 0;
  private readonly beats = new Map<number, number>();

  constructor(copyTo?: Pick<RegistryStore, 'writeRoster'>) {
    const writeRoster: RegistryStore['writeRoster'] = async (item) => {
      await this.store.writeRoster(item);
      await copyTo?.writeRoster(item);
    };
    this.writer = createRosterWriter({ store: { ...this.store, writeRoster }, clock: systemClock });
  }

  async fill(): Promise<void> {
    for (let n = 0; n < SERVERS; n++) {
      await this.store.write(keyOf(n), { kind: 'create', gen: GEN, nowMs: 1_000 });
      this.beats.set(n, 1_000);
      await this.store.place(keyOf(n), {
        id: serverId(machineOf(n), 0),
        ipv4: `198.51.${n >> 8}.${n & 255}`,
        ports: { game: 27_015, probe: 7_000 },
        zone: 'eu-central-1a',
        app: 'world',
        world: 'main',
        group: 'eu-central',
        labels: {},
        maxCapacity: CAPACITY,
      });
      await this.beat(n, CAPACITY);
    }
    await this.writer.pass();
    for (let n = 0; n < BEAT_SECONDS; n++) await this.second();
  }

  /** Each fifth of the servers in turn, and the roster that says so. */
  async second(): Promise<void> {
    for (let n = this.round++ % BEAT_SECONDS; n < SERVERS; n += BEAT_SECONDS) await this.beat(n, 0);
    await this.writer.pass();
  }

  private async beat(n: number, addFree: number): Promise<void> {
    const beat = this.beats.get(n)!;
    this.beats.set(n, beat + 1);
    const load = { hb: 0, sessions: 0, capacity: CAPACITY, state: 'ready' } as const;
    await this.store.write(keyOf(n), { kind: 'beat', gen: GEN, beat, addFree, ...load });
  }
}

async function measureRefresh(): Promise<void> {
  const fleet = new Fleet();
  await fleet.fill();
  const reader = createRosterReader({ readRoster: fleet.store.readRoster, clock: systemClock, refreshMs: 0 });
  const rounds: number[] = [];
  for (let round = -5; round < ROUNDS; round++) {
    await fleet.second();
    globalThis.gc?.();
    const before = process.cpuUsage();
    await reader.refresh();
    const { user, system } = process.cpuUsage(before);
    if (round >= 0) rounds.push((user + system) * NS_PER_US);
    if (reader.view().entries.length !== SERVERS) throw new Error('the roster is not whole');
  }
  console.log(roundsLine('one refresh, CPU us', rounds, NS_PER_US));

  for (const perSecond of [10, 1_000, 100_000]) {
    let reads = 0;
    let nowMs = 0;
    const readRoster = (name: string) => {
      reads++;
      return fleet.store.readRoster(name);
    };
    const own = createRosterReader({ readRoster, clock: { monoMs: () => nowMs } });
    await own.refresh();
    const first = reads;
    for (let request = 0; request < 5 * perSecond; request++) {
      nowMs = (request * 1_000) / perSecond;
      if (request % perSecond === 0) await fleet.second();
      await own.refresh();
    }
    console.log(`${perSecond} requests/s: ${((reads - first) / 5).toFixed(1)} items read a second, ${first} at first`);
  }
}

/** Resident memory in MB (10^6 bytes), of the process now. */
function rssMb(pid: number): number {
  return (Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1_024) / 1e6;
}

async function untilOpen(healthPort: number): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    const health = await fetch(`http://127.0.0.1:${healthPort}/healthz`).catch(() => undefined);
    const { openServers } = health ? ((await health.json()) as { openServers: number }) : { openServers: 0 };
    if (openServers === SERVERS) return;
    await delay(100);
  }
  throw new Error('the gateway does not get its roster');
}

async function measureMemory(dir: string): Promise<void> {
  const generator = join(dir, 'probes');
  execFileSync('cc', ['-O2', '-o', generator, join(import.meta.dirname, 'load/probes.c')]);
  const secret = join(dir, 'secret');
  writeFileSync(secret, Buffer.alloc(48, 7), { mode: 0o600 });
  const dynamo = await startDynalite({ table: TABLE });
  const client = createDynamoClient({ ...LOCAL_ACCESS, endpoint: dynamo.endpoint });
  const fleet = new Fleet(createRegistryStore({ client, table: TABLE, timeoutMs: 20_000 }));
  await fleet.fill();
  const port = await freePorts(2);
  const args = ['--bind', '127.0.0.1', '--port', String(port), '--health-bind', '127.0.0.1'];
  const door = spawn(process.execPath, ['dist/door/door.mjs', ...args, '--health-port', String(port + 1)], {
    cwd: join(import.meta.dirname, '..'),
    env: {
      PATH: process.env['PATH'],
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_ENDPOINT_URL_DYNAMODB: dynamo.endpoint,
      ONEDOOR_TABLE: TABLE,
      ONEDOOR_KEY_SECRET: `file:${secret}`,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  let load: ReturnType<typeof spawn> | undefined;
  let isOver = false;
  const beating = (async () => {
    while (!isOver) await Promise.all([fleet.second(), delay(1_000)]);
  })();
  try {
    await untilOpen(port + 1);
    const idle = rssMb(door.pid!);
    load = spawn(generator, ['127.0.0.1', String(port), '256', String(SECONDS)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    load.stdout!.on('data', (chunk) => (said += chunk));
    const samples: number[] = [];
    for (let ms = 0; ms < SECONDS * 1_000; ms += SAMPLE_MS) {
      await delay(SAMPLE_MS);
      samples.push(rssMb(door.pid!));
    }
    const shown = samples.map((mb) => mb.toFixed(0)).join(' ');
    console.log(`gateway with ${SERVERS} servers, resident MB: ${idle.toFixed(0)} idle; under load ${shown}`);
    console.log(`most ${Math.max(...samples).toFixed(0)} MB; load: ${said.trim()}`);
  } finally {
    isOver = true;
    load?.kill();
    door.kill();
    await beating;
    client.destroy();
    await dynamo.close();
  }
}

console.log(`${machine()}; ${SERVERS} servers, a beat every ${BEAT_SECONDS} s`);
await measureRefresh();
const dir = mkdtempSync(join(tmpdir(), 'onedoor-bench-'));
try {
  await measureMemory(dir);
} finally {
  rmSync(dir, { recursive: true });
}
