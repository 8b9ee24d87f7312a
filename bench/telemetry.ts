/**
 * What telemetry costs a gateway: classic probes, the cheapest answer there is, through a gateway that counts, times one
 * answer in sixteen and is scraped once a second, against the same gateway that does none of it. `node bench/telemetry.ts
 * [ROUNDS]` (needs cc and taskset). The two take turns, the order is reversed each round; the median of the ratios of replies
 * per CPU second decides. Servers on core 0, generator on core 1.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { machine, median } from './cpu.ts';
import { atMost } from './figure.ts';

const ROUNDS = Number(process.argv[2] ?? 9);
const SECONDS = 1;
const WINDOW = 256;
const FIRST_PORT = 27_101;
const SCRAPE_MS = 1_000;
const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

interface Contender {
  readonly telemetry: 'on' | 'off';
  readonly port: number;
  readonly pid: number;
  readonly stop: () => void;
  readonly perCpuSecond: number[];
}

/** User and system time of a process so far, in seconds. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

async function start(telemetry: 'on' | 'off', port: number): Promise<Contender> {
  const entry = join(import.meta.dirname, 'load/gateway-process.ts');
  const args = ['-c', '0', process.execPath, entry, String(port), String(port + 1), telemetry];
  const child = spawn('taskset', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return { telemetry, port, pid: child.pid as number, stop: () => child.kill(), perCpuSecond: [] };
}

async function run(generator: string, { port, pid, telemetry, perCpuSecond }: Contender): Promise<void> {
  const scrape = (): void => void fetch(`http://127.0.0.1:${port + 1}/metrics`).then((answer) => answer.text());
  const scraping = telemetry === 'on' ? setInterval(scrape, SCRAPE_MS) : undefined;
  if (scraping) scrape();
  const before = cpuSeconds(pid);
  const child = spawn('taskset', ['-c', '1', generator, '127.0.0.1', String(port), String(WINDOW), String(SECONDS)]);
  let output = '';
  child.stdout.on('data', (text) => {
    output += text;
  });
  await once(child, 'close');
  clearInterval(scraping);
  const { received = 0, wrong } = JSON.parse(output) as Record<string, number>;
  if (wrong !== 0) throw new Error(`${wrong} wrong replies with telemetry ${telemetry}`);
  perCpuSecond.push(received / (cpuSeconds(pid) - before));
}

const dir = mkdtempSync(join(tmpdir(), 'onedoor-bench-'));
const contenders: Contender[] = [];
try {
  const generator = join(dir, 'probes');
  execFileSync('cc', ['-O2', '-o', generator, join(import.meta.dirname, 'load/probes.c')]);
  contenders.push(await start('on', FIRST_PORT), await start('off', FIRST_PORT + 2));
  console.log(`${machine()}; ${WINDOW} outstanding, ${ROUNDS} rounds of ${SECONDS} s`);
  for (const contender of contenders) await run(generator, contender);
  for (const contender of contenders) contender.perCpuSecond.length = 0;
  for (let round = 0; round < ROUNDS; round++) {
    for (const contender of round % 2 === 0 ? contenders : [...contenders].reverse()) await run(generator, contender);
  }
  for (const { telemetry, perCpuSecond } of contenders) {
    const rounds = perCpuSecond.map((value) => Math.round(value / 1_000)).join(' ');
    console.log(
      `telemetry ${telemetry.padEnd(4)} ${Math.round(median(perCpuSecond) / 1_000)} k replies per CPU s (${rounds})`,
    );
  }
  const [on, off] = contenders as [Contender, Contender];
  const costs = on.perCpuSecond.map((value, round) => 100 * (1 - value / off.perCpuSecond[round]!));
  console.log(`cost: median ${median(costs).toFixed(1)} % (${costs.map((cost) => cost.toFixed(1)).join(' ')})`);
  atMost('telemetry of a gateway, share of its classic replies per CPU second', 5, median(costs), '%');
} finally {
  for (const { stop } of contenders) stop();
  rmSync(dir, { recursive: true });
}
