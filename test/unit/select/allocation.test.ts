import { describe, expect, it } from 'vitest';
import { createPolicy } from '../../../core/select/create-policy.ts';
import type { PolicyName } from '../../../core/select/policy.ts';
import { aPool, aQuery, servers } from '../../support/builders.ts';

const PICKS = 200_000;
const TRIES = 20;

describe('a pick among 10,000 servers', () => {
  it.each<PolicyName>(['maglev', 'random', 'round-robin', 'two-choices'])('by %s allocates nothing', (name) => {
    const pool = aPool(servers(10_000));
    const policy = createPolicy(name);
    // Numbers that are there already: a generator that makes new ones would count too.
    const draws = Array.from({ length: 1_024 }, (_, index) => ((index * 0.618_034) % 1) + 0);
    let draw = 0;
    const rng = { float: () => draws[draw++ & 1_023]!, bytes: () => new Uint8Array(16) };
    const query = aQuery({ rng });
    let sum = 0;
    // The heap only grows between two collections, so that the least of several differences that are not negative is
    // the pick's own; the rest is what the test's surroundings did meanwhile.
    const grown = Array.from({ length: TRIES }, () => {
      const before = process.memoryUsage().heapUsed;
      for (let pick = 0; pick < PICKS; pick++) sum += policy.pick(pool, query);
      return process.memoryUsage().heapUsed - before;
    }).filter((bytes) => bytes >= 0);
    expect(sum).toBeGreaterThan(0);
    expect(Math.min(...grown) / PICKS).toBeLessThan(0.5);
  });
});
