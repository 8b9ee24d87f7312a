/**
 * Gateways against those who do the like: replies per CPU second of the whole server (all processes and threads), server
 * on core 0, generator on core 1. `node bench/gateway-peers.ts [section...] [--rounds n] [--seconds n]` after `npm run
 * build`; sections: echo, seats, peers, http, wait, burst. Needs cc and taskset; a peer that is missing is named with the
 * command that installs it. Contenders take turns, the order is reversed each round, every round is printed, the median
 * decides.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { secretKeys } from '../adapters/crypto/secret-keys.ts';
import { createDynamoClient } from '../adapters/dynamodb/client.ts';
import { createRegistryStore } from '../adapters/dynamodb/registry-store.ts';
import { LOCAL_ACCESS, startDynalite } from '../local/dynalite.ts';
import { cpuNsPerCall, machine } from './cpu.ts';
import { told } from './figure.ts';
import { startGateway, TABLE } from './peers/gateway.ts';
import { type Contender, type Load, load, type Run, startPinned, stopPinned } from './peers/pinned.ts';
import { type Peer, peerPrograms } from './peers/programs.ts';
import { fillRegistry } from './peers/registry.ts';

const SECTIONS = ['echo', 'seats', 'peers', 'http', 'wait', 'burst'] as const;
type Section = (typeof SECTIONS)[number];

const PORT = 27_100;
const SOCKETS = 16;
const WINDOW = 16;
const PACED = 30_000;
const WARM_SECONDS = 1;
const WARM_RATE = 500;
const FRONT_WARM_SECONDS = 4;
/** About what a ticket's header and claims have. */
const SIGNED_BYTES = 330;
/** What the balancer that this one is modelled on answered in a second (docs/BENCHMARKS.md). */
const ORIGINAL = { light: 800, heavy: 400 } as const;
const ASSIGN_BODY = JSON.stringify({ app: 'world', client: 'player-1' });

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '1.5' } },
});
const ROUNDS = Number(values.rounds);
const SECONDS = Number(values.seconds);
const wanted = new Set(positionals.length > 0 ? positionals : SECTIONS);
const FULL: Load = { sockets: SOCKETS, window: WINDOW, seconds: SECONDS, rate: 0 };

const median = (numbers: readonly number[]): number => [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!;
const thousands = (value: number): string => (value / 1_000).toFixed(1);
const perCpuSecond = ({ received, cpuSeconds }: Run): number => received / cpuSeconds;

type Rounds = Map<Contender, Run[]>;

/** Every contender once a round, in turn. */
async function takeTurns(
  generator: string,
  contenders: readonly Contender[],
  how: (contender: Contender) => Load,
): Promise<Rounds> {
  const rounds: Rounds = new Map(contenders.map((contender) => [contender, []]));
  for (const contender of contenders) await load(generator, contender, { ...how(contender), seconds: 1 });
  for (let round = 0; round < ROUNDS; round++) {
    for (const contender of round % 2 === 0 ? contenders : [...contenders].reverse()) {
      const given = how(contender);
      if (given.warmSeconds) await warm(generator, contender, given, given.warmSeconds);
      rounds.get(contender)!.push(await load(generator, contender, given));
    }
  }
  return rounds;
}

/** Slowly first: hundreds who ask at once for the first seats would each wait for a write of their own. */
async function warm(generator: string, contender: Contender, given: Load, seconds: number): Promise<void> {
  await load(generator, contender, { ...given, seconds, rate: WARM_RATE });
  await load(generator, contender, { ...given, seconds });
}

/** Each contender's rounds, and the median of its ratios to the first of the same round. */
function printRounds(rounds: Rounds, measure: (run: Run) => number, unit: string, digits = thousands): void {
  const [first] = rounds.values();
  const [{ name: firstName } = { name: '' }] = rounds.keys();
  for (const [{ name }, runs] of rounds) {
    const measured = runs.map(measure);
    const ratios = measured.map((value, round) => value / measure(first![round]!));
    const beside =
      runs === first ? '' : `, ratio ${median(ratios).toFixed(3)} (${ratios.map((r) => r.toFixed(2)).join(' ')})`;
    const lost = runs.reduce((sum, run) => sum + run.lost, 0);
    const refused = runs.reduce((sum, run) => sum + run.refused, 0);
    const shown = `${digits(median(measured)).padStart(7)} ${unit} (${measured.map(digits).join(' ')})`;
    console.log(
      `${name.padEnd(30)} ${shown}${beside}, lost ${lost}${refused > 0 ? `, refused ${refused} (code ${runs.at(-1)!.reason})` : ''}`,
    );
    if (runs !== first) told(`${name}, ${unit}, beside ${firstName}`, median(ratios), 'x');
  }
}

async function main(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'onedoor-bench-'));
  const compiled = (name: string): string => {
    const program = join(dir, name);
    execFileSync('cc', ['-O2', '-o', program, join(import.meta.dirname, `load/${name}.c`)]);
    return program;
  };
  const generator = compiled('clients');
  const secret = join(dir, 'secret');
  writeFileSync(secret, Buffer.alloc(48, 7), { mode: 0o600 });
  const dynamo = await startDynalite({ table: TABLE });
  const started: Contender[] = [];
  let stopRegistry: (() => Promise<void>) | undefined;
  const add = (name: string, kind: string, port: number, child: Contender['child']): Contender => {
    const contender = { name, kind, port, child };
    started.push(contender);
    return contender;
  };
  try {
    const client = createDynamoClient({ ...LOCAL_ACCESS, endpoint: dynamo.endpoint });
    stopRegistry = await fillRegistry(createRegistryStore({ client, table: TABLE }));
    console.log(`${machine()}; ${ROUNDS} rounds of ${SECONDS} s, ${SOCKETS} sockets x ${WINDOW} outstanding`);
    const echo = add('C recvmmsg echo', 'probe', PORT, startPinned([compiled('echo'), String(PORT)]));
    const given = { dynamo: dynamo.endpoint, secret };
    const one = await startGateway({ ...given, port: PORT + 2, transport: 'dgram' });
    const dgram = add('gateway, dgram, classic', 'probe', PORT + 2, one);
    const two = await startGateway({ ...given, port: PORT + 4, transport: 'batched' });
    const batched = add('gateway, batched, classic', 'probe', PORT + 4, two);
    const peers = peerPrograms(dir, PORT + 10);
    const sections: Record<Section, () => Promise<void>> = {
      echo: () => echoSection(generator, [echo, dgram, batched]),
      seats: () => seatSection(generator, echo, dgram, batched),
      peers: () => peerSection(generator, peers, [dgram, batched], add),
      http: () => httpSection(generator, peers, add),
      wait: () => waitSection(generator, [echo, dgram, batched]),
      burst: () => burstSection(generator, [dgram, batched]),
    };
    for (const name of SECTIONS) {
      if (!wanted.has(name)) continue;
      console.log(`\n${name}`);
      await sections[name]();
    }
  } finally {
    for (const { child } of started) stopPinned(child);
    await stopRegistry?.();
    await dynamo.close();
    rmSync(dir, { recursive: true });
  }
}

async function echoSection(generator: string, contenders: readonly Contender[]): Promise<void> {
  const rounds = await takeTurns(generator, contenders, () => FULL);
  printRounds(rounds, perCpuSecond, 'k replies per CPU s');
  for (const [{ name }, runs] of [...rounds].slice(1)) {
    const times = median(runs.map(perCpuSecond)) / ORIGINAL.light;
    console.log(
      `${name.padEnd(30)} ${times.toFixed(0)} times the original balancer's ${ORIGINAL.light} light requests a second`,
    );
  }
}

/** 800 bytes each: a new seat and ticket for every request, or the same request again. */
async function seatSection(generator: string, echo: Contender, dgram: Contender, batched: Contender): Promise<void> {
  const seats = [dgram, batched].flatMap((gateway) => [
    { ...gateway, kind: 'seat', name: gateway.name.replace('classic', 'new seat') },
    { ...gateway, kind: 'again', name: gateway.name.replace('classic', 'repeated') },
  ]);
  const rounds = await takeTurns(generator, [echo, ...seats], ({ kind }) =>
    kind === 'seat' ? { ...FULL, warmSeconds: WARM_SECONDS } : FULL,
  );
  printRounds(rounds, perCpuSecond, 'k replies per CPU s');
  for (const [{ name }, runs] of [...rounds].slice(1)) {
    const times = median(runs.map(perCpuSecond)) / ORIGINAL.heavy;
    console.log(
      `${name.padEnd(30)} ${times.toFixed(0)} times the original balancer's ${ORIGINAL.heavy} heavy requests a second`,
    );
  }
  const { signer } = secretKeys(new Uint8Array(48).fill(7));
  const signed = new Uint8Array(SIGNED_BYTES).fill(65);
  const signing = Array.from({ length: ROUNDS }, () => cpuNsPerCall(4_000, () => signer.sign(signed).length) / 1_000);
  const shown = signing.map((us) => us.toFixed(1)).join(' ');
  console.log(
    `${'a ticket’s signature alone'.padEnd(30)} ${median(signing).toFixed(1)} us (${shown}): ${thousands(1e6 / median(signing))} k a CPU s`,
  );
}

type Add = (name: string, kind: string, port: number, child: Contender['child']) => Contender;

function startPeer(peer: Peer, add: Add): Contender | undefined {
  if (peer.missing) {
    console.log(`${peer.name} is left out: ${peer.missing}`);
    return undefined;
  }
  console.log(`${peer.name}: ${peer.command[0]} with\n${peer.settings.trim().replaceAll(/^/gm, '    ')}`);
  return add(peer.name, peer.kind, peer.port, startPinned(peer.command));
}

async function peerSection(
  generator: string,
  peers: readonly Peer[],
  own: readonly Contender[],
  add: Add,
): Promise<void> {
  const there = peers.filter(({ kind }) => kind !== 'http').flatMap((peer) => startPeer(peer, add) ?? []);
  await delay(2_500);
  const rounds = await takeTurns(generator, [...there, ...own], () => FULL);
  for (const peer of there) {
    const pair = [peer, ...own].map((contender) => [contender, rounds.get(contender)!] as const);
    printRounds(new Map(pair), perCpuSecond, 'k replies per CPU s');
  }
}

async function httpSection(generator: string, peers: readonly Peer[], add: Add): Promise<void> {
  const nginx = peers.filter(({ kind }) => kind === 'http').flatMap((peer) => startPeer(peer, add) ?? []);
  const port = PORT + 30;
  const child = startPinned([process.execPath, join(import.meta.dirname, 'load/http-front.ts'), String(port)]);
  const front = add('HTTP front, no ticket', 'http', port, child);
  await once(child.stdout!, 'data');
  await delay(500);
  const how = ({ name }: Contender): Load => ({
    ...FULL,
    sockets: 64,
    window: 1,
    env: name === front.name ? { BODY: ASSIGN_BODY } : {},
  });
  // Until all code is compiled as far as it will be: the compiler's time would count as the front's.
  await load(generator, front, { ...how(front), seconds: FRONT_WARM_SECONDS });
  printRounds(await takeTurns(generator, [...nginx, front], how), perCpuSecond, 'k replies per CPU s');
}

async function waitSection(generator: string, contenders: readonly Contender[]): Promise<void> {
  const rounds = await takeTurns(generator, contenders, () => ({ ...FULL, rate: PACED }));
  console.log(`at ${PACED} probes a second, 99 of 100 replies within`);
  printRounds(rounds, ({ p99 }) => p99, 'us', String);
  printRounds(
    rounds,
    ({ cpuSeconds, seconds }) => (cpuSeconds / seconds) * 100,
    '% of a core',
    (share) => share.toFixed(0),
  );
}

/** 1,024 outstanding all the time: none may be lost. */
async function burstSection(generator: string, gateways: readonly Contender[]): Promise<void> {
  const kinds = gateways.flatMap((gateway) => [
    gateway,
    { ...gateway, kind: 'seat', name: gateway.name.replace('classic', 'new seat') },
  ]);
  const rounds = await takeTurns(generator, kinds, ({ kind }) => ({
    ...FULL,
    window: 1_024 / SOCKETS,
    warmSeconds: kind === 'seat' ? WARM_SECONDS : 0,
  }));
  printRounds(rounds, perCpuSecond, 'k replies per CPU s');
  printRounds(rounds, ({ p99 }) => p99, 'us, 99 of 100', String);
}

await main();
