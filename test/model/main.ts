/**
 * Searches every reachable state of small systems of seats, through the product's own functions: `npm run model`.
 * Prints a line for each system; exits 1 with the shortest trace where a rule is broken.
 */
import { CONFIGURATIONS } from './configurations.ts';
import { explore } from './explore.ts';
import { SeatModel } from './seat-model.ts';

const number = new Intl.NumberFormat('en');
const startMs = performance.now();
const seconds = () => ((performance.now() - startMs) / 1_000).toFixed(1);
let states = 0;
let transitions = 0;
for (const configuration of CONFIGURATIONS) {
  const result = explore(new SeatModel(configuration), {
    onProgress: (seen) => process.stderr.isTTY && process.stderr.write(`\r${number.format(seen)} states …`),
  });
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  states += result.states;
  transitions += result.transitions;
  const size = `${number.format(result.states)} states, ${number.format(result.transitions)} transitions`;
  console.log(`${configuration.name}: ${size}, up to ${result.depth} steps; ${seconds()} s`);
  if (!result.found) continue;
  console.log(`broken: ${result.found.problem}\n  ${result.found.trace.join('\n  ')}`);
  process.exitCode = 1;
  break;
}
const verdict = process.exitCode ? 'stopped at a broken rule' : 'no state breaks a rule';
console.log(`${number.format(states)} states, ${number.format(transitions)} transitions, ${seconds()} s: ${verdict}`);
