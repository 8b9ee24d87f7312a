import { describe, expect, it } from 'vitest';
import { nearest } from '../../../core/select/nearest.ts';
import { pack } from '../../../core/select/pack.ts';
import { random } from '../../../core/select/random.ts';
import { roundRobin } from '../../../core/select/round-robin.ts';
import { aPool, aQuery, aServer, servers } from '../../support/builders.ts';
import { seededRng } from '../../support/seeded-rng.ts';

describe('pack', () => {
  it('fills servers in the order of their ids', () => {
    const pool = aPool(servers(3, () => ({ capacity: 2 })));
    const policy = pack();
    const picks = Array.from({ length: 6 }, () => {
      const index = policy.pick(pool, aQuery());
      pool.view.free[index]! -= 1;
      return index;
    });
    expect(picks).toEqual([0, 0, 1, 1, 2, 2]);
    pool.view.free[1] = 1;
    expect(policy.pick(pool, aQuery())).toBe(1);
  });

  it('fills the slots of one machine before the next machine', () => {
    const pool = aPool(['b.1', 'a.0', 'b.0', 'a.1'].map((id) => aServer({ id, capacity: 1 })));
    const policy = pack();
    const picks = Array.from({ length: 4 }, () => {
      const index = policy.pick(pool, aQuery());
      pool.view.free[index] = 0;
      return pool.view.entries[index]!.server.id;
    });
    expect(picks).toEqual(['a.0', 'a.1', 'b.0', 'b.1']);
  });
});

describe('random', () => {
  it('draws by capacity, whatever the load', () => {
    const capacities = [10, 20, 70];
    const pool = aPool(servers(3, (index) => ({ capacity: capacities[index]!, free: 1 })));
    const rng = seededRng(11);
    const counts = [0, 0, 0];
    for (let n = 0; n < 20_000; n++) counts[random().pick(pool, aQuery({ rng }))]! += 1;
    for (const [at, count] of counts.entries()) expect(Math.abs(count / (capacities[at]! * 200) - 1)).toBeLessThan(0.1);
  });
});

describe('round-robin', () => {
  it('gives each server once in every turn, from a place that differs from door to door', () => {
    const starts = new Set<number>();
    for (let seed = 0; seed < 20; seed++) {
      const pool = aPool(servers(10));
      const policy = roundRobin();
      const rng = seededRng(seed);
      const picks = Array.from({ length: 30 }, () => policy.pick(pool, aQuery({ rng })));
      starts.add(picks[0]!);
      expect(picks).toEqual(Array.from({ length: 30 }, (_, n) => (picks[0]! + n) % 10));
    }
    expect(starts.size).toBeGreaterThan(4);
  });

  it('goes on where it was when a newer roster comes, with servers more and servers less', () => {
    const policy = roundRobin();
    const query = aQuery({ rng: { ...seededRng(1), float: () => 0 } });
    const entries = servers(10);
    const pick = (pool: ReturnType<typeof aPool>) => pool.view.entries[policy.pick(pool, query)]!.server.id;
    const first = aPool(entries);
    expect([pick(first), pick(first), pick(first)]).toEqual(['s-00000.0', 's-00001.0', 's-00002.0']);
    const next = aPool([...entries.filter((_, index) => index !== 2 && index !== 3), aServer({ id: 's-00004.1' })]);
    expect([pick(next), pick(next), pick(next)]).toEqual(['s-00004.0', 's-00004.1', 's-00005.0']);
    expect(pick(aPool(entries.slice(0, 5)))).toBe('s-00000.0');
  });

  it('takes the turns of each app by themselves', () => {
    const policy = roundRobin();
    const query = aQuery({ rng: { ...seededRng(1), float: () => 0 } });
    const one = aPool(servers(5, () => ({ app: 'one' })));
    const two = aPool(servers(5, () => ({ app: 'two' })));
    const picks = Array.from({ length: 3 }, () => [policy.pick(one, query), policy.pick(two, query)]);
    expect(picks).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
    ]);
  });
});

describe('nearest', () => {
  const GROUPS = ['eu', 'us', 'ap'];
  const pool = () => aPool(servers(9, (index) => ({ group: GROUPS[index % 3]! })));
  const picksOf = (latencies: Record<string, number>, at = pool()) => {
    const rng = seededRng(3);
    const policy = nearest();
    const picks = Array.from({ length: 300 }, () => policy.pick(at, aQuery({ rng, latencies })));
    return [...new Set(picks)].sort((a, b) => a - b);
  };

  it('gives the servers of the group that is nearest', () => {
    expect(picksOf({ eu: 80, us: 20, ap: 200 })).toEqual([1, 4, 7]);
  });

  it('takes groups within 5 ms of the nearest as alike', () => {
    expect(picksOf({ eu: 25, us: 20, ap: 25.1 })).toEqual([0, 1, 3, 4, 6, 7]);
  });

  it('counts a server’s own figure before its group’s', () => {
    expect(picksOf({ eu: 80, us: 20, 's-00004.0': 300, 's-00000.0': 3 })).toEqual([0]);
    expect(picksOf({ us: 20, 's-00004.0': 300 })).toEqual([1, 7]);
  });

  it('gives the next nearest when the nearest are full, and those without a figure last', () => {
    const at = pool();
    for (const index of [1, 4, 7]) at.view.free[index] = 0;
    expect(picksOf({ us: 20, ap: 200 }, at)).toEqual([2, 5, 8]);
    for (const index of [2, 5, 8]) at.view.free[index] = 0;
    expect(picksOf({ us: 20, ap: 200 }, at)).toEqual([0, 3, 6]);
  });

  it('takes the less loaded of two among the near ones', () => {
    const at = pool();
    at.view.free[4] = 9;
    at.view.free[1] = at.view.free[7] = 2;
    const rng = seededRng(4);
    const policy = nearest();
    let count = 0;
    for (let n = 0; n < 9_000; n++) if (policy.pick(at, aQuery({ rng, latencies: { us: 1 } })) === 4) count += 1;
    // Unless neither draw is it: 1 - (2/3)^2 of 9,000.
    expect(Math.abs(count / 5_000 - 1)).toBeLessThan(0.05);
  });

  it('is two-choices for a request without figures, and for names that nobody has', () => {
    const at = aPool(servers(2, (index) => ({ capacity: 10, free: index === 0 ? 2 : 3 })));
    const draws = () => {
      const values = [0.1, 0.9];
      return { ...seededRng(1), float: () => values.shift()! };
    };
    expect(nearest().pick(at, aQuery({ rng: draws() }))).toBe(1);
    expect(nearest().pick(at, aQuery({ rng: draws(), latencies: {} }))).toBe(1);
    expect(nearest().pick(at, aQuery({ rng: draws(), latencies: { mars: 1 } }))).toBe(1);
  });
});
