/**
 * Every bench, one after the other, each in a process of its own: `npm run bench [-- --only NAME ...]`. At most 15 minutes
 * for all. Prints what each printed, and one table of all figures at the end. A bench that fails does not stop the next ones;
 * the exit code is 1 if one could not run, dies, takes longer than its limit or prints no figure. A figure that falls short
 * is in the table, and no failure: figures of one machine are no figures of another.
 *
 * To add a bench: let it print figures by `figure.ts`, and give it a line in `BENCHES`.
 */
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { describeProcesses } from '../tools/process-tree.ts';
import { runWithin } from '../tools/run-within.ts';
import { type Figure, readFigure } from './figure.ts';

interface Bench {
  readonly name: string;
  /** A file of this folder and its arguments: settings that are short, and long enough for the figure. */
  readonly args: readonly string[];
  /** What it takes on two idle cores, about; all together must stay below 15 minutes. Four times as long is too long. */
  readonly seconds: number;
}

const BENCHES: readonly Bench[] = [
  { name: 'pick', args: ['pick.ts'], seconds: 20 },
  { name: 'selector', args: ['selector.ts', '5'], seconds: 60 },
  { name: 'ticket', args: ['ticket.ts'], seconds: 5 },
  { name: 'handler', args: ['handler.ts'], seconds: 10 },
  { name: 'reserve', args: ['reserve.ts', '5'], seconds: 20 },
  { name: 'assign-peer', args: ['assign-peer.ts', '--rounds', '3'], seconds: 100 },
  { name: 'stock', args: ['stock.ts', '40'], seconds: 30 },
  { name: 'balance', args: ['balance.ts', '--scale', '0.2'], seconds: 50 },
  { name: 'balance-real', args: ['balance-real.ts', '--seconds', '6'], seconds: 45 },
  { name: 'disruption', args: ['disruption.ts'], seconds: 10 },
  { name: 'pack', args: ['pack.ts'], seconds: 3 },
  { name: 'roster', args: ['roster.ts', '--minutes', '0.3'], seconds: 48 },
  { name: 'constant-work', args: ['constant-work.ts', '--seconds', '5'], seconds: 45 },
  { name: 'gateway', args: ['gateway.ts'], seconds: 40 },
  { name: 'gateway-peers', args: ['gateway-peers.ts'], seconds: 240 },
  { name: 'telemetry', args: ['telemetry.ts'], seconds: 25 },
  { name: 'bundle-load', args: ['bundle-load.ts', '9'], seconds: 15 },
  { name: 'synth', args: ['synth.ts', '2'], seconds: 25 },
  { name: 'crash', args: ['crash.ts', '8'], seconds: 75 },
  { name: 'first-probe', args: ['first-probe.sh'], seconds: 35 },
];

const ROOT = join(import.meta.dirname, '..');
const LATE = 4;
const LEAST_LIMIT_MS = 60_000;
const BUILD_LIMIT_MS = 120_000;

interface Outcome {
  readonly bench: Bench;
  readonly figures: readonly Figure[];
  readonly tookSeconds: number;
  readonly trouble: string | undefined;
}

const wholeMachine = (): string =>
  [
    `${cpus().length} x ${cpus()[0]?.model.trim()}`,
    `${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
    `${process.platform} ${release()} ${process.arch}`,
    `node ${process.version}`,
  ].join(', ');

async function run(bench: Bench): Promise<Outcome> {
  const limitMs = Math.max(LEAST_LIMIT_MS, LATE * bench.seconds * 1_000);
  const [file = '', ...args] = bench.args;
  const command = [file.endsWith('.sh') ? 'bash' : process.execPath, join(import.meta.dirname, file), ...args];
  console.log(`\n== ${bench.name}: bench/${bench.args.join(' ')} (about ${bench.seconds} s)`);
  const startedMs = performance.now();
  const { code, output, late, left } = await runWithin(command, { limitMs, cwd: ROOT });
  const tookSeconds = (performance.now() - startedMs) / 1_000;
  console.log(output.trimEnd());
  if (left.length > 0) console.log(`left processes behind:\n${describeProcesses(left)}`);
  const figures = output.split('\n').flatMap((line) => readFigure(line) ?? []);
  const trouble = late
    ? `was ended after ${limitMs / 1_000} s`
    : code !== 0
      ? `ended with ${code === undefined ? 'a signal' : `code ${code}`}`
      : figures.length === 0
        ? 'printed no figure'
        : undefined;
  return { bench, figures, tookSeconds, trouble };
}

function table(outcomes: readonly Outcome[]): string {
  const rows = outcomes.flatMap(({ bench, figures }) =>
    figures.map(({ what, bound, measured, verdict }) => [bench.name, what, bound, measured, verdict]),
  );
  const all = [['bench', 'figure', 'bound', 'measured', ''], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((row) => row[column]!.length)));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function chosen(only: readonly string[]): readonly Bench[] {
  const unknown = only.filter((name) => !BENCHES.some((bench) => bench.name === name));
  if (unknown.length > 0) {
    const names = BENCHES.map(({ name }) => name).join(', ');
    throw new Error(`\`--only\` must be one of ${names}, got: ${unknown.join(', ')}.`);
  }
  return only.length === 0 ? BENCHES : BENCHES.filter(({ name }) => only.includes(name));
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { only: { type: 'string', multiple: true, default: [] } } });
  const benches = chosen(values.only);
  console.log(wholeMachine());
  const startedMs = performance.now();
  const built = await runWithin(['npm', 'run', '--silent', 'build:deploy'], { limitMs: BUILD_LIMIT_MS, cwd: ROOT });
  if (built.code !== 0) throw new Error(`the bundles could not be built:\n${built.output}`);
  const outcomes: Outcome[] = [];
  for (const bench of benches) outcomes.push(await run(bench));
  console.log(`\n${wholeMachine()}\n\n${table(outcomes)}\n`);
  for (const { bench, tookSeconds } of outcomes) {
    if (tookSeconds > bench.seconds * 1.5)
      console.log(`${bench.name} took ${tookSeconds.toFixed(0)} s, not ${bench.seconds}`);
  }
  const troubles = outcomes.flatMap(({ bench, trouble }) =>
    trouble === undefined ? [] : `FAIL ${bench.name} ${trouble}`,
  );
  for (const trouble of troubles) console.log(trouble);
  const short = outcomes.flatMap(({ figures }) => figures.filter(({ verdict }) => verdict === 'short')).length;
  const figures = outcomes.flatMap((outcome) => outcome.figures).length;
  const minutes = ((performance.now() - startedMs) / 60_000).toFixed(1);
  console.log(`${figures} figures, ${short} short, ${troubles.length} benches failed, ${minutes} minutes`);
  process.exitCode = troubles.length === 0 ? 0 : 1;
}

await main();
