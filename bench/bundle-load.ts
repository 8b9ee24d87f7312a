/**
 * How long a function's bundle takes to load beside an empty one: `node bench/bundle-load.ts [rounds]`, after
 * `npm run build`. Each load is a process of its own; the bundles take turns, in reversed order every other round. The
 * files are in the system's cache: on Lambda, reading them comes on top.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { machine } from './cpu.ts';

const ROOT = join(import.meta.dirname, '..');
const ROUNDS = Number(process.argv[2] ?? 15);
const FUNCTIONS = ['assign', 'registrar', 'roster', 'reaper', 'rotate'];

/** What a child runs: nothing but the import between two looks at its clock. */
const CHILD = `
const startedMs = performance.now();
await import(process.argv[1]);
process.stdout.write('\\n' + (performance.now() - startedMs));
process.exit(0);
`;

interface Contender {
  readonly name: string;
  readonly path: string;
  readonly ms: number[];
}

function loadMs({ path }: Contender): number {
  const args = ['--input-type=module', '--eval', CHILD, pathToFileURL(path).href];
  const env = {
    PATH: process.env['PATH'] ?? '',
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
    ONEDOOR_TABLE: 'registry',
    ONEDOOR_KEY_SECRET: `file:${secret}`,
  };
  // What the bundle logs comes before.
  return Number(execFileSync(process.execPath, args, { encoding: 'utf8', env }).split('\n').at(-1));
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

const folder = mkdtempSync(join(tmpdir(), 'bundle-load-'));
const secret = join(folder, 'secret');
try {
  writeFileSync(secret, 'a secret of the bench, at least 32 bytes long', { mode: 0o600 });
  const empty = join(folder, 'index.mjs');
  writeFileSync(empty, 'export async function handler() {}\n');
  const contenders: readonly Contender[] = [
    { name: 'empty', path: empty, ms: [] },
    ...FUNCTIONS.map((name) => ({ name, path: join(ROOT, 'dist', name, 'index.mjs'), ms: [] })),
  ];
  for (const contender of contenders) loadMs(contender);
  for (let round = 0; round < ROUNDS; round++) {
    const turn = round % 2 === 0 ? contenders : [...contenders].reverse();
    for (const contender of turn) contender.ms.push(loadMs(contender));
  }
  console.log(`${machine()}; ms to load, ${ROUNDS} rounds, a process each`);
  for (const { name, path, ms } of contenders) {
    const kib = (statSync(path).size / 1024).toFixed(0).padStart(5);
    console.log(
      `${name.padEnd(10)} ${kib} KiB  median ${median(ms).toFixed(1).padStart(6)}  (${ms.map((each) => each.toFixed(1)).join(' ')})`,
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}
