/**
 * The end of every test run: each skipped test with its reason, each that needed a second try, then one line of totals.
 * A test may be skipped only if test/allowed-skips.json lists it, so that a missing emulator cannot quietly take a proof
 * away.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Reporter, TestCase, TestModule, TestSuite, Vitest } from 'vitest/node';

/** A leave to skip: all tests of `file` whose full name begins with `test`, for `reason`. */
interface AllowedSkip {
  readonly file: string;
  readonly test: string;
  readonly reason: string;
}

export interface TestOutcome {
  readonly file: string;
  /** Suites and test, joined by ` > `. */
  readonly name: string;
  readonly state: 'passed' | 'failed' | 'skipped';
  /** What the test said when it skipped itself. */
  readonly note?: string | undefined;
  /** Passed, but not the first time (`retry` in vitest.config.ts). */
  readonly isRetried?: boolean | undefined;
}

export interface Totals {
  readonly passed: number;
  /** Failed tests, files and hooks, and tests skipped without leave. */
  readonly failed: number;
  readonly skipped: number;
  /** Of those that passed. @default 0 */
  readonly retried?: number;
}

export interface Judgement extends Totals {
  readonly lines: readonly string[];
}

/** `12 passed, 0 failed, 1 skipped`; the last part only if there is one. */
export function totalsLine({ passed, failed, skipped }: Totals): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/** How many tests needed a second try, in a line of its own: who reads totals by machine knows only the plain line. */
export function retriedLine(totals: Totals): string | undefined {
  const { retried = 0 } = totals;
  return retried > 0 ? `${totalsLine(totals)}, ${retried} on the second try` : undefined;
}

/**
 * Judges a run.
 *
 * @param brokenParts files or suites that failed outside their tests, and errors that no test caught
 * @param whole false if only some tests of the files were asked for: then skips say nothing
 */
export function judge(
  outcomes: readonly TestOutcome[],
  allowed: readonly AllowedSkip[],
  brokenParts: number,
  whole: boolean,
): Judgement {
  const count = (state: TestOutcome['state']): number => outcomes.filter((outcome) => outcome.state === state).length;
  const retried = outcomes.filter(({ isRetried, state }) => isRetried && state === 'passed');
  const retries = retried.map(({ file, name }) => `needed a second try: ${file} > ${name}`);
  const common = { passed: count('passed'), ...(retried.length > 0 && { retried: retried.length }) };
  if (!whole) return { ...common, failed: count('failed') + brokenParts, skipped: count('skipped'), lines: retries };
  const leave = ({ file, name }: TestOutcome): AllowedSkip | undefined =>
    allowed.find((entry) => entry.file === file && name.startsWith(entry.test));
  const skips = outcomes.filter(({ state }) => state === 'skipped');
  const forbidden = skips.filter((outcome) => !leave(outcome));
  const files = new Set(outcomes.map(({ file }) => file));
  const stale = allowed.filter(
    ({ file, test }) =>
      files.has(file) && !outcomes.some((outcome) => outcome.file === file && outcome.name.startsWith(test)),
  );
  return {
    ...common,
    failed: count('failed') + brokenParts + forbidden.length + stale.length,
    skipped: skips.length - forbidden.length,
    lines: [
      ...skips.map((outcome) => {
        const reason = outcome.note ?? leave(outcome)?.reason ?? 'no reason given';
        return `${leave(outcome) ? 'skipped' : 'SKIPPED WITHOUT LEAVE'}: ${outcome.file}: ${outcome.name} (${reason})`;
      }),
      ...stale.map(({ file, test }) => `test/allowed-skips.json: ${file} has no test that begins with "${test}"`),
      ...retries,
    ],
  };
}

function ownErrors(module: TestModule): number {
  return [module, ...module.children.allSuites()].filter((part) => part.errors().length > 0).length;
}

/** True if the file or a suite around the test failed on its own: the test never had its turn. */
function neverRan(test: TestCase): boolean {
  for (let part: TestSuite | TestModule = test.parent; ; part = part.parent) {
    if (part.errors().length > 0) return true;
    if (part.type === 'module') return false;
  }
}

function outcomeOf(root: string, test: TestCase): TestOutcome {
  const result = test.result();
  return {
    file: relative(root, test.module.moduleId),
    name: test.fullName,
    state: result.state === 'pending' ? 'failed' : result.state,
    note: result.state === 'skipped' ? result.note : undefined,
    isRetried: test.diagnostic()?.flaky,
  };
}

function readAllowed(root: string): AllowedSkip[] {
  return JSON.parse(readFileSync(join(root, 'test/allowed-skips.json'), 'utf8')) as AllowedSkip[];
}

/** The reporter. The totals also go to .cache/test-totals.json, for tools/ci.ts. */
export function createTestReport(root: string): Reporter {
  let vitest: Vitest | undefined;
  return {
    onInit(instance) {
      vitest = instance;
    },
    onTestRunEnd(modules, unhandledErrors) {
      const outcomes = modules.flatMap((module) =>
        [...module.children.allTests()].filter((test) => !neverRan(test)).map((test) => outcomeOf(root, test)),
      );
      const broken = unhandledErrors.length + modules.reduce((sum, module) => sum + ownErrors(module), 0);
      const whole = vitest?.config.testNamePattern === undefined;
      const judgement = judge(outcomes, readAllowed(root), broken, whole);
      for (const line of [...judgement.lines, retriedLine(judgement)]) if (line !== undefined) console.log(line);
      console.log(totalsLine(judgement));
      mkdirSync(join(root, '.cache'), { recursive: true });
      writeFileSync(join(root, '.cache/test-totals.json'), JSON.stringify(judgement));
      if (judgement.failed > 0) process.exitCode = 1;
    },
  };
}
