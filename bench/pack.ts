/**
 * How few servers `pack` uses: `node bench/pack.ts [seed]`. Servers of 300 seats, 5 arrivals a second (Poisson), stays of
 * an hour in the mean that end at random (exponential), so that holes come everywhere; three simulated hours to fill up and
 * ten to measure. Ideal is sessions / 300, rounded up, at each moment; the figure is the mean over time.
 */
import { createPolicy } from '../core/select/create-policy.ts';
import { mix32 } from '../core/select/hash.ts';
import type { PolicyName } from '../core/select/policy.ts';
import { atLeast } from './figure.ts';
import { makePool } from './pool.ts';

const CAPACITY = 300;
const ARRIVALS_PER_SECOND = 5;
const STAY_SECONDS = 3_600;
const WARM_SECONDS = 3 * 3_600;
const SECONDS = 10 * 3_600;
const SERVERS = 200;

/** A counter through a mixer of 32 bits: good enough to draw by, and the same seed gives the same run. */
function seeded(seed: number): () => number {
  let state = mix32(seed);
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    return mix32(state) / 2 ** 32;
  };
}

function run(name: PolicyName, seed: number) {
  const float = seeded(seed);
  const pool = makePool(SERVERS, -1, CAPACITY);
  const { free } = pool.view;
  const policy = createPolicy(name);
  const rng = { float, bytes: () => new Uint8Array(16) };
  const source = { address: new Uint8Array(4), port: 1, protocol: 17 as const };
  const query = { client: new Uint8Array(16), source, service: { address: new Uint8Array(4), port: 1 }, rng };
  const sessions: number[] = [];
  let [used, ideal, seconds, nowSeconds] = [0, 0, 0, 0];
  while (nowSeconds < WARM_SECONDS + SECONDS) {
    // The next of two Poisson processes: arrivals, and departures of any one who is there.
    const leaving = sessions.length / STAY_SECONDS;
    const step = -Math.log(1 - float()) / (ARRIVALS_PER_SECOND + leaving);
    if (nowSeconds >= WARM_SECONDS) {
      used += step * free.reduce((sum, left) => sum + (left < CAPACITY ? 1 : 0), 0);
      ideal += step * Math.ceil(sessions.length / CAPACITY);
      seconds += step;
    }
    nowSeconds += step;
    if (float() * (ARRIVALS_PER_SECOND + leaving) < ARRIVALS_PER_SECOND) {
      const index = policy.pick(pool, query);
      if (index < 0) throw new Error('too few servers');
      free[index]! -= 1;
      sessions.push(index);
    } else {
      const at = Math.floor(float() * sessions.length);
      const index = sessions[at]!;
      sessions[at] = sessions.at(-1)!;
      sessions.pop();
      free[index]! += 1;
    }
  }
  return { used: used / seconds, ideal: ideal / seconds };
}

const seed = Number(process.argv[2] ?? 1);
console.log(`capacity ${CAPACITY}, ${ARRIVALS_PER_SECOND} arrivals/s, mean stay ${STAY_SECONDS} s, seed ${seed}`);
for (const name of ['pack', 'least-loaded'] as const) {
  const { used, ideal } = run(name, seed);
  const share = (100 * ideal) / used;
  const figures = `${used.toFixed(2)} servers in use, ideal ${ideal.toFixed(2)}: ${share.toFixed(1)} % of the ideal`;
  console.log(`${name.padEnd(14)} ${figures}`);
  if (name === 'pack') atLeast('pack, capacity 300, 5 arrivals/s: ideal number of servers in use', 95, share, '%');
}
