/**
 * All static checks, two at a time, every failure shown: `npm run check`. With `--json FILE` the counts go there too
 * (tools/ci.ts adds them to those of the tests).
 */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

interface Step {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
}

const STEPS: readonly Step[] = [
  { name: 'types', command: ['tsc', '--noEmit', '-p', '.'] },
  { name: 'types of core', command: ['tsc', '--noEmit', '-p', 'core'] },
  { name: 'types of the page', command: ['tsc', '--noEmit', '-p', 'page/web'] },
  { name: 'format and lint', command: ['biome', 'check', '--error-on-warnings', '--max-diagnostics=200', '.'] },
  { name: 'import graph', command: ['node', 'tools/import-graph.ts'] },
  { name: 'unused code and packages', command: ['knip', '--no-progress'] },
  {
    name: 'code used by tests alone',
    command: ['knip', '--no-progress', '--production', '--include', 'files,exports,types'],
  },
  { name: 'packages and lock', command: ['node', 'tools/check-packages.ts'] },
  { name: 'documents', command: ['node', 'tools/check-docs.ts'] },
];

const AT_ONCE = 2;

function run(step: Step): Promise<boolean> {
  const [program, ...args] = step.command;
  const startedMs = performance.now();
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const output: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => output.push(chunk));
    const finish = (good: boolean, why: string): void => {
      const seconds = ((performance.now() - startedMs) / 1000).toFixed(1).padStart(5);
      console.log(`${good ? 'ok  ' : 'FAIL'} ${seconds} s  ${step.name}${why}`);
      if (!good) console.log(`     $ ${step.command.join(' ')}\n${Buffer.concat(output).toString().trimEnd()}\n`);
      resolve(good);
    };
    child.on('error', (error) => finish(false, `: ${error.message}`));
    child.on('close', (code) => finish(code === 0, code === 0 ? '' : `: exit ${code}`));
  });
}

const { values } = parseArgs({ options: { json: { type: 'string' } } });
const waiting = [...STEPS];
const failed: string[] = [];
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    for (let step = waiting.shift(); step; step = waiting.shift()) {
      if (!(await run(step))) failed.push(step.name);
    }
  }),
);
console.log(failed.length === 0 ? `${STEPS.length} checks passed` : `failed: ${failed.join(', ')}`);
if (values.json !== undefined) writeFileSync(values.json, JSON.stringify({ failed }));
process.exitCode = failed.length === 0 ? 0 : 1;
