/**
 * What takes too long for CI, `npm run nightly`: hours, one thing after the other. Each part is an npm script that says by its
 * exit code whether it is well, and prints the command that repeats a failure. Add yours to the list. Flags: names of the
 * scripts to run alone.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeProcesses } from './process-tree.ts';
import { runWithin } from './run-within.ts';

const MINUTE_MS = 60_000;
/** Drawn anew each night, and printed, so that nights differ. */
const seed = String(Math.floor(Math.random() * 1e9));

interface Part {
  readonly script: string;
  readonly args?: readonly string[];
  /** For what hangs, not for what is slow. */
  readonly limitMs: number;
}

const PARTS: readonly Part[] = [
  { script: 'chaos', args: ['--seed', seed, '--for', '600'], limitMs: 20 * MINUTE_MS },
  // Parts of the control plane away for ten minutes: on the virtual clock at full size, and in real time.
  { script: 'outage', args: ['--seed', seed], limitMs: 60 * MINUTE_MS },
  { script: 'outage:real', args: ['--seed', String(Number(seed) % 1_000)], limitMs: 60 * MINUTE_MS },
  { script: 'outage:real', args: ['--clocks'], limitMs: 5 * MINUTE_MS },
  { script: 'soak', args: ['--for', '3600', '--seed', seed], limitMs: 80 * MINUTE_MS },
  { script: 'bursts', limitMs: 60 * MINUTE_MS },
  { script: 'fuzz', args: ['--for', '600', '--seed', seed], limitMs: 30 * MINUTE_MS },
  { script: 'attacks', args: ['--seed', seed], limitMs: 90 * MINUTE_MS },
  // What dies, on the virtual clock; who probes, in ten real minutes with 20 agents for each loss; the NAT's three minutes.
  { script: 'reliability', args: ['--seed', String(Number(seed) % 100_000)], limitMs: 60 * MINUTE_MS },
  { script: 'detector', args: ['--seed', String(Number(seed) % 100_000)], limitMs: 60 * MINUTE_MS },
  { script: 'test:net:real', limitMs: 15 * MINUTE_MS },
];

function scripts(): ReadonlySet<string> {
  const text = readFileSync(join(import.meta.dirname, '../package.json'), 'utf8');
  return new Set(Object.keys((JSON.parse(text) as { scripts: Readonly<Record<string, string>> }).scripts));
}

/** Undefined if it is well, or not there; else what went wrong. */
async function trouble({ script, args = [], limitMs }: Part): Promise<string | undefined> {
  const startedMs = performance.now();
  console.log(`npm run ${script}${args.length > 0 ? ` -- ${args.join(' ')}` : ''}`);
  const { code, late, left } = await runWithin(['npm', 'run', '--silent', script, '--', ...args], {
    limitMs,
    isShown: true,
  });
  console.log(`npm run ${script}: ${((performance.now() - startedMs) / MINUTE_MS).toFixed(1)} min`);
  if (late) return `took more than ${limitMs / MINUTE_MS} minutes:\n${describeProcesses(late)}`;
  if (left.length > 0) return `left processes behind:\n${describeProcesses(left)}`;
  return code === 0 ? undefined : `ended with ${code}`;
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !PARTS.some(({ script }) => script === name));
if (unknown.length > 0) {
  console.log(
    `npm run nightly -- [names of ${PARTS.map(({ script }) => script).join(', ')}], got: ${unknown.join(', ')}`,
  );
  process.exit(2);
}
console.log(`seed ${seed}`);
const known = scripts();
const troubles: string[] = [];
for (const part of PARTS.filter(({ script }) => wanted.length === 0 || wanted.includes(script))) {
  if (!known.has(part.script)) {
    console.log(`npm run ${part.script}: there is no such script yet`);
    continue;
  }
  const what = await trouble(part);
  if (what !== undefined) troubles.push(`npm run ${part.script} ${what}`);
}
for (const what of troubles) console.log(`FAIL ${what}`);
console.log(`${troubles.length} failed`);
process.exitCode = troubles.length === 0 ? 0 : 1;
