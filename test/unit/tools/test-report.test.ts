import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { judge, retriedLine, type TestOutcome, totalsLine } from '../../../tools/test-report.ts';
import { plantTree, type Tree } from '../../support/temp-tree.ts';

const ROOT = join(import.meta.dirname, '../../..');

const anOutcome = (state: TestOutcome['state'], name = 'engine > runs'): TestOutcome => ({
  file: 'test/real/a.test.ts',
  name,
  state,
});
const LEAVE = { file: 'test/real/a.test.ts', test: 'engine >', reason: 'needs an engine' };

describe('a judged run', () => {
  it('counts a skip with leave as skipped and gives its reason', () => {
    const judgement = judge([anOutcome('passed', 'other'), anOutcome('skipped')], [LEAVE], 0, true);

    expect(totalsLine(judgement)).toBe('1 passed, 0 failed, 1 skipped');
    expect(judgement.lines).toEqual(['skipped: test/real/a.test.ts: engine > runs (needs an engine)']);
  });

  it('counts a skip without leave as failed', () => {
    const judgement = judge([{ ...anOutcome('skipped'), note: 'no java' }], [], 0, true);

    expect(totalsLine(judgement)).toBe('0 passed, 1 failed');
    expect(judgement.lines).toEqual(['SKIPPED WITHOUT LEAVE: test/real/a.test.ts: engine > runs (no java)']);
  });

  it('counts a leave that fits no test of its file as failed', () => {
    const judgement = judge([anOutcome('passed', 'other')], [LEAVE], 0, true);

    expect(totalsLine(judgement)).toBe('1 passed, 1 failed');
  });

  it('lets the leaves of files alone that did not run', () => {
    const judgement = judge([{ ...anOutcome('passed'), file: 'test/unit/b.test.ts' }], [LEAVE], 0, true);

    expect(totalsLine(judgement)).toBe('1 passed, 0 failed');
  });

  it('counts files and hooks that broke', () => {
    expect(totalsLine(judge([anOutcome('failed')], [], 2, true))).toBe('0 passed, 3 failed');
  });

  it('names each test that passed on its second try', () => {
    const judgement = judge([anOutcome('passed', 'a'), { ...anOutcome('passed'), isRetried: true }], [], 0, true);

    expect(judgement.lines).toEqual(['needed a second try: test/real/a.test.ts > engine > runs']);
    expect(totalsLine(judgement)).toBe('2 passed, 0 failed');
    expect(retriedLine(judgement)).toBe('2 passed, 0 failed, 1 on the second try');
  });

  it('counts a test that failed on its second try too as failed', () => {
    const judgement = judge([{ ...anOutcome('failed'), isRetried: true }], [], 0, true);

    expect(judgement.lines).toEqual([]);
    expect(totalsLine(judgement)).toBe('0 passed, 1 failed');
    expect(retriedLine(judgement)).toBeUndefined();
  });

  it('minds no skips where only some tests were asked for', () => {
    expect(totalsLine(judge([anOutcome('skipped')], [], 0, false))).toBe('0 passed, 0 failed, 1 skipped');
  });
});

/** Runs vitest over a tree of tests in this repository's cache folder, where its packages are found. */
function runVitest(
  tree: Tree,
  settings = '',
): { code: number | null; text: string; last: string | undefined; totals: unknown } {
  const config =
    "import { defineConfig } from 'vitest/config';\nimport { createTestReport } from '../../tools/test-report.ts';\n";
  const root = plantTree(
    {
      'test/allowed-skips.json': '[]',
      'vitest.config.ts': `${config}export default defineConfig({ test: { reporters: ['default', createTestReport(import.meta.dirname)], ${settings} } });\n`,
      ...tree,
    },
    join(ROOT, '.cache'),
  );
  const { status, stdout } = spawnSync(process.execPath, [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run'], {
    cwd: root,
    encoding: 'utf8',
  });
  const totals = JSON.parse(readFileSync(join(root, '.cache/test-totals.json'), 'utf8')) as Record<string, unknown>;
  return {
    code: status,
    text: stdout,
    last: stdout.trim().split('\n').at(-1),
    totals: [totals['passed'], totals['failed'], totals['skipped']],
  };
}

const PASSING = "import { it } from 'vitest';\nit('a', () => {});\n";

describe('a run of vitest', () => {
  it('passes and ends with its totals', () => {
    expect(runVitest({ 'test/a.test.ts': PASSING })).toMatchObject({
      code: 0,
      last: '1 passed, 0 failed',
      totals: [1, 0, 0],
    });
  });

  it('fails when a test skips itself without leave', () => {
    const skipping = `${PASSING}it('b', ({ skip }) => skip('no engine'));\n`;

    expect(runVitest({ 'test/a.test.ts': skipping })).toMatchObject({
      code: 1,
      last: '1 passed, 1 failed',
      totals: [1, 1, 0],
    });
  });

  it('passes when the skip has leave', () => {
    const skipping = `${PASSING}it('b', ({ skip }) => skip('no engine'));\n`;
    const allowed = JSON.stringify([{ file: 'test/a.test.ts', test: 'b', reason: 'needs an engine' }]);

    const run = runVitest({ 'test/a.test.ts': skipping, 'test/allowed-skips.json': allowed });

    expect(run).toMatchObject({ code: 0, last: '1 passed, 0 failed, 1 skipped', totals: [1, 0, 1] });
  });

  it('tells which test needed its second try', () => {
    const flaky = "import { expect, it } from 'vitest';\nlet time = 0;\nit('b', () => { expect(++time).toBe(2); });\n";

    const run = runVitest({ 'test/a.test.ts': PASSING, 'test/b.test.ts': flaky }, 'retry: 1');

    expect(run).toMatchObject({ code: 0, last: '2 passed, 0 failed', totals: [2, 0, 0] });
    expect(run.text).toContain('needed a second try: test/b.test.ts > b\n2 passed, 0 failed, 1 on the second try\n');
  });

  it('counts a file that cannot be loaded and a hook that fails', () => {
    const hook =
      "import { beforeAll, describe, it } from 'vitest';\ndescribe('s', () => { beforeAll(() => { throw new Error('x'); }); it('b', () => {}); });\n";

    const run = runVitest({
      'test/a.test.ts': PASSING,
      'test/b.test.ts': "import './nowhere.ts';\n",
      'test/c.test.ts': hook,
    });

    expect(run).toMatchObject({ code: 1, last: '1 passed, 2 failed', totals: [1, 2, 0] });
  });
}, 30_000);
