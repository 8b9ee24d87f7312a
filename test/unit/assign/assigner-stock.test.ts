import { describe, expect, it } from 'vitest';
import type { AssignRequest } from '../../../core/assign/types.ts';
import { type AssignBench, anAssignBench, aRequest, assignMany, untilStocked } from '../../support/assign-bench.ts';
import type { ListedServer } from '../../support/build-view.ts';
import { aServer } from '../../support/builders.ts';

const keyOf = ({ key }: ListedServer) => key;

/** Others take `k` seats of a server; no assigner of the bench hears of it. */
async function takenByOthers(bench: AssignBench, server: ListedServer, k: number): Promise<void> {
  expect(await bench.store.write(keyOf(server), { kind: 'take', k, token: `others-${k}` })).toMatchObject({ ok: true });
}

describe('a gateway that takes ahead', () => {
  it('takes one seat where a whole batch is refused and some are left', async () => {
    const server = aServer({ id: 'a.0', capacity: 1_000 });
    const bench = await anAssignBench([server]);
    const gateway = bench.assigner({ stock: true });
    await assignMany(gateway, await untilStocked(bench, gateway));
    await takenByOthers(bench, server, (await bench.free('a.0')) - 1);
    const before = bench.landed.length;
    // The stock is used up by now.
    const outcomes = await assignMany(gateway, 2);
    expect(outcomes).toMatchObject([{ ok: true }, { code: 'assign.no-capacity' }]);
    const [first, second] = bench.landed.slice(before);
    expect(first?.kind === 'take' && first.k).toBeGreaterThan(1);
    expect(second).toMatchObject({ k: 1 });
  });

  it('writes little for many who ask at once for a server that others have filled', async () => {
    const server = aServer({ id: 'a.0', capacity: 1_000 });
    const bench = await anAssignBench([server]);
    const gateway = bench.assigner({ stock: true });
    await assignMany(gateway, await untilStocked(bench, gateway));
    await takenByOthers(bench, server, await bench.free('a.0'));
    const before = bench.landed.length;
    bench.lag = () => new Promise((done) => setImmediate(done));
    const outcomes = await Promise.all(Array.from({ length: 200 }, () => gateway.assign(aRequest())));
    expect(outcomes.every((outcome) => !outcome.ok && outcome.code === 'assign.no-capacity')).toBe(true);
    expect(bench.landed.length - before).toBeLessThan(50);
  });

  it('says of each seat whether it came from stock', async () => {
    const bench = await anAssignBench([aServer({ id: 'a.0', capacity: 1_000 })]);
    const gateway = bench.assigner({ stock: true });
    const stocked = await untilStocked(bench, gateway);
    const fromStock = [];
    for (let n = 0; n <= stocked; n++) {
      const outcome = await gateway.assign(aRequest({ explain: true }));
      fromStock.push(outcome.ok && outcome.explain?.fromStock);
    }
    expect(fromStock).toEqual([...new Array(stocked).fill(true), false]);
  });
});

describe('a gateway whose registry is away', () => {
  const a = aServer({ id: 'a.0', capacity: 1_000 });
  const b = aServer({ id: 'b.0', capacity: 1_000 });

  /** Has stock at b.0 alone, and prefers a.0, which is emptier; then the registry goes away. */
  async function withStockAt(bench: AssignBench) {
    const gateway = bench.assigner({ stock: true });
    await untilStocked(bench, gateway, { pick: 'b.0' });
    bench.fates.push('never-arrives', 'never-arrives');
    return gateway;
  }

  const cases: readonly (readonly [string, Partial<AssignRequest>, readonly ListedServer[], string | undefined])[] = [
    ['the server that has stock', {}, [a, b], 'b.0'],
    ['no server that the client lost', { avoid: ['b.0'] }, [a, b], undefined],
    ['no server but the one picked', { pick: 'a.0' }, [a, b], undefined],
    ['no server that drains', {}, [a, { ...b, status: { ...b.status, beat: 2_000, state: 'draining' } }], undefined],
  ];
  for (const [what, options, shown, id] of cases) {
    it(`gives ${what}`, async () => {
      const bench = await anAssignBench([a, b]);
      const gateway = await withStockAt(bench);
      bench.showOnly(shown);
      const outcome = await gateway.assign(aRequest(options));
      expect(outcome).toMatchObject(id ? { ok: true, server: { id } } : { code: 'assign.unavailable' });
    });
  }
});

describe('a request with a preferred group', () => {
  it('is not told full before every other group was read', async () => {
    const bench = await anAssignBench([
      aServer({ id: 'a.0', group: 'east', capacity: 1, free: 0 }),
      aServer({ id: 'b.0', group: 'west', capacity: 1, free: 0 }),
    ]);
    const assigner = bench.assigner();
    const [, west] = await bench.store.list();
    const { gen, beat } = west!.seats!;
    await bench.store.write(west!.key, {
      kind: 'beat',
      gen,
      beat,
      addFree: 1,
      hb: 0,
      sessions: 0,
      capacity: 1,
      state: 'ready',
    });
    expect(await assigner.assign(aRequest({ group: 'east' }))).toMatchObject({ ok: true, server: { id: 'b.0' } });
  });
});
