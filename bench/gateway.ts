/**
 * Classic probes through a real gateway process against a bare `dgram` echo: replies per CPU second of the server
 * process. `node bench/gateway.ts` (after `npm run build`; needs cc and taskset). The two take turns, the order is
 * reversed each round, every round is printed, the median of the ratios decides. Server on core 0, generator on core 1.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createDynamoClient } from '../adapters/dynamodb/client.ts';
import { createRegistryStore } from '../adapters/dynamodb/registry-store.ts';
import { LOCAL_ACCESS, startDynalite } from '../local/dynalite.ts';
import { machine, median } from './cpu.ts';
import { atLeast } from './figure.ts';
import { fillRegistry, SERVERS } from './peers/registry.ts';

const ROUNDS = 5;
const SECONDS = 3;
const WINDOW = 256;
const TABLE = 'bench';
const ECHO_PORT = 27_001;
const DOOR_PORT = 27_002;
const HEALTH_PORT = 27_003;
const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

interface Contender {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
  readonly perCpuSecond: number[];
  lost: number;
}

function startPinned(args: readonly string[], env: Record<string, string>) {
  const child = spawn('taskset', ['-c', '0', process.execPath, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return child;
}

/** User and system time of a process so far, in seconds. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

function run(generator: string, contender: Contender, seconds: number): void {
  const before = cpuSeconds(contender.pid);
  const args = ['-c', '1', generator, '127.0.0.1', String(contender.port), String(WINDOW), String(seconds)];
  const result = JSON.parse(execFileSync('taskset', args, { encoding: 'utf8' })) as Record<string, number>;
  if (result['wrong'] !== 0) throw new Error(`${contender.name} gave ${result['wrong']} wrong replies`);
  contender.perCpuSecond.push(result['received']! / (cpuSeconds(contender.pid) - before));
  contender.lost += result['lost']!;
}

async function untilRoster(): Promise<void> {
  for (;;) {
    const health = await fetch(`http://127.0.0.1:${HEALTH_PORT}/healthz`).catch(() => undefined);
    const { openServers } = health ? ((await health.json()) as { openServers: number }) : { openServers: 0 };
    if (openServers === SERVERS) return;
    await delay(20);
  }
}

async function main(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'onedoor-bench-'));
  const generator = join(dir, 'probes');
  execFileSync('cc', ['-O2', '-o', generator, join(import.meta.dirname, 'load/probes.c')]);
  const secret = join(dir, 'secret');
  writeFileSync(secret, Buffer.alloc(48, 7), { mode: 0o600 });
  const dynamo = await startDynalite({ table: TABLE });
  const client = createDynamoClient({ ...LOCAL_ACCESS, endpoint: dynamo.endpoint });
  const stopRegistry = await fillRegistry(createRegistryStore({ client, table: TABLE }));
  const echo = startPinned([join(import.meta.dirname, 'load/echo.ts'), String(ECHO_PORT)], {});
  const doorArgs = ['--bind', '127.0.0.1', '--port', String(DOOR_PORT), '--health-bind', '127.0.0.1'];
  const door = startPinned(['dist/door/door.mjs', ...doorArgs, '--health-port', String(HEALTH_PORT)], {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_DYNAMODB: dynamo.endpoint,
    ONEDOOR_TABLE: TABLE,
    ONEDOOR_KEY_SECRET: `file:${secret}`,
  });
  await Promise.all([once(echo.stdout, 'data'), untilRoster()]);
  const contenders: Contender[] = [
    { name: 'bare dgram echo', port: ECHO_PORT, pid: echo.pid as number, perCpuSecond: [], lost: 0 },
    { name: 'gateway, classic probe', port: DOOR_PORT, pid: door.pid as number, perCpuSecond: [], lost: 0 },
  ];
  try {
    console.log(`${machine()}; ${SERVERS} servers, ${WINDOW} outstanding, ${ROUNDS} rounds of ${SECONDS} s`);
    for (const contender of contenders) run(generator, contender, 1);
    for (const contender of contenders) contender.perCpuSecond.length = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const order = round % 2 === 0 ? contenders : [...contenders].reverse();
      for (const contender of order) run(generator, contender, SECONDS);
    }
    for (const { name, perCpuSecond, lost } of contenders) {
      const rounds = perCpuSecond.map((value) => Math.round(value / 1000)).join(' ');
      console.log(
        `${name.padEnd(24)} ${Math.round(median(perCpuSecond) / 1000)} k replies per CPU s (${rounds}), lost ${lost}`,
      );
    }
    const [base, own] = contenders as [Contender, Contender];
    const ratios = own.perCpuSecond.map((value, round) => value / base.perCpuSecond[round]!);
    console.log(`ratio: median ${median(ratios).toFixed(2)} (${ratios.map((ratio) => ratio.toFixed(2)).join(' ')})`);
    atLeast('classic probe, replies per CPU second, bare dgram echo', 0.7, median(ratios), 'x');
  } finally {
    echo.kill();
    door.kill();
    await stopRegistry();
    await dynamo.close();
    rmSync(dir, { recursive: true });
  }
}

await main();
