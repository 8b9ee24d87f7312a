import { describe, expect, it } from 'vitest';
import { createPolicy } from '../../core/select/create-policy.ts';
import type { PolicyName } from '../../core/select/policy.ts';
import { aPool, aQuery, servers } from '../support/builders.ts';
import { seededRng } from '../support/seeded-rng.ts';

/**
 * Doors with a roster of their own, as old as one round, fill a pool to 70 %: every door lowers its own view by what it
 * took, and learns of the others at the next round alone.
 * @returns the highest load of a server over the mean load
 */
function fill(
  name: PolicyName,
  options: { servers: number; doors: number; rounds: number; capacity: (n: number) => number; seed: number },
): number {
  const rng = seededRng(options.seed);
  const capacity = Array.from({ length: options.servers }, (_, index) => options.capacity(index));
  const total = capacity.reduce((sum, seats) => sum + seats, 0);
  const used = capacity.map(() => 0);
  const picksPerDoor = Math.floor((total * 0.7) / options.doors / options.rounds);
  const policies = Array.from({ length: options.doors }, () => createPolicy(name));
  for (let round = 0; round < options.rounds; round++) {
    const pools = policies.map(() =>
      aPool(
        servers(options.servers, (index) => ({
          capacity: capacity[index]!,
          free: Math.max(0, capacity[index]! - used[index]!),
        })),
      ),
    );
    for (let pick = 0; pick < picksPerDoor; pick++) {
      for (const [door, policy] of policies.entries()) {
        const index = policy.pick(pools[door]!, aQuery({ rng, client: rng.bytes(8) }));
        pools[door]!.view.free[index]! -= 1;
        used[index]! += 1;
      }
    }
  }
  const shares = used.map((count, index) => count / capacity[index]!);
  return Math.max(...shares) / (used.reduce((sum, count) => sum + count, 0) / total);
}

const pool = { servers: 200, doors: 10, rounds: 20, capacity: () => 100, seed: 20_260_101 };

describe('balance of a pool filled to 70 % by ten doors with old rosters', () => {
  it('two-choices stays within 10 % of the mean and well under a hash', () => {
    const two = fill('two-choices', pool);
    const hash = fill('rendezvous', pool);
    expect(two).toBeLessThan(1.1);
    expect(hash).toBeGreaterThan(1.2);
  });

  it('two-choices stays within 15 % of the mean where servers have 1, 2 and 8 times the seats', () => {
    expect(fill('two-choices', { ...pool, capacity: (index) => [50, 100, 400][index % 3]! })).toBeLessThan(1.15);
  });
});
