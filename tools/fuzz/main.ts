/**
 * Feeds every parser what its own coverage leads to: `npm run fuzz -- --for 20 [--target NAME] [--seed N] [--keep]`. The time is
 * for all targets together. Known inputs are in test/corpus/<target>; `--keep` writes back the smallest ones that run all that
 * was run. An input that breaks a rule is made smaller and written down, and the command that repeats it is printed.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { seededRng } from '../../test/support/seeded-rng.ts';
import { Coverage } from './coverage.ts';
import { type FuzzReport, fuzz, minimised } from './engine.ts';
import type { Target } from './target.ts';
import { TARGETS, targetNamed } from './targets/all.ts';

const ROOT = join(import.meta.dirname, '../..');
const CRASHES = join(ROOT, '.cache/fuzz');
const OURS = pathToFileURL(ROOT).href;
const PARTS = ['core', 'adapters', 'agents', 'tools/fuzz/targets'].map((part) => `${OURS}/${part}/`);
const newCoverage = (): Coverage => new Coverage((url) => PARTS.some((part) => url.startsWith(part)));

const nameOf = (input: Uint8Array): string => createHash('sha256').update(input).digest('hex').slice(0, 12);

function corpusOf({ name }: Target): Uint8Array[] {
  const folder = join(ROOT, 'test/corpus', name);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .map((file) => new Uint8Array(readFileSync(join(folder, file))));
}

async function keep(target: Target, inputs: readonly Uint8Array[]): Promise<void> {
  const folder = join(ROOT, 'test/corpus', target.name);
  const coverage = newCoverage();
  const kept = await minimised(target, inputs, coverage);
  coverage.stop();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const input of kept) writeFileSync(join(folder, nameOf(input)), input);
  console.log(`${target.name}: ${kept.length} inputs kept`);
}

function tell({ name }: Target, { inputs, answers, corpus, coveredBytes }: FuzzReport): void {
  const common = Object.entries(answers)
    .sort(([, one], [, other]) => other - one)
    .slice(0, 5)
    .map(([answer, count]) => `${answer} ${count}`);
  console.log(
    `${name}: ${inputs} inputs, ${corpus.length} of them in the corpus, ${coveredBytes} bytes of source run; ${common.join(', ')}`,
  );
}

/** False if a rule was broken. */
async function fuzzOne(target: Target, seconds: number, seed: number, isKept: boolean): Promise<boolean> {
  const coverage = newCoverage();
  const endMs = performance.now() + seconds * 1_000;
  const known = corpusOf(target);
  const report = await fuzz(target, known, {
    coverage,
    rng: seededRng(seed),
    isOver: () => performance.now() >= endMs,
  });
  coverage.stop();
  tell(target, report);
  const { crash } = report;
  if (!crash) {
    if (isKept) await keep(target, report.corpus);
    return true;
  }
  mkdirSync(CRASHES, { recursive: true });
  const file = join(CRASHES, `${target.name}-${nameOf(crash.input)}`);
  writeFileSync(file, crash.input);
  console.log(`FAIL ${target.name}: ${crash.error.stack ?? crash.error.message}`);
  console.log(`input ${Buffer.from(crash.input).toString('hex')}`);
  console.log(`repeat it by: npm run fuzz -- --target ${target.name} --file ${file}`);
  return false;
}

async function repeat(target: Target, file: string): Promise<void> {
  console.log(`${target.name}: ${await target.run(new Uint8Array(readFileSync(file)))}`);
}

const { values } = parseArgs({
  options: {
    for: { type: 'string', default: '20' },
    target: { type: 'string' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
    file: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
});
const targets = values.target === undefined ? TARGETS : [targetNamed(values.target)];
if (values.file !== undefined) await repeat(targets[0]!, values.file);
else {
  console.log(`seed ${values.seed}`);
  let broken = 0;
  for (const target of targets) {
    const seconds = Number(values.for) / targets.length;
    if (!(await fuzzOne(target, seconds, Number(values.seed), values.keep))) broken++;
  }
  console.log(`${targets.length} targets, ${broken} broken`);
  process.exitCode = broken === 0 ? 0 : 1;
}
