/**
 * CPU time per pick of every policy, by pool size: `node bench/pick.ts`. All rounds of one process are printed with their
 * median; the policies take turns within a round, so that a slow moment of the machine hits all of them.
 */
import { createSystemRng } from '../adapters/system/system-rng.ts';
import type { Pool } from '../core/registry/roster.ts';
import { createPolicy, POLICY_NAMES } from '../core/select/create-policy.ts';
import type { PickQuery, Policy } from '../core/select/policy.ts';
import { createPools } from '../core/select/pools.ts';
import { buildView, type ListedServer } from '../test/support/build-view.ts';
import { cpuNsPerCall, machine, median, roundsLine } from './cpu.ts';
import { atMost, told } from './figure.ts';

const ROUNDS = 9;
const SIZES = [10, 100, 1_000, 10_000];
/** CPU time that one round of one policy may take, about. */
const ROUND_US = 40_000;

const rng = createSystemRng();

function makePool(size: number): Pool {
  const entries = Array.from({ length: size }, (_, index): ListedServer => {
    const capacity = [32, 64, 256][index % 3]!;
    return {
      key: `SRV#AROA:${index}#0`,
      server: {
        id: `i-${index.toString(16).padStart(17, '0')}.0`,
        ipv4: '203.0.113.7',
        ports: { game: 27_000, probe: 7_000 },
        zone: 'a',
        app: 'arena',
        world: 'w',
        group: 'g',
        labels: {},
        maxCapacity: capacity,
      },
      status: {
        gen: 'g',
        free: Math.floor(capacity * Math.random() * 0.6),
        capacity,
        sessions: 0,
        state: index % 50 === 0 ? 'draining' : 'ready',
        suspect: false,
        beat: 1,
        beatAgeMs: 0,
      },
    };
  });
  const found = createPools(buildView(entries, 1, 15_000)).pool('arena');
  if (!found.ok) throw new Error(found.code);
  return found.pool;
}

/** 1,024 clients in turn, so that nothing depends on one query staying the same. */
const queries = Array.from(
  { length: 1_024 },
  (_, index): PickQuery => ({
    client: rng.bytes(16),
    source: { address: rng.bytes(4), port: 1_024 + index, protocol: 17 },
    service: { address: Uint8Array.of(198, 51, 100, 4), port: 7_000 },
    rng,
  }),
);

const measure = (policy: Policy, pool: Pool, picks: number) =>
  cpuNsPerCall(picks, (pick) => policy.pick(pool, queries[pick & 1_023]!));

console.log(`${machine()}; CPU ns per pick, ${ROUNDS} rounds`);
for (const size of SIZES) {
  const pool = makePool(size);
  const runs = POLICY_NAMES.map((name) => {
    const policy = createPolicy(name);
    measure(policy, pool, 2_000);
    const warm = measure(policy, pool, 2_000);
    return { name, policy, picks: Math.max(200, Math.round((ROUND_US * 1_000) / warm)), rounds: [] as number[] };
  });
  for (let round = 0; round < ROUNDS; round++) {
    for (const run of round % 2 === 0 ? runs : [...runs].reverse())
      run.rounds.push(measure(run.policy, pool, run.picks));
  }
  for (const { name, rounds } of runs) {
    console.log(roundsLine(`${size} servers, ${name}`, rounds, 1));
    if (size < SIZES.at(-1)!) continue;
    if (name === 'two-choices') atMost(`pick among ${size} servers, ${name}, CPU`, 100, median(rounds), 'ns');
    else told(`pick among ${size} servers, ${name}, CPU`, median(rounds), 'ns');
  }
}
