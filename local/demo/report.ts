import { UsageError } from '../../adapters/cli/flags.ts';

/** Something was not as it must be: the step has failed. */
export class Failure extends Error {}

/** Throws Failure unless `isSo`. */
export function demand(isSo: boolean, otherwise: string): asserts isSo {
  if (!isSo) throw new Failure(otherwise);
}

/** Tells what was observed, as soon as it was. */
export type Say = (text: string) => void;

export interface Report {
  /** One step, from its title to `ok` or `FAILED`; throws what the step threw. */
  step(title: string, run: (say: Say) => Promise<void>): Promise<void>;
  /** A line between the steps. */
  note(line: string): void;
  /** Seconds since the beginning. */
  seconds(): string;
}

/** Prints steps with the time of every line, so that nobody waits without seeing why. */
export function createReport(steps: number, write: (line: string) => void): Report {
  const startedMs = performance.now();
  let number = 0;
  const seconds = (): string => ((performance.now() - startedMs) / 1_000).toFixed(1);
  const say: Say = (text) => {
    const [first = '', ...more] = text.split('\n');
    write(`${seconds().padStart(6)} s  ${first}`);
    for (const line of more) write(`          ${line}`);
  };
  return {
    seconds,
    note: write,
    async step(title, run) {
      write(`\n[${++number}/${steps}] ${title}`);
      try {
        await run(say);
      } catch (error) {
        const isPlain = error instanceof Failure || error instanceof UsageError;
        say(`FAILED: ${isPlain ? error.message : ((error as Error).stack ?? error)}`);
        throw error;
      }
      say('ok');
    },
  };
}

/** "2.3 s" between two readings of `performance.now()`. */
export function span(fromMs: number, toMs = performance.now()): string {
  return `${((toMs - fromMs) / 1_000).toFixed(1)} s`;
}

/** "a 3, b 1": how often each occurs, by name. */
export function tally(items: readonly string[]): string {
  const groups = [...Map.groupBy(items, (item) => item)].sort(([a], [b]) => (a < b ? -1 : 1));
  return groups.map(([item, all]) => `${item} ${all.length}`).join(', ') || 'none';
}

/** "3 clients", "1 client". */
export function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}
