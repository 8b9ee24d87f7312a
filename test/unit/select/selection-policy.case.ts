import { describe, expect, it } from 'vitest';
import type { PickQuery, Policy } from '../../../core/select/policy.ts';
import { aPool, aQuery, aServer, servers, setOpen } from '../../support/builders.ts';
import { seededRng } from '../../support/seeded-rng.ts';

interface PolicyCase {
  readonly create: () => Policy;
  /** Whether a server without a free seat cannot be had. The stateless policies have no feedback. */
  readonly countsFree: boolean;
  /** `order`: by the roster alone, and so the same server for everybody. @default 'draws' unless it is sticky */
  readonly by?: 'order' | 'draws';
}

/** What every selection policy keeps to, whatever it chooses by. */
export function selectionPolicyCase(name: string, { create, countsFree, by = 'draws' }: PolicyCase): void {
  const queries = (count: number, more: Partial<PickQuery> = {}): PickQuery[] => {
    const rng = seededRng(7);
    return Array.from({ length: count }, (_, index) =>
      aQuery({
        client: `client-${index}`,
        source: { address: Uint8Array.of(198, 51, index >> 8, index & 255), port: 1_024 + index, protocol: 17 },
        rng,
        ...more,
      }),
    );
  };

  describe(`policy ${name}`, () => {
    it('says its name', () => {
      expect(create().name).toBe(name);
    });

    it('has none to give in an empty pool', () => {
      expect(create().pick(aPool([]), aQuery())).toBe(-1);
    });

    it('gives the only server of a pool', () => {
      expect(create().pick(aPool([aServer()]), aQuery())).toBe(0);
    });

    it('never gives a server that is closed', () => {
      const pool = aPool(servers(40, (index) => ({ state: index % 4 === 1 ? 'ready' : 'draining' })));
      const policy = create();
      for (const query of queries(500)) expect(pool.view.open[policy.pick(pool, query)]).toBe(1);
    });

    it('never gives a server that closed after the first pick', () => {
      const pool = aPool(servers(20));
      const policy = create();
      policy.pick(pool, aQuery());
      for (let index = 5; index < 18; index++) setOpen(pool.view, index, false);
      for (const query of queries(300)) expect(pool.view.open[policy.pick(pool, query)]).toBe(1);
    });

    it('never gives a server that the request may not have', () => {
      const pool = aPool(servers(30));
      const policy = create();
      for (const query of queries(300, { allowed: (index) => index % 7 === 3 })) {
        expect(policy.pick(pool, query) % 7).toBe(3);
      }
    });

    it.each([1, 2, 3, 17, 1_000])('finds the one server of %i that can be had, wherever it is', (size) => {
      const policy = create();
      const pool = aPool(servers(size, () => ({ state: 'draining' })));
      for (const only of new Set([0, size >> 1, size - 1])) {
        for (const index of pool.members) setOpen(pool.view, index, index === only);
        for (const query of queries(20)) expect(policy.pick(pool, query)).toBe(only);
      }
    });

    it('has none to give when all are closed, or none is allowed', () => {
      const policy = create();
      expect(policy.pick(aPool(servers(50, () => ({ suspect: true }))), aQuery())).toBe(-1);
      expect(policy.pick(aPool(servers(50)), aQuery({ allowed: () => false }))).toBe(-1);
    });

    it(
      countsFree ? 'never gives a full server and finds the last free seat' : 'gives full servers: it counts none',
      () => {
        const policy = create();
        const pool = aPool(servers(100, () => ({ capacity: 4, free: 0 })));
        if (countsFree) expect(policy.pick(pool, aQuery())).toBe(-1);
        pool.view.free[61] = 1;
        pool.view.gains++;
        const picks = new Set(queries(100).map((query) => policy.pick(pool, query)));
        if (countsFree) expect([...picks]).toEqual([61]);
        else expect(picks.size).toBeGreaterThan(10);
      },
    );

    it('chooses among the members of the pool alone', () => {
      const whole = aPool(servers(30));
      const pool = { view: whole.view, members: Int32Array.of(4, 9, 22) };
      const policy = create();
      for (const query of queries(200)) expect([4, 9, 22]).toContain(policy.pick(pool, query));
    });

    it('reaches every server of 10,000 in time and leaves the view as it was', () => {
      const pool = aPool(servers(10_000, (index) => ({ capacity: 8, free: 1 + (index % 8) })));
      const before = structuredClone({ ...pool.view, entries: [], indexOf: [], members: pool.members });
      const policy = create();
      const picks = queries(200).map((query) => policy.pick(pool, query));
      expect(picks.every((index) => index >= 0 && index < 10_000)).toBe(true);
      if (name !== 'least-loaded' && by === 'draws') expect(new Set(picks).size).toBeGreaterThan(100);
      expect(structuredClone({ ...pool.view, entries: [], indexOf: [], members: pool.members })).toEqual(before);
    });

    it('gives the same query the same server if it is sticky, and draws from the query’s rng alone if not', () => {
      const entries = servers(200, (index) => ({ capacity: 1 + (index % 9) }));
      const run = (seed: number) => {
        const rng = seededRng(seed);
        const policy = create();
        const pool = aPool(entries);
        return queries(100, { rng }).map((query) => policy.pick(pool, query));
      };
      expect(run(1)).toEqual(run(1));
      if (create().sticky || by === 'order') expect(run(1)).toEqual(run(2));
      else expect(run(1)).not.toEqual(run(2));
    });

    it('gives the same query the same server while another one closes, if it is sticky', () => {
      const policy = create();
      if (!policy.sticky) {
        expect(policy.wholeApp).toBe(false);
        return;
      }
      const pool = aPool(servers(50));
      const asked = queries(300);
      const before = asked.map((query) => policy.pick(pool, query));
      setOpen(pool.view, 20, false);
      const after = asked.map((query) => policy.pick(pool, query));
      expect(before).toContain(20);
      for (const [at, index] of before.entries()) if (index !== 20) expect(after[at]).toBe(index);
      expect(after).not.toContain(20);
    });
  });
}
