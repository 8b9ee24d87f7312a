/**
 * A lane: steps in their order on an emulator, each with its time, then one line of totals. What was started is stopped
 * in the end, also after a failure, a signal, or when the lane's time is over.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describeProcesses, followTree } from '../../../tools/process-tree.ts';
import { type Totals, totalsLine } from '../../../tools/test-report.ts';

export const ROOT = join(import.meta.dirname, '../../..');
export const CACHE = join(ROOT, '.cache');

const UNDO_MS = 15_000;
/** For one call of a registry store: an emulator on a busy machine takes longer than a registry may. */
export const PATIENCE_MS = 20_000;

export interface Lane {
  /** Gone when the lane ends; kept if it failed. */
  readonly workDir: string;
  /** Runs `step`; a failure ends the lane. */
  step<T>(title: string, step: () => Promise<T>): Promise<T>;
  /** Done in the end, the last one first. */
  undo(step: () => Promise<unknown>): void;
}

interface AllowedSkip {
  readonly file: string;
  readonly test: string;
  readonly reason: string;
}

interface LaneOptions {
  /** `ministack`: the totals go to .cache/lane-ministack.json. */
  readonly name: string;
  /** What it should take at most; more is only said. */
  readonly goalMs: number;
  /** Then it fails, whatever it is at. */
  readonly limitMs: number;
  /** Why the lane cannot run on this machine, undefined if it can. Such a skip needs a leave in test/allowed-skips.json. */
  readonly whyNot: string | undefined;
  readonly run: (lane: Lane) => Promise<void>;
}

/** Runs a lane and sets the exit code. */
export async function runLane(options: LaneOptions): Promise<void> {
  const { name, goalMs, whyNot } = options;
  if (whyNot !== undefined) {
    const totals = skipped(name, whyNot);
    write(name, totals);
    console.log(totalsLine(totals));
    process.exitCode = totals.failed === 0 ? 0 : 1;
    return;
  }
  const startedMs = performance.now();
  const tree = followTree(process.pid);
  const workDir = mkdtempSync(join(tmpdir(), `onedoor-${name}-`));
  const { passed, failure } = await runSteps(options, workDir);
  const left = tree.living();
  if (left.length > 0)
    console.log(`FAIL          these were left running, and are ended now:\n${describeProcesses(left)}`);
  await tree.kill();
  const totals = { passed, failed: failure === undefined && left.length === 0 ? 0 : 1, skipped: 0 };
  if (totals.failed === 0) rmSync(workDir, { recursive: true, force: true });
  else console.log(`logs: ${workDir}`);
  const tookMs = performance.now() - startedMs;
  const late = tookMs > goalMs ? `, longer than the ${goalMs / 1000} s that it should take` : '';
  console.log(`${name}: ${seconds(startedMs)} s${late}`);
  write(name, totals);
  console.log(totalsLine(totals));
  process.exitCode = totals.failed === 0 ? 0 : 1;
  // A step that was cut off may still hold a socket or a timer.
  process.exit();
}

function write(name: string, totals: Totals): void {
  mkdirSync(CACHE, { recursive: true });
  writeFileSync(join(CACHE, `lane-${name}.json`), JSON.stringify(totals));
}

async function runSteps(
  { name, limitMs, run }: LaneOptions,
  workDir: string,
): Promise<{ readonly passed: number; readonly failure: unknown }> {
  const undoing: (() => Promise<unknown>)[] = [];
  let passed = 0;
  let current = 'the start';
  const interrupted = interruption(limitMs, name);
  const lane: Lane = {
    workDir,
    undo: (step) => undoing.push(step),
    async step(title, step) {
      current = title;
      // If somebody kills the lane, this is what it had come to.
      write(name, { passed, failed: 1, skipped: 0 });
      const atMs = performance.now();
      const result = await Promise.race([step(), interrupted]);
      passed++;
      console.log(`ok   ${seconds(atMs).padStart(5)} s  ${title}`);
      return result;
    },
  };
  let failure: unknown;
  try {
    await Promise.race([run(lane), interrupted]);
  } catch (error) {
    failure = error;
    console.log(`FAIL          ${current}\n${error instanceof Error ? error.stack : error}`);
  }
  for (const step of undoing.reverse()) {
    await Promise.race([step(), tooLong()]).catch((error: unknown) => {
      failure ??= error;
      console.log(`FAIL          the end: ${error}`);
    });
  }
  return { passed, failure };
}

/** What is undone gets its time too: what it leaves is killed afterwards. */
async function tooLong(): Promise<never> {
  await delay(UNDO_MS, undefined, { ref: false });
  throw new Error(`took longer than ${UNDO_MS / 1000} s`);
}

function seconds(sinceMs: number): string {
  return ((performance.now() - sinceMs) / 1000).toFixed(1);
}

/** Rejects on a signal and when the time is over. */
function interruption(limitMs: number, name: string): Promise<never> {
  const rejecting = new Promise<never>((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      // Not once: whoever stops a whole group sends it to npm too, which sends it on.
      process.on(signal, () => reject(new Error(`ended by ${signal}`)));
    }
    setTimeout(() => reject(new Error(`${name} took longer than ${limitMs / 1000} s`)), limitMs).unref();
  });
  rejecting.catch(() => {});
  return rejecting;
}

function skipped(name: string, why: string): Totals {
  const file = `test/emulator/${name}.ts`;
  const allowed = JSON.parse(readFileSync(join(ROOT, 'test/allowed-skips.json'), 'utf8')) as AllowedSkip[];
  const leave = allowed.some((entry) => entry.file === file);
  console.log(`${leave ? 'skipped' : 'SKIPPED WITHOUT LEAVE'}: ${file}: ${why}`);
  return { passed: 0, failed: leave ? 0 : 1, skipped: leave ? 1 : 0 };
}

/** Waits until `look` gives something; the error names what was waited for. */
export async function eventually<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  withinMs = 20_000,
): Promise<T> {
  const endMs = performance.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (performance.now() > endMs) throw new Error(`waited ${withinMs} ms for: ${what}`);
    await delay(50);
  }
}
