import { describe, expect, it } from 'vitest';
import { OnedoorError } from '../../../core/errors.ts';
import { createPolicy } from '../../../core/select/create-policy.ts';
import { type AssignBench, anAssignBench, aRequest, assignMany, twoSmallServers } from '../../support/assign-bench.ts';
import { aServer, servers } from '../../support/builders.ts';

/** The agent of the bench's only server beats. */
async function beat(bench: AssignBench, changes: { addFree?: number; state?: 'ready' | 'draining' } = {}) {
  const { key, seats } = (await bench.store.list())[0]!;
  const { gen, beat, capacity } = seats!;
  const { addFree = 0, state = 'ready' } = changes;
  await bench.store.write(key, { kind: 'beat', gen, beat, addFree, hb: 0, sessions: 0, capacity, state });
}

describe('an assigner that is about to say full', () => {
  it('finds the last free seat of a large pool, however old its roster and whatever its policy looks at', async () => {
    for (const name of ['least-loaded', 'stateless-3', 'rendezvous'] as const) {
      const bench = await anAssignBench(servers(80, () => ({ capacity: 1 })));
      const assigner = bench.assigner({ policy: createPolicy(name) });
      const rows = await bench.store.list();
      // All but one are taken by others since the roster was written.
      for (const { key } of rows.slice(0, 79)) await bench.store.write(key, { kind: 'take', k: 1, token: key });
      const request = aRequest({ source: { address: Uint8Array.of(198, 51, 100, 9), port: 4_000, protocol: 17 } });
      expect(await assigner.assign(request), name).toMatchObject({ ok: true, server: { id: 's-00079.0' } });
    }
  });

  it('reads also the servers that it tried in vain: a seat may have come back since', async () => {
    const bench = await anAssignBench([aServer({ id: 'a.0', capacity: 1 })]);
    const assigner = bench.assigner();
    await bench.store.write((await bench.store.list())[0]!.key, { kind: 'take', k: 1, token: 'other' });
    let messages = 0;
    bench.lag = async () => {
      // The refusal is on its way when the agent gives the seat back.
      if (++messages === 2) await beat(bench, { addFree: 1 });
    };
    expect(await assigner.assign(aRequest())).toMatchObject({ ok: true });
  });

  it('gives a seat on a server that has become ready since its roster was written', async () => {
    const bench = await anAssignBench([aServer({ id: 'a.0', capacity: 2, state: 'starting' })]);
    const assigner = bench.assigner();
    expect(await assigner.assign(aRequest())).toMatchObject({ code: 'assign.no-capacity' });
    await beat(bench);
    expect(await assigner.assign(aRequest())).toMatchObject({ ok: true });
  });

  it('gives a seat that hints had hidden', async () => {
    const bench = await anAssignBench([aServer({ id: 'a.0', capacity: 1 })]);
    const assigner = bench.assigner();
    assigner.hinted(0, 1);
    expect(await assigner.assign(aRequest())).toMatchObject({ ok: true });
  });

  it('says unavailable, not full, when the registry cannot be read', async () => {
    const bench = await anAssignBench([aServer({ id: 'a.0', capacity: 2, free: 0 })]);
    const get = async () => {
      throw new OnedoorError('registry.unreachable');
    };
    const assigner = bench.assigner({ store: { get, write: bench.store.write } });
    expect(await assigner.assign(aRequest())).toMatchObject({ code: 'assign.unavailable' });
  });

  it('says unavailable, not full, when every answer of the registry comes later than W', async () => {
    const bench = await anAssignBench(twoSmallServers());
    const assigner = bench.assigner();
    bench.lag = async () => bench.clock.advance(6_000);
    expect(await assigner.assign(aRequest())).toMatchObject({ code: 'assign.unavailable' });
    expect(bench.landed.length).toBe(1);
  });
});

describe('what an assigner shows as free', () => {
  it('is what the registry has and what lies in its own stock, until that is too old', async () => {
    const bench = await anAssignBench([aServer({ id: 'a.0', capacity: 1_000 })]);
    const assigner = bench.assigner({ stock: true });
    await assignMany(assigner, 20);
    const left = await bench.free('a.0');
    expect(left).toBeLessThan(980);
    expect(assigner.view().free[0]).toBe(980);
    await bench.refreshRoster();
    for (let times = 0; times < 3; times++) expect(assigner.view().free[0]).toBe(980);
    bench.clock.advance(10_000);
    assigner.sweep();
    expect(assigner.view().free[0]).toBe(left);
  });
});

describe('an assigner whose roster changes', () => {
  const shown = [aServer({ id: 'a.0', capacity: 100 }), aServer({ id: 'b.0', capacity: 100, app: 'other' })];

  it('hands out stock by the server’s name while the registry is away, not by an index of the roster before', async () => {
    const bench = await anAssignBench(shown);
    const assigner = bench.assigner({ stock: true });
    for (let n = 0; n < 4; n++) await assigner.assign(aRequest({ app: 'other' }));
    bench.fates.push('never-arrives', 'never-arrives');
    const ask = assigner.assign(aRequest());
    // While that take is under way a roster arrives in which b.0 has the index that a.0 had.
    bench.showOnly([shown[1]!]);
    assigner.view();
    expect(await ask).toMatchObject({ code: 'assign.unavailable' });
  });

  it('sends nobody to a server that left the roster while its seat was taken', async () => {
    const bench = await anAssignBench([shown[0]!]);
    const assigner = bench.assigner();
    let messages = 0;
    bench.lag = async () => {
      if (++messages !== 2) return;
      bench.showOnly([]);
      assigner.view();
    };
    expect(await assigner.assign(aRequest())).toMatchObject({ code: 'assign.no-capacity' });
    bench.showOnly([shown[0]!]);
    expect([...assigner.view().free]).toEqual([100]);
  });

  it('tells nobody full because of stock that was counted off twice when its server came back', async () => {
    const bench = await anAssignBench([shown[0]!]);
    const assigner = bench.assigner({ stock: true });
    await assignMany(assigner, 30);
    bench.showOnly([]);
    assigner.view();
    bench.showOnly([shown[0]!]);
    assigner.view();
    bench.clock.advance(10_000);
    assigner.sweep();
    const view = assigner.view();
    expect(view.free[0]).toBe(100);
  });
});

describe('an assigner whose roster stands still', () => {
  it('gives nobody a server that died after its last look, however often it had beaten before', async () => {
    const bench = await anAssignBench([aServer({ id: 'a.0', capacity: 9 })]);
    const assigner = bench.assigner();
    bench.degraded = true;
    await beat(bench);
    expect(await assigner.assign(aRequest())).toMatchObject({ ok: true });
    bench.clock.advance(15_000);
    expect(await assigner.assign(aRequest())).toMatchObject({ code: 'assign.no-capacity' });
    await beat(bench);
    expect(await assigner.assign(aRequest())).toMatchObject({ ok: true });
  });
});
