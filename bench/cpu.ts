/** CPU time of small things, for the benches of this folder. */
import { cpus } from 'node:os';

/** CPU nanoseconds of one call of `call`, over `calls` calls. The results are summed so that none can be left out. */
export function cpuNsPerCall(calls: number, call: (index: number) => number): number {
  let sum = 0;
  const before = process.cpuUsage();
  for (let index = 0; index < calls; index++) sum += call(index);
  const { user, system } = process.cpuUsage(before);
  if (Number.isNaN(sum)) throw new Error('a call gave no number');
  return ((user + system) * 1_000) / calls;
}

export function machine(): string {
  return `node ${process.version}, ${cpus().length} x ${cpus()[0]?.model.trim()}`;
}

/** The middle one; of two the higher. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

/** One line with the median and every round, in the unit that `nsPerUnit` says. */
export function roundsLine(name: string, rounds: readonly number[], nsPerUnit: number): string {
  const digits = nsPerUnit > 1 ? 1 : 0;
  const shown = (ns: number) => (ns / nsPerUnit).toFixed(digits);
  return `${name.padEnd(28)} median ${shown(median(rounds)).padStart(6)}  (${rounds.map(shown).join(' ')})`;
}
