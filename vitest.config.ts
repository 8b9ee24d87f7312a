import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { createTestReport } from './tools/test-report.ts';

interface Project {
  readonly name: string;
  /** Needs the bundles of dist/: they are made first. */
  readonly bundles?: true;
  /** Starts programs, listens on ports or waits for real time: after the quick projects, this many files at once. */
  readonly atOnce?: number;
  readonly timeoutMs: number;
}

/** One project for each folder of test/. */
const PROJECTS: readonly Project[] = [
  { name: 'unit', timeoutMs: 20_000 },
  { name: 'property', timeoutMs: 60_000 },
  { name: 'contract', timeoutMs: 300_000 },
  { name: 'model', timeoutMs: 60_000 },
  { name: 'synth', bundles: true, timeoutMs: 60_000 },
  // Their programs wait more than they work.
  { name: 'sandbox', bundles: true, atOnce: 2, timeoutMs: 60_000 },
  { name: 'net', bundles: true, atOnce: 2, timeoutMs: 60_000 },
  { name: 'real', bundles: true, atOnce: 1, timeoutMs: 120_000 },
  // Kills, floods and outages: longer than the others, so a part of their own (npm run test:reliability).
  { name: 'reliability', bundles: true, atOnce: 1, timeoutMs: 120_000 },
];

const homeless = globSync('test/**/*.test.ts', { cwd: import.meta.dirname }).filter(
  (path) => !PROJECTS.some(({ name }) => path.startsWith(`test/${name}/`)),
);
if (homeless.length > 0) throw new Error(`vitest.config.ts has no project for ${homeless.join(', ')}`);

export default defineConfig({
  test: {
    reporters: ['default', createTestReport(import.meta.dirname)],
    projects: PROJECTS.map(({ name, bundles, atOnce, timeoutMs }) => ({
      test: {
        name,
        include: [`test/${name}/**/*.test.ts`],
        environment: 'node',
        // Every reply over UDP in every test.
        setupFiles: ['test/support/setup.ts'],
        testTimeout: timeoutMs,
        hookTimeout: timeoutMs,
        // How long a test waits for what must come: a busy machine is late, and that is no fault.
        expect: { poll: { timeout: 10_000 } },
        globalSetup: bundles ? ['tools/build-once.ts'] : [],
        // Real processes and real time on a shared machine: a burst of load elsewhere may cost one of them its deadline,
        // and must not refuse a change that is right. Each test that needed its second try is named at the end of the
        // run (tools/test-report.ts), and is a defect to mend.
        retry: atOnce === undefined ? 0 : 1,
        // Groups run one after the other. Not group 0: there a project of one worker would run last.
        maxWorkers: atOnce ?? availableParallelism(),
        sequence: { groupOrder: atOnce === undefined ? 1 : atOnce === 1 ? 3 : 2 },
      },
    })),
  },
});
