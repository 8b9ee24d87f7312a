/**
 * What a roster of 10,000 servers costs: `node bench/roster.ts [--minutes 0.5]` (after `npm run build`; needs cc). First
 * the CPU time of one refresh, in which a fifth of the servers has beaten since the last, and of the first pick after it;
 * how many items are read while requests come at three rates. Then a real gateway process over such a roster, which
 * probes all of its servers, under classic probes as fast as it answers them, with its resident memory every 5 s;
 * `--minutes 10` for the long run.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createDynamoClient } from '../adapters/dynamodb/client.ts';
import { createRegistryStore } from '../adapters/dynamodb/registry-store.ts';
import { systemClock } from '../adapters/system/system-clock.ts';
import { createRosterReader } from '../core/registry/roster-reader.ts';
import { LOCAL_ACCESS, startDynalite } from '../local/dynalite.ts';
import { freePorts } from '../test/support/free-ports.ts';
import { machine, median, roundsLine } from './cpu.ts';
import { atMost } from './figure.ts';
import { BEAT_SECONDS, compile, Fleet, healthOf, type Process, rssMb, startGateway, startServers } from './fleet.ts';

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '0.5' } } });
const SECONDS = Number(values.minutes) * 60;
const SERVERS = 10_000;
const TABLE = 'bench';
const ROUNDS = 15;
const SAMPLE_MS = 5_000;
const NS_PER_US = 1_000;
const MOST_MB = 120;

async function measureRefresh(): Promise<void> {
  const fleet = new Fleet(SERVERS);
  await fleet.fill();
  const reader = createRosterReader({ readRoster: fleet.store.readRoster, clock: systemClock, refreshMs: 0 });
  const rounds: number[] = [];
  for (let round = -5; round < ROUNDS; round++) {
    await fleet.second();
    const before = process.cpuUsage();
    await reader.refresh();
    const { user, system } = process.cpuUsage(before);
    if (round >= 0) rounds.push((user + system) * NS_PER_US);
    if (reader.view().entries.length !== SERVERS) throw new Error('the roster is not whole');
  }
  console.log(roundsLine('one refresh, CPU us', rounds, NS_PER_US));
  atMost(`refresh of ${SERVERS} servers, CPU`, 1_000, median(rounds) / NS_PER_US, 'us');
}

async function measureReads(): Promise<void> {
  const fleet = new Fleet(SERVERS);
  await fleet.fill();
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
    for (let request = 0; request < BEAT_SECONDS * perSecond; request++) {
      nowMs = (request * 1_000) / perSecond;
      if (request % perSecond === 0) await fleet.second();
      await own.refresh();
    }
    const eachSecond = ((reads - first) / BEAT_SECONDS).toFixed(1);
    console.log(`${perSecond} requests/s: ${eachSecond} items read a second, ${first} at first`);
  }
}

async function measureMemory(dir: string): Promise<void> {
  const [generator, responder] = [compile('probes', dir), compile('servers', dir)];
  const port = await freePorts(3);
  const [healthPort, probePort] = [port + 1, port + 2];
  const dynamo = await startDynalite({ table: TABLE });
  const { endpoint } = dynamo;
  const client = createDynamoClient({ ...LOCAL_ACCESS, endpoint });
  const store = createRegistryStore({ client, table: TABLE, timeoutMs: 20_000 });
  const fleet = new Fleet(SERVERS, probePort, store.writeRoster);
  await fleet.fill();
  const processes: Process[] = [await startServers(responder, fleet, probePort)];
  let isOver = false;
  const beating = (async () => {
    while (!isOver) await Promise.all([fleet.second(), delay(1_000)]);
  })();
  try {
    const door = await startGateway({ endpoint, table: TABLE, dir, port, healthPort, size: SERVERS });
    processes.push(door);
    const idle = rssMb(door.pid);
    const load = spawn(generator, ['127.0.0.1', String(port), '256', String(SECONDS)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    processes.push(load);
    let said = '';
    load.stdout.on('data', (chunk) => (said += chunk));
    const samples: number[] = [];
    for (let ms = 0; ms < SECONDS * 1_000; ms += SAMPLE_MS) {
      await delay(SAMPLE_MS);
      samples.push(rssMb(door.pid));
    }
    const shown = samples.map((mb) => mb.toFixed(0)).join(' ');
    const { counters, probing } = (await healthOf(healthPort))!;
    console.log(`gateway with ${SERVERS} servers, resident MB: ${idle.toFixed(0)} idle; under load ${shown}`);
    console.log(`load: ${said.trim()}; probes sent ${counters['probes']}, of itself ${JSON.stringify(probing)}`);
    atMost(
      `resident memory of a gateway with ${SERVERS} servers, ${SECONDS} s of full load`,
      MOST_MB,
      Math.max(...samples),
      'MB',
    );
  } finally {
    isOver = true;
    for (const each of processes) each.kill();
    await beating;
    client.destroy();
    await dynamo.close();
  }
}

console.log(`${machine()}; ${SERVERS} servers, a beat every ${BEAT_SECONDS} s`);
await measureRefresh();
await measureReads();
const dir = mkdtempSync(join(tmpdir(), 'onedoor-bench-'));
try {
  await measureMemory(dir);
} finally {
  rmSync(dir, { recursive: true });
}
