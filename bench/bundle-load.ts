/**
 * How long a function's bundle takes to load beside an empty one: `node bench/bundle-load.ts [rounds] [functions]`, after
 * `npm run build`. Each load is a process of its own; the bundles take turns, in reversed order every other round. The
 * files are in the system's cache: on Lambda, reading them comes on top. Of the assign function, also the time until it has
 * answered a request.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { machine, median } from './cpu.ts';
import { atMost } from './figure.ts';

const ROOT = join(import.meta.dirname, '..');
const ROUNDS = Number(process.argv[2] ?? 15);
const FUNCTIONS = (process.argv[3] ?? 'assign,registrar,roster,reaper,rotate').split(',');

/**
 * What a child runs: nothing but the import between two looks at its clocks. The second look is after its console is
 * there, which no function does without: so it is a part of both sides, and what a bundle loads of it is not counted twice.
 */
const CHILD = `
const before = process.cpuUsage();
const startedMs = performance.now();
const { handler } = await import(process.argv[1]);
const { stdout } = process;
const ms = performance.now() - startedMs;
const { user, system } = process.cpuUsage(before);
if (process.argv[2]) await handler(JSON.parse(process.argv[2]));
const answerMs = performance.now() - startedMs;
stdout.write('\\n' + JSON.stringify({ ms, cpuMs: (user + system) / 1000, answerMs }));
process.exit(0);
`;

interface Contender {
  readonly name: string;
  readonly path: string;
  readonly ms: number[];
  readonly cpuMs: number[];
  /** From the start of loading to the first answer; only of those that answer a load balancer. */
  readonly answerMs: number[];
}

/** Needs no registry, but all else: the secret is read and the signing key made of it. */
const REQUEST = JSON.stringify({ httpMethod: 'GET', path: '/healthz', headers: {}, body: '', isBase64Encoded: false });
const ANSWERING = ['empty', 'assign'];

type Loaded = Readonly<Record<'ms' | 'cpuMs' | 'answerMs', number>>;

function load({ name, path }: Contender): Loaded {
  const request = ANSWERING.includes(name) ? REQUEST : '';
  const args = ['--input-type=module', '--eval', CHILD, pathToFileURL(path).href, request];
  const env = {
    PATH: process.env['PATH'] ?? '',
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
    ONEDOOR_TABLE: 'registry',
    ONEDOOR_KEY_SECRET: `file:${secret}`,
  };
  // What the bundle logs comes before.
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', env }).split('\n').at(-1)!);
}

const folder = mkdtempSync(join(tmpdir(), 'bundle-load-'));
const secret = join(folder, 'secret');
try {
  writeFileSync(secret, 'a secret of the bench, at least 32 bytes long', { mode: 0o600 });
  const empty = join(folder, 'index.mjs');
  writeFileSync(empty, 'export async function handler() {}\n');
  const contenders: readonly Contender[] = [
    { name: 'empty', path: empty, ms: [], cpuMs: [], answerMs: [] },
    ...FUNCTIONS.map((name) => ({
      name,
      path: join(ROOT, 'dist', name, 'index.mjs'),
      ms: [],
      cpuMs: [],
      answerMs: [],
    })),
  ];
  for (const contender of contenders) load(contender);
  for (let round = 0; round < ROUNDS; round++) {
    const turn = round % 2 === 0 ? contenders : [...contenders].reverse();
    for (const contender of turn) {
      const { ms, cpuMs, answerMs } = load(contender);
      contender.ms.push(ms);
      contender.cpuMs.push(cpuMs);
      contender.answerMs.push(answerMs);
    }
  }
  console.log(`${machine()}; ms to load, ${ROUNDS} rounds, a process each; CPU ms in brackets`);
  const shown = (values: readonly number[]) => values.map((each) => each.toFixed(1)).join(' ');
  for (const { name, path, ms, cpuMs, answerMs } of contenders) {
    const kib = (statSync(path).size / 1024).toFixed(0).padStart(5);
    const middle = `${median(ms).toFixed(1).padStart(6)} [${median(cpuMs).toFixed(1)}]`;
    console.log(`${name.padEnd(10)} ${kib} KiB  median ${middle}  (${shown(ms)}) [${shown(cpuMs)}]`);
    if (ANSWERING.includes(name))
      console.log(`  to its first answer: median ${median(answerMs).toFixed(1)}  (${shown(answerMs)})`);
  }
  const [none, assign] = contenders;
  atMost('size of the assign bundle', 64, statSync(assign!.path).size / 1024, 'KiB');
  const ratios = assign!.ms.map((ms, round) => ms / none!.ms[round]!);
  atMost('load of the assign bundle, an empty one', 3, median(ratios), 'x');
} finally {
  rmSync(folder, { recursive: true });
}
