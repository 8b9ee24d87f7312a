import { describe, expect, it } from 'vitest';
import { createPolicy, POLICY_NAMES } from '../../../core/select/create-policy.ts';
import { leastLoaded } from '../../../core/select/least-loaded.ts';
import { maglev } from '../../../core/select/maglev.ts';
import { nearest } from '../../../core/select/nearest.ts';
import { pack } from '../../../core/select/pack.ts';
import { random } from '../../../core/select/random.ts';
import { rendezvous } from '../../../core/select/rendezvous.ts';
import { roundRobin } from '../../../core/select/round-robin.ts';
import { stateless3 } from '../../../core/select/stateless-3.ts';
import { stateless5 } from '../../../core/select/stateless-5.ts';
import { twoChoices } from '../../../core/select/two-choices.ts';
import { aPool, aQuery, servers } from '../../support/builders.ts';
import { seededRng } from '../../support/seeded-rng.ts';
import { selectionPolicyCase } from './selection-policy.case.ts';

selectionPolicyCase('two-choices', { create: twoChoices, countsFree: true });
selectionPolicyCase('least-loaded', { create: leastLoaded, countsFree: true });
selectionPolicyCase('pack', { create: pack, countsFree: true, by: 'order' });
selectionPolicyCase('random', { create: random, countsFree: true });
selectionPolicyCase('round-robin', { create: roundRobin, countsFree: true });
selectionPolicyCase('nearest', { create: nearest, countsFree: true });
selectionPolicyCase('maglev', { create: maglev, countsFree: true });
selectionPolicyCase('rendezvous', { create: rendezvous, countsFree: true });
selectionPolicyCase('stateless-3', { create: stateless3, countsFree: false });
selectionPolicyCase('stateless-5', { create: stateless5, countsFree: false });

/** Within a tenth of what is expected: over three standard deviations for the counts here, and the draws are seeded. */
function expectShares(counts: readonly number[], expected: readonly number[]): void {
  for (const [at, count] of counts.entries()) expect(Math.abs(count / expected[at]! - 1)).toBeLessThan(0.1);
}

describe('createPolicy', () => {
  it('makes the policy of each word', () => {
    expect(POLICY_NAMES.map((name) => createPolicy(name).name)).toEqual([
      'two-choices',
      'least-loaded',
      'pack',
      'random',
      'round-robin',
      'nearest',
      'rendezvous',
      'maglev',
      'stateless-3',
      'stateless-5',
    ]);
  });

  it.each(['', 'Two-Choices', 'constructor', '__proto__'])('refuses %j and names the words there are', (word) => {
    expect(() => createPolicy(word)).toThrow(`\`policy\` must be one of ${POLICY_NAMES.join(', ')}, got: ${word}`);
  });
});

describe('two-choices', () => {
  it('takes the less loaded of two draws, the first at a tie', () => {
    const pool = aPool(servers(2, (index) => ({ capacity: 10, free: index === 0 ? 2 : 3 })));
    const draws = (...values: number[]) => ({ ...seededRng(1), float: () => values.shift()! });
    const policy = twoChoices();
    expect(policy.pick(pool, aQuery({ rng: draws(0.1, 0.9) }))).toBe(1);
    expect(policy.pick(pool, aQuery({ rng: draws(0.9, 0.1) }))).toBe(1);
    expect(policy.pick(pool, aQuery({ rng: draws(0.1, 0.1) }))).toBe(0);
    pool.view.free[0] = 3;
    expect(policy.pick(pool, aQuery({ rng: draws(0.1, 0.9) }))).toBe(0);
    expect(policy.pick(pool, aQuery({ rng: draws(0.9, 0.1) }))).toBe(1);
  });

  it('compares shares of the capacity, not counts', () => {
    const pool = aPool(servers(2, (index) => (index === 0 ? { capacity: 100, free: 20 } : { capacity: 10, free: 5 })));
    const rng = seededRng(3);
    const policy = twoChoices();
    const picks = Array.from({ length: 2_000 }, () => policy.pick(pool, aQuery({ rng })));
    // Server 1 has weight 10 of 110 and wins whenever it is drawn: 1 - (100/110)^2 = 0.174.
    const count = picks.filter((index) => index === 1).length;
    expectShares([count], [0.174 * 2_000]);
  });

  it('draws by capacity where all are equally loaded', () => {
    const capacities = [1, 2, 8];
    const pool = aPool(servers(3, (index) => ({ capacity: capacities[index]!, free: capacities[index]! })));
    const rng = seededRng(4);
    const policy = twoChoices();
    const counts = [0, 0, 0];
    for (let n = 0; n < 22_000; n++) counts[policy.pick(pool, aQuery({ rng }))]! += 1;
    expectShares(counts, [2_000, 4_000, 16_000]);
  });

  it('keeps to the capacities when few of the servers can be had and it looks at all of them', () => {
    const pool = aPool(servers(1_000, (index) => ({ capacity: index === 500 ? 30 : 10 })));
    const rng = seededRng(5);
    const policy = twoChoices();
    const allowed = (index: number) => index === 10 || index === 500;
    let big = 0;
    for (let n = 0; n < 4_000; n++) if (policy.pick(pool, aQuery({ rng, allowed })) === 500) big += 1;
    expectShares([big, 4_000 - big], [3_000, 1_000]);
  });

  it('compares two draws when it looks at all of them too', () => {
    const pool = aPool(servers(1_000, (index) => ({ capacity: 10, free: index === 400 ? 9 : 5 })));
    const rng = seededRng(6);
    const policy = twoChoices();
    const allowed = (index: number) => [10, 400, 700].includes(index);
    let least = 0;
    for (let n = 0; n < 9_000; n++) if (policy.pick(pool, aQuery({ rng, allowed })) === 400) least += 1;
    // It wins unless neither draw is it: 1 - (2/3)^2.
    expectShares([least], [5_000]);
  });

  it('draws by the capacities of the view at hand', () => {
    const policy = twoChoices();
    const first = aPool(servers(2, (index) => ({ capacity: index === 0 ? 900 : 100 })));
    const second = aPool(servers(2, (index) => ({ capacity: index === 0 ? 100 : 900 })));
    const rng = seededRng(8);
    const counts = [0, 0];
    for (let n = 0; n < 2_000; n++) {
      counts[policy.pick(first, aQuery({ rng }))]! += 1;
      counts[policy.pick(second, aQuery({ rng }))]! += 1;
    }
    expectShares(counts, [2_000, 2_000]);
  });
});

describe('least-loaded', () => {
  it('takes the lowest share of seats in use', () => {
    const free = [5, 9, 60, 3];
    const capacity = [10, 12, 100, 4];
    const pool = aPool(servers(4, (index) => ({ capacity: capacity[index]!, free: free[index]! })));
    const picks = new Set(
      Array.from({ length: 100 }, (_, seed) => leastLoaded().pick(pool, aQuery({ rng: seededRng(seed) }))),
    );
    // 9/12 and 3/4 are the same share.
    expect([...picks].sort()).toEqual([1, 3]);
  });

  it('breaks ties evenly, so that idle servers are not filled one after the other by every door', () => {
    const pool = aPool(servers(4));
    const rng = seededRng(9);
    const counts = [0, 0, 0, 0];
    for (let n = 0; n < 4_000; n++) counts[leastLoaded().pick(pool, aQuery({ rng }))]! += 1;
    expectShares(counts, [1_000, 1_000, 1_000, 1_000]);
  });
});
