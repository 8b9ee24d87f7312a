import type { Rng } from '../../core/ports.ts';
import type { Coverage } from './coverage.ts';
import { createMutator } from './mutate.ts';
import type { Target } from './target.ts';

/** Inputs between two looks at the coverage: a look costs as much as some hundred inputs. */
const BATCH = 256;

export interface Crash {
  readonly input: Uint8Array;
  readonly error: Error;
}

export interface FuzzReport {
  readonly inputs: number;
  /** How often each answer was given. */
  readonly answers: Readonly<Record<string, number>>;
  /** The smallest of the inputs found that together run all that any of them ran. */
  readonly corpus: readonly Uint8Array[];
  readonly coveredBytes: number;
  readonly crash?: Crash;
}

/** Feeds one target until `isOver`, or to the first crash, which is made smaller. */
export async function fuzz(
  target: Target,
  known: readonly Uint8Array[],
  deps: { readonly coverage: Coverage; readonly rng: Pick<Rng, 'float'>; readonly isOver: () => boolean },
): Promise<FuzzReport> {
  const { coverage, rng, isOver } = deps;
  const answers: Record<string, number> = {};
  const corpus: Uint8Array[] = [];
  let inputs = 0;

  const crashOf = async (input: Uint8Array): Promise<Error | undefined> => {
    inputs++;
    try {
      // A copy: who writes into its input is found out by what its own corpus becomes.
      const answer = await target.run(input.slice());
      if (answers[answer] === undefined) corpus.push(input);
      answers[answer] = (answers[answer] ?? 0) + 1;
      return undefined;
    } catch (error) {
      return error as Error;
    }
  };
  const report = (crash?: Crash): FuzzReport => {
    const found = { inputs, answers, corpus, coveredBytes: coverage.size() };
    return crash ? { ...found, crash } : found;
  };
  /** Keeps those of `batch` that run something new, found by halves. */
  const keep = async (batch: readonly Uint8Array[]): Promise<void> => {
    coverage.take();
    for (const input of batch) await crashOf(input);
    const taken = coverage.take();
    if (coverage.news(taken, batch.length === 1) === 0) return;
    if (batch.length === 1) {
      corpus.push(batch[0]!);
      return;
    }
    const half = batch.length >> 1;
    await keep(batch.slice(0, half));
    await keep(batch.slice(half));
  };

  const first = [...known, ...target.seeds].sort((one, other) => one.length - other.length);
  for (const input of first) {
    const error = await crashOf(input);
    if (error) return report(await smaller({ input, error }, crashOf));
    await keep([input]);
  }
  const { mutate } = createMutator(rng, target);
  while (!isOver()) {
    coverage.take();
    const batch: Uint8Array[] = [];
    while (batch.length < BATCH) {
      const mutated = mutate(corpus, target.maxBytes);
      const input = target.repair && rng.float() < 0.5 ? target.repair(mutated) : mutated;
      batch.push(input);
      const error = await crashOf(input);
      if (error) return report(await smaller({ input, error }, crashOf));
    }
    if (coverage.news(coverage.take(), false) > 0) await keep(batch);
  }
  return report();
}

/** The crash with as much of its input cut away as can be, part by part. */
async function smaller(crash: Crash, crashOf: (input: Uint8Array) => Promise<Error | undefined>): Promise<Crash> {
  let best = crash;
  for (let size = best.input.length >> 1; size > 0; size >>= 1) {
    for (let at = 0; at + size <= best.input.length; ) {
      const input = Uint8Array.from([...best.input.subarray(0, at), ...best.input.subarray(at + size)]);
      const error = await crashOf(input);
      if (error) best = { input, error };
      else at += size;
    }
  }
  return best;
}

/** Of `inputs` the smallest that together run all that they all run, and get all their answers. */
export async function minimised(
  target: Target,
  inputs: readonly Uint8Array[],
  coverage: Coverage,
): Promise<Uint8Array[]> {
  const kept: Uint8Array[] = [];
  const answers = new Set<string>();
  for (const input of [...inputs].sort((one, other) => one.length - other.length)) {
    coverage.take();
    const answer = await target.run(input.slice());
    if (coverage.news(coverage.take(), true) > 0 || !answers.has(answer)) kept.push(input);
    answers.add(answer);
  }
  return kept;
}
