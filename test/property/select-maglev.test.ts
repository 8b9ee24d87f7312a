import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Pool } from '../../core/registry/roster.ts';
import { maglev } from '../../core/select/maglev.ts';
import { buildMaglevTable } from '../../core/select/maglev-table.ts';
import type { Policy } from '../../core/select/policy.ts';
import { aPool, aQuery, servers, setOpen } from '../support/builders.ts';

const clients = Array.from({ length: 20_000 }, (_, index) => `player-${index}`);
const idsBy = (policy: Policy, pool: Pool): string[] =>
  clients.map((client) => pool.view.entries[policy.pick(pool, aQuery({ client }))]!.server.id);
const moved = (before: readonly string[], after: readonly string[]): number =>
  before.filter((id, at) => id !== after[at]).length / before.length;

describe('maglev', () => {
  it('moves at most 0.7 % of the clients when one of 1,000 servers leaves the list', () => {
    const entries = servers(1_000);
    const policy = maglev();
    const before = idsBy(policy, aPool(entries));
    for (const leaving of [0, 437, 999]) {
      const after = idsBy(policy, aPool(entries.filter((_, index) => index !== leaving)));
      expect(moved(before, after)).toBeLessThan(0.007);
    }
  });

  it('moves the clients of a server that dies alone while it is still listed, and spreads them over the others', () => {
    const pool = aPool(servers(50));
    const policy = maglev();
    const before = idsBy(policy, pool);
    setOpen(pool.view, 20, false);
    const after = idsBy(policy, pool);
    const orphans = after.filter((_, at) => before[at] === 's-00020.0');
    expect(before.filter((id, at) => id !== after[at])).toEqual(orphans.map(() => 's-00020.0'));
    expect(new Set(orphans).size).toBeGreaterThan(45);
  });

  it('gives every door the same, whatever rosters it has seen before', () => {
    const pool = aPool(servers(100));
    const old = maglev();
    for (let less = 1; less < 70; less++) old.pick(aPool(servers(100 - less)), aQuery());
    expect(idsBy(old, pool)).toEqual(idsBy(maglev(), aPool(servers(100, () => ({ free: 3 })))));
  });

  it('gives each server its share by the capacity that it is registered with', () => {
    const capacities = [10, 20, 80, 80, 10];
    const pool = aPool(servers(5, (index) => ({ capacity: capacities[index]! })));
    const counts = new Map<string, number>();
    for (const id of idsBy(maglev(), pool)) counts.set(id, (counts.get(id) ?? 0) + 1);
    for (const [at, { server }] of pool.view.entries.entries()) {
      expect(Math.abs(counts.get(server.id)! / (capacities[at]! * 100) - 1)).toBeLessThan(0.1);
    }
  });

  it('gives places by weight, each one to somebody, and never fewer than a 64th of the heaviest', () => {
    const someServers = fc.uniqueArray(
      fc.record({
        hash: fc.record({ high: fc.nat(0xffffffff), low: fc.nat(0xffffffff) }),
        weight: fc.integer({ min: 1, max: 65_535 }),
      }),
      { minLength: 1, maxLength: 40, selector: ({ hash }) => `${hash.high}.${hash.low}` },
    );
    fc.assert(
      fc.property(someServers, (all) => {
        const table = buildMaglevTable(all)!;
        const counts = new Array<number>(all.length).fill(0);
        for (const at of table) counts[at]! += 1;
        const heaviest = Math.max(...all.map(({ weight }) => weight));
        const weights = all.map(({ weight }) => Math.max(weight, heaviest / 64));
        const sum = weights.reduce((total, weight) => total + weight, 0);
        // A turn more or less: the table is full in the middle of one.
        for (const [at, weight] of weights.entries()) {
          expect(Math.abs(counts[at]! - (weight / sum) * table.length)).toBeLessThan(all.length + 1);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('has no table of nobody, and none of more servers than its numbers can name', () => {
    expect(buildMaglevTable([])).toBeUndefined();
    const many = Array.from({ length: 65_535 }, (_, low) => ({ hash: { high: 1, low }, weight: 1 }));
    expect(buildMaglevTable(many)).toBeUndefined();
  });
});
