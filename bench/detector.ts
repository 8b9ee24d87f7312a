/**
 * Whether those who probe the servers judge well in real time: `node bench/detector.ts [flags]`. Runs `npm start` with 20
 * servers, and beside its gateway two probers of the same code whose packets are lost by a seeded dice, each way; stops the
 * gateway for 5 s again and again; takes all CPU from it. Takes 20 minutes and more; `--minutes 1 --stops 1` tries it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createDynamoClient } from '../adapters/dynamodb/client.ts';
import { createRegistryStore } from '../adapters/dynamodb/registry-store.ts';
import { createMemoryWatchStore } from '../adapters/memory/watch-store.ts';
import { systemClock } from '../adapters/system/system-clock.ts';
import { createSystemRng } from '../adapters/system/system-rng.ts';
import { openProbeSocket } from '../adapters/udp/probe-socket.ts';
import { createRosterReader } from '../core/registry/roster-reader.ts';
import { createProber } from '../core/suspect/prober.ts';
import { LOCAL_ACCESS } from '../local/dynalite.ts';
import { LOCAL_TABLE } from '../local/settings.ts';
import { type LocalProgram, startLocal } from '../test/support/local-program.ts';
import { seededRng } from '../test/support/seeded-rng.ts';
import { probingOf, stopGateway, untilWatched } from '../test/suspicion/gateway-process.ts';
import { atMost, told } from './figure.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '10' },
    servers: { type: 'string', default: '20' },
    stops: { type: 'string', default: '5' },
    'busy-seconds': { type: 'string', default: '30' },
  },
});
const [seed, minutes, servers, stops] = [values.seed, values.minutes, values.servers, values.stops].map(Number) as [
  number,
  number,
  number,
  number,
];

let isShort = false;
/** A night's run ends with what it found. */
function most(what: string, bound: number, measured: number, unit = ''): void {
  isShort ||= measured > bound;
  atMost(what, bound, measured, unit);
}

const PACKET_TYPE = 0xffff;
const PROBERS = 2;
const STOP_MS = 5_000;
const JUDGE_MS = 4_000;
const READY_MS = 120_000;

/** A prober of the same servers whose packets get lost. */
async function startProber({ registry }: LocalProgram, n: number, loss: number) {
  const dice = seededRng(seed * 100 + n);
  const socket = await openProbeSocket(() => false);
  const client = createDynamoClient({ ...LOCAL_ACCESS, endpoint: registry });
  const store = createRegistryStore({ client, table: LOCAL_TABLE });
  const reader = createRosterReader({ readRoster: store.readRoster, clock: systemClock });
  const reading = setInterval(() => void reader.refresh().catch(() => {}), 1_000);
  await reader.refresh();
  let suspected = 0;
  const prober = createProber({
    roster: reader.view,
    closed: { close() {}, reopen() {} },
    // What it finds is counted, and nobody is told.
    store: { suspect: async () => ({ ok: false, row: undefined }) },
    watch: createMemoryWatchStore(),
    send: (bytes, address, port) => {
      if (dice.float() >= loss) socket.send(bytes, address, port);
    },
    type: PACKET_TYPE,
    clock: systemClock,
    rng: createSystemRng(),
    counters: { count() {} },
    onError() {},
    onVerdict(_id, isSuspect) {
      if (isSuspect) suspected++;
    },
    onDegraded: (isDegraded) => console.log(`prober ${n} ${isDegraded ? 'takes itself for cut off' : 'is well again'}`),
  });
  const lossy: typeof prober = {
    ...{ tick: () => prober.tick(), sweep: () => prober.sweep(), facts: () => prober.facts() },
    packet(bytes, source) {
      if (dice.float() >= loss) prober.packet(bytes, source);
    },
  };
  socket.start(lossy);
  return {
    suspected: () => suspected,
    facts: () => prober.facts(),
    async stop() {
      clearInterval(reading);
      await socket.stop();
      client.destroy();
    },
  };
}

async function underLoss(system: LocalProgram, loss: number): Promise<void> {
  const probers = await Promise.all(Array.from({ length: PROBERS }, (_, n) => startProber(system, n, loss)));
  await pause(minutes * 60_000);
  const hours = (servers * minutes) / 60;
  const suspected = probers.reduce((sum, prober) => sum + prober.suspected(), 0);
  console.log(`${hours.toFixed(2)} server-hours, ${probers.map((prober) => JSON.stringify(prober.facts())).join(' ')}`);
  for (const prober of probers) await prober.stop();
  const what = `false suspicions, ${100 * loss} % lost each way, ${minutes} real minutes, ${servers} agents`;
  // A rate needs hours: in less time one by chance is allowed at the higher loss.
  most(what, loss >= 0.2 ? Math.max(1, hours) : 0, suspected);
}

async function whileStopped(system: LocalProgram): Promise<void> {
  const before = await probingOf(system);
  for (let n = 0; n < stops; n++) {
    await stopGateway(system, STOP_MS);
    await pause(JUDGE_MS + 137 * n);
  }
  const after = await probingOf(system);
  most(`false suspicions, gateway stopped for 5 s ${stops} times`, 0, after.suspected - before.suspected);
  told('times that it found itself too late to judge', after.stalls - before.stalls);
}

async function whileBusy(system: LocalProgram): Promise<void> {
  const seconds = Number(values['busy-seconds']);
  const before = await probingOf(system);
  const burners: ChildProcess[] = Array.from({ length: 2 * availableParallelism() }, () =>
    spawn(process.execPath, ['-e', 'for (;;) {}'], { stdio: 'ignore' }),
  );
  await pause(seconds * 1_000);
  for (const burner of burners) burner.kill('SIGKILL');
  await pause(JUDGE_MS);
  const after = await probingOf(system);
  most(`false suspicions, all CPU taken for ${seconds} s`, 0, after.suspected - before.suspected);
}

console.log(`seed ${seed}, ${servers} servers`);
const system = await startLocal(servers);
try {
  await untilWatched(system, READY_MS);
  await whileStopped(system);
  await whileBusy(system);
  for (const loss of [0.2, 0.05]) await underLoss(system, loss);
} finally {
  await system.stop();
}
process.exit(isShort ? 1 : 0);
