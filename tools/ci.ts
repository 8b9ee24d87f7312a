/**
 * What CI runs: all checks, then all tests even if a check failed, then one line with the real totals, in which a failed
 * check counts like a failed test: `npm run ci`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Totals, totalsLine } from './test-report.ts';

const CACHE = join(import.meta.dirname, '../.cache');
const CHECKS = join(CACHE, 'check-failures.json');
const TESTS = join(CACHE, 'test-totals.json');

/** Runs an npm script and gives what it wrote to `file`; undefined if it died before that. */
function run<T>(script: string, args: readonly string[], file: string): { readonly good: boolean; readonly wrote?: T } {
  rmSync(file, { force: true });
  const { status } = spawnSync('npm', ['run', script, ...args], { stdio: 'inherit' });
  return { good: status === 0, ...(existsSync(file) && { wrote: JSON.parse(readFileSync(file, 'utf8')) as T }) };
}

mkdirSync(CACHE, { recursive: true });
const checks = run<{ failed: string[] }>('check', ['--', '--json', CHECKS], CHECKS);
const tests = run<Totals>('test', [], TESTS);
const totals = tests.wrote ?? { passed: 0, failed: 0, skipped: 0 };
const failedChecks = checks.wrote?.failed ?? [];
const deadRuns = (checks.good || failedChecks.length > 0 ? 0 : 1) + (tests.good || totals.failed > 0 ? 0 : 1);
if (failedChecks.length > 0) console.log(`failed checks: ${failedChecks.join(', ')}`);
if (deadRuns > 0) console.log('a run ended badly before it could count');
console.log(totalsLine({ ...totals, failed: totals.failed + failedChecks.length + deadRuns }));
process.exitCode = checks.good && tests.good ? 0 : 1;
