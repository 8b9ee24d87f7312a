/**
 * How long `cdk synth` of the default deployment takes, and what comes out: `node bench/synth.ts [rounds]`, after
 * `npm run build:deploy`. Each round is a process and an output folder of its own.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BUNDLES } from '../tools/build.ts';
import { machine, median } from './cpu.ts';
import { atMost } from './figure.ts';

const ROOT = join(import.meta.dirname, '..');
const ROUNDS = Number(process.argv[2] ?? 3);

function synth(output: string): number {
  const startedMs = performance.now();
  const env = { ...process.env, CDK_DISABLE_CLI_TELEMETRY: '1' };
  execFileSync(join(ROOT, 'node_modules/.bin/cdk'), ['synth', '--quiet', '--output', output], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return (performance.now() - startedMs) / 1000;
}

const seconds: number[] = [];
let text = '';
for (let round = 0; round < ROUNDS; round++) {
  const output = mkdtempSync(join(tmpdir(), 'synth-'));
  try {
    seconds.push(synth(output));
    text = readFileSync(join(output, 'onedoor.template.json'), 'utf8');
  } finally {
    rmSync(output, { recursive: true });
  }
}
const { Resources } = JSON.parse(text) as { readonly Resources: object };
console.log(machine());
console.log(`cdk synth  median ${median(seconds).toFixed(1)} s  (${seconds.map((each) => each.toFixed(1)).join(' ')})`);
console.log(`template   ${Object.keys(Resources).length} resources, ${(text.length / 1000).toFixed(0)} kB`);
atMost('cold cdk synth of the default deployment', 15, median(seconds), 's');
atMost('its resources', 200, Object.keys(Resources).length);
atMost('its template', 200, text.length / 1000, 'kB');
for (const { file, budgetKiB } of BUNDLES) {
  const kib = (statSync(join(ROOT, 'dist', file)).size / 1024).toFixed(0).padStart(5);
  console.log(`${kib} KiB of ${budgetKiB}  dist/${file}`);
}
