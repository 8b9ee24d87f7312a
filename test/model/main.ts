/**
 * Searches every reachable state of small systems of seats, through the product's own functions: `npm run model`.
 * Prints a line for each system; exits 1 with the shortest trace where a rule is broken. With `--deep` larger systems
 * too. `--rules` leaves out one rule after the other instead, and prints the shortest way into trouble of each.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { SEARCHES, type Search } from './configurations.ts';
import type { Exploration } from './explore.ts';
import { PLANTED } from './planted.ts';

/** Room for the states of one level of the largest search. */
const HEAP_MB = 6_144;

const { values } = parseArgs({
  options: {
    deep: { type: 'boolean', default: false },
    rules: { type: 'boolean', default: false },
    threads: { type: 'string', default: String(Math.min(2, availableParallelism())) },
  },
});
const number = new Intl.NumberFormat('en');
const startMs = performance.now();
const seconds = () => `${((performance.now() - startMs) / 1_000).toFixed(1)} s`;

function inThread(index: number): Promise<Exploration> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./search-worker.ts', import.meta.url), {
      workerData: index,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

async function searchAll(): Promise<void> {
  const waiting = [...SEARCHES.entries()].filter(([, { isDeep }]) => values.deep || !isDeep);
  const sum = { states: 0, transitions: 0 };
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next && !process.exitCode; next = waiting.shift()) {
      const result = await inThread(next[0]);
      sum.states += result.states;
      sum.transitions += result.transitions;
      report(next[1], result);
    }
  };
  await Promise.all(Array.from({ length: Number(values.threads) }, work));
  const verdict = process.exitCode ? 'stopped at a broken rule' : 'no state breaks a rule';
  console.log(
    `${number.format(sum.states)} states, ${number.format(sum.transitions)} transitions, ${seconds()}: ${verdict}`,
  );
}

function report({ name }: Search, { states, transitions, depth, found }: Exploration): void {
  const size = `${number.format(states)} states, ${number.format(transitions)} transitions`;
  console.log(`${name}: ${size}, up to ${depth} steps; ${seconds()}`);
  if (!found) return;
  console.log(`broken: ${found.problem}\n  ${found.trace.join('\n  ')}`);
  process.exitCode = 1;
}

function leaveOutEach(): void {
  for (const { rule, steps, search } of PLANTED) {
    const { found } = search();
    const isRight = found?.trace.length === steps;
    if (!isRight) process.exitCode = 1;
    const verdict = isRight ? '' : ` (NOT the ${steps} that were known)`;
    console.log(
      `without ${rule}: ${found ? `${found.problem}, in ${found.trace.length} steps` : 'not found'}${verdict}`,
    );
    for (const step of found?.trace ?? []) console.log(`  ${step}`);
  }
  console.log(`${PLANTED.length} rules, ${seconds()}`);
}

if (values.rules) leaveOutEach();
else await searchAll();
