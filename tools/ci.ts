/**
 * What CI runs, `npm run ci`: all checks, all tests even if a check failed, those with programs that others wrote, those that
 * kill and flood, then the deployments on the two emulators (docs/EMULATORS.md). The last line has the totals of everything; a
 * failed check, and a part that dies or takes too long, counts like a failed test.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describeProcesses } from './process-tree.ts';
import { runWithin } from './run-within.ts';
import { retriedLine, type Totals, totalsLine } from './test-report.ts';

const CACHE = join(import.meta.dirname, '../.cache');
const CHECKS = join(CACHE, 'check-failures.json');
/** Of whatever tests ran last. */
const TOTALS = join(CACHE, 'test-totals.json');
const MINUTE_MS = 60_000;

interface Part {
  /** An npm script. */
  readonly script: string;
  readonly args?: readonly string[];
  /** Several times what it takes on two busy cores: for what hangs, not for what is slow. */
  readonly limitMs: number;
  /** Where it writes what it counted. */
  readonly file: string;
  /** Whether a process that it leaves behind is a failure: the emulators and what they start would fill the machine. */
  readonly mustLeaveNothing?: true;
}

const PARTS: readonly Part[] = [
  { script: 'check', args: ['--', '--json', CHECKS], limitMs: 6 * MINUTE_MS, file: CHECKS },
  { script: 'test', limitMs: 16 * MINUTE_MS, file: TOTALS },
  { script: 'test:real', limitMs: 8 * MINUTE_MS, file: TOTALS },
  { script: 'test:reliability', limitMs: 8 * MINUTE_MS, file: TOTALS },
  // A lane has a limit of its own, a minute less than here, after which it says what it did and stops what it started.
  ...(['ministack', 'localstack'] as const).map((name) => ({
    script: `test:${name}`,
    limitMs: { ministack: 8, localstack: 10 }[name] * MINUTE_MS,
    file: join(CACHE, `lane-${name}.json`),
    mustLeaveNothing: true as const,
  })),
];

/** What a part counted, and why it failed although it counted no failure. */
interface Outcome {
  readonly totals: Totals;
  readonly trouble?: string;
}

const NOTHING: Totals = { passed: 0, failed: 0, skipped: 0 };

function counted(file: string): Totals | undefined {
  if (!existsSync(file)) return undefined;
  const wrote = JSON.parse(readFileSync(file, 'utf8')) as Totals | { readonly failed: readonly string[] };
  if (typeof wrote.failed === 'number') return wrote as Totals;
  return { ...NOTHING, failed: wrote.failed.length };
}

async function run({ script, args = [], limitMs, file, mustLeaveNothing }: Part): Promise<Outcome> {
  rmSync(file, { force: true });
  const startedMs = performance.now();
  const { code, late, left } = await runWithin(['npm', 'run', script, ...args], { limitMs, isShown: true });
  console.log(`npm run ${script}: ${((performance.now() - startedMs) / 1000).toFixed(0)} s`);
  const totals = counted(file);
  if (left.length > 0) console.log(`npm run ${script} left processes behind:\n${describeProcesses(left)}`);
  if (late) {
    console.log(
      `npm run ${script} was ended after ${limitMs / MINUTE_MS} minutes; then ran:\n${describeProcesses(late)}`,
    );
  }
  const trouble = late
    ? 'took too long'
    : !totals || (code !== 0 && totals.failed === 0)
      ? 'ended badly before it could count'
      : left.length > 0 && mustLeaveNothing
        ? 'left processes behind'
        : undefined;
  return { totals: totals ?? NOTHING, ...(trouble !== undefined && { trouble: `npm run ${script} ${trouble}` }) };
}

function sum(outcomes: readonly Outcome[], field: keyof Totals): number {
  return outcomes.reduce((total, { totals }) => total + (totals[field] ?? 0), 0);
}

mkdirSync(CACHE, { recursive: true });
const outcomes: Outcome[] = [];
for (const part of PARTS) outcomes.push(await run(part));
const troubles = outcomes.flatMap(({ trouble }) => trouble ?? []);
for (const trouble of troubles) console.log(`FAIL ${trouble}`);
const totals: Totals = {
  passed: sum(outcomes, 'passed'),
  failed: sum(outcomes, 'failed') + troubles.length,
  skipped: sum(outcomes, 'skipped'),
  retried: sum(outcomes, 'retried'),
};
for (const line of [retriedLine(totals), totalsLine(totals)]) if (line !== undefined) console.log(line);
process.exitCode = totals.failed === 0 ? 0 : 1;
