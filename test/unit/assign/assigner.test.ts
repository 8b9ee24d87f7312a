import { describe, expect, it } from 'vitest';
import { createAssigner } from '../../../core/assign/assigner.ts';
import type { Assignment, AssignOutcome } from '../../../core/assign/types.ts';
import { OnedoorError } from '../../../core/errors.ts';
import { anAssignBench, aRequest, assignMany, twoSmallServers, untilStocked } from '../../support/assign-bench.ts';
import { aServer } from '../../support/builders.ts';

const given = (outcomes: readonly AssignOutcome[]): Assignment[] => outcomes.filter((outcome) => outcome.ok);

describe('the assigner', () => {
  it('gives exactly as many seats as there are, each once, then says no-capacity', async () => {
    const bench = await anAssignBench(twoSmallServers());
    const outcomes = await assignMany(bench.assigner(), 8);
    expect(new Set(given(outcomes).map(({ id }) => id)).size).toBe(6);
    expect(outcomes.slice(6)).toMatchObject([{ code: 'assign.no-capacity' }, { code: 'assign.no-capacity' }]);
  });

  it('shares a pool with other assigners that have the same old roster, and oversells nothing', async () => {
    const bench = await anAssignBench(twoSmallServers());
    const assigners = [bench.assigner(), bench.assigner(), bench.assigner({ stock: true })];
    const outcomes = await Promise.all(assigners.map((assigner) => assignMany(assigner, 5)));
    expect(new Set(given(outcomes.flat()).map(({ id }) => id)).size).toBe(6);
    expect(await bench.free('a.0')).toBe(0);
    expect(await bench.free('b.0')).toBe(0);
  });

  it('says full only after a fresh consistent read, whatever the roster says', async () => {
    const bench = await anAssignBench([aServer({ id: 'a.0', capacity: 2, free: 0 })]);
    const assigner = bench.assigner();
    expect(await assigner.assign(aRequest())).toMatchObject({ code: 'assign.no-capacity' });
    const row = (await bench.store.list())[0]!;
    const { gen, beat } = row.seats!;
    await bench.store.write(row.key, {
      kind: 'beat',
      gen,
      beat,
      addFree: 1,
      hb: 0,
      sessions: 0,
      capacity: 2,
      state: 'ready',
    });
    expect(await assigner.assign(aRequest())).toMatchObject({ ok: true, server: { id: 'a.0' } });
  });

  it('uses the seat of a take whose reply was lost, and takes no second one', async () => {
    const bench = await anAssignBench([aServer({ id: 'a.0', capacity: 5 })]);
    bench.fates.push('reply-lost');
    expect(await bench.assigner().assign(aRequest())).toMatchObject({ ok: true });
    expect(await bench.free('a.0')).toBe(4);
  });

  it('answers unavailable when the registry is away, and goes on when it is back', async () => {
    const bench = await anAssignBench(twoSmallServers());
    const assigner = bench.assigner();
    bench.fates.push('never-arrives', 'never-arrives');
    expect(await assigner.assign(aRequest())).toMatchObject({ code: 'assign.unavailable', retryAfterMs: 1_000 });
    expect(await assigner.assign(aRequest())).toMatchObject({ ok: true });
  });

  it('lets nobody wait for a registry that was just waited for in vain', async () => {
    const bench = await anAssignBench(twoSmallServers());
    const assigner = bench.assigner();
    bench.fates.push('times-out', 'times-out');
    expect(await assigner.assign(aRequest())).toMatchObject({ code: 'assign.unavailable' });
    const before = bench.clock.monoMs();
    expect(await assigner.assign(aRequest())).toMatchObject({ code: 'assign.unavailable' });
    expect(bench.clock.monoMs()).toBe(before);
    bench.clock.advance(1_000);
    expect(await assigner.assign(aRequest())).toMatchObject({ ok: true });
  });

  it('binds the ticket of a client without a name to nobody else, also behind one address', async () => {
    const bench = await anAssignBench(twoSmallServers());
    const assigner = bench.assigner();
    const { client: _, ...nameless } = aRequest();
    const holders = [await assigner.assign(nameless), await assigner.assign(nameless)].map((outcome) =>
      outcome.ok ? JSON.parse(Buffer.from(outcome.ticket.split('.')[1]!, 'base64url').toString()).sub : undefined,
    );
    expect(holders[0]).toMatch(/^[\w-]{22}$/);
    expect(holders[0]).not.toBe(holders[1]);
  });

  it('hands out seats from stock while the registry is away', async () => {
    const bench = await anAssignBench([
      aServer({ id: 'a.0', capacity: 1_000 }),
      aServer({ id: 'b.0', capacity: 1_000 }),
    ]);
    const assigner = bench.assigner({ stock: true });
    const stocked = await untilStocked(bench, assigner);
    const writes = bench.landed.length;
    bench.fates.push(...new Array(40).fill('never-arrives'));
    const outcomes = await assignMany(assigner, stocked);
    expect(given(outcomes)).toHaveLength(stocked);
    expect(bench.landed).toHaveLength(writes);
  });

  it('takes seats ahead where demand is, so that far fewer writes than assignments are made', async () => {
    const bench = await anAssignBench([aServer({ id: 'a.0', capacity: 1_000 })]);
    const outcomes = await assignMany(bench.assigner({ stock: true }), 300);
    expect(new Set(given(outcomes).map(({ id }) => id)).size).toBe(300);
    expect(bench.landed.length).toBeLessThan(45);
  });

  it('forgets stock older than W and never hands it out', async () => {
    const bench = await anAssignBench([aServer({ id: 'a.0', capacity: 1_000 })]);
    const assigner = bench.assigner({ stock: true });
    await untilStocked(bench, assigner);
    const writes = bench.landed.length;
    bench.clock.advance(10_000);
    assigner.sweep();
    const outcome = await assigner.assign(aRequest());
    expect(bench.landed.length).toBe(writes + 1);
    expect(outcome).toMatchObject({ ok: true, activateBy: Math.floor((bench.clock.wallMs() + 40_000) / 1_000) });
  });

  it('prefers the group that was asked for and falls back to others of the same world', async () => {
    const bench = await anAssignBench([
      aServer({ id: 'a.0', group: 'east', capacity: 1 }),
      aServer({ id: 'b.0', group: 'west', capacity: 9 }),
      aServer({ id: 'c.0', group: 'west', world: 'w2', capacity: 9 }),
    ]);
    const assigner = bench.assigner();
    const ask = () => assigner.assign(aRequest({ group: 'east', world: 'w1' }));
    expect([await ask(), await ask()]).toMatchObject([{ server: { id: 'a.0' } }, { server: { id: 'b.0' } }]);
  });

  it('avoids the servers that the client lost, even if only those have seats', async () => {
    const bench = await anAssignBench(twoSmallServers());
    const assigner = bench.assigner();
    expect(await assigner.assign(aRequest({ avoid: ['a.0'] }))).toMatchObject({ server: { id: 'b.0' } });
    expect(await assigner.assign(aRequest({ avoid: ['a.0', 'b.0'] }))).toMatchObject({ code: 'assign.no-capacity' });
  });

  it('gives the server that the client picked or none', async () => {
    const bench = await anAssignBench([aServer({ id: 'a.0', capacity: 1 }), aServer({ id: 'b.0', capacity: 9 })]);
    const assigner = bench.assigner();
    expect(await assigner.assign(aRequest({ pick: 'a.0' }))).toMatchObject({ server: { id: 'a.0' } });
    expect(await assigner.assign(aRequest({ pick: 'a.0' }))).toMatchObject({ code: 'assign.no-capacity' });
    expect(await assigner.assign(aRequest({ pick: 'nowhere.0' }))).toMatchObject({ code: 'assign.no-capacity' });
  });

  it('gives a server that has an address of the family asked for', async () => {
    const bench = await anAssignBench([
      aServer({ id: 'a.0' }),
      aServer({ id: 'b.0', ipv4: undefined, ipv6: '2001:db8::b' }),
    ]);
    const assigner = bench.assigner();
    expect(await assigner.assign(aRequest({ family: 6 }))).toMatchObject({ server: { id: 'b.0' } });
    expect(await assigner.assign(aRequest({ family: 4 }))).toMatchObject({ server: { id: 'a.0' } });
  });

  it('names an unknown app and an unknown world', async () => {
    const bench = await anAssignBench(twoSmallServers());
    const assigner = bench.assigner();
    expect(await assigner.assign(aRequest({ app: 'nope' }))).toMatchObject({ code: 'assign.unknown-app' });
    expect(await assigner.assign(aRequest({ world: 'nope' }))).toMatchObject({ code: 'assign.unknown-world' });
  });

  it('takes no seat at a server that has not beaten since, once the roster stands still', async () => {
    const bench = await anAssignBench([aServer({ id: 'a.0', capacity: 3 })]);
    const assigner = bench.assigner();
    bench.degraded = true;
    expect(await assigner.assign(aRequest())).toMatchObject({ code: 'assign.no-capacity' });
    const row = (await bench.store.list())[0]!;
    const { gen, beat } = row.seats!;
    await bench.store.write(row.key, {
      kind: 'beat',
      gen,
      beat,
      addFree: 0,
      hb: 0,
      sessions: 0,
      capacity: 3,
      state: 'ready',
    });
    expect(await assigner.assign(aRequest())).toMatchObject({ ok: true });
  });

  it('explains itself when asked: policy, candidates, roster, what was refused before', async () => {
    const bench = await anAssignBench(twoSmallServers());
    const assigner = bench.assigner();
    const outcome = await assigner.assign(aRequest({ explain: true }));
    expect(outcome).toMatchObject({
      explain: {
        policy: 'least-loaded',
        candidates: 2,
        rosterVersion: 1,
        rosterAgeMs: 0,
        fromStock: false,
        refused: [],
      },
    });
  });

  it('keeps what it learned from its own takes when a roster arrives that is older than they are', async () => {
    const bench = await anAssignBench(twoSmallServers());
    const assigner = bench.assigner();
    await assignMany(assigner, 4);
    await bench.staleRoster();
    expect([...assigner.view().free]).toEqual([1, 1]);
  });

  it('goes to the preferred group though another is emptier, and counts the candidates of all groups', async () => {
    const bench = await anAssignBench([
      aServer({ id: 'a.0', group: 'east', capacity: 9, free: 2 }),
      aServer({ id: 'b.0', group: 'west', capacity: 9 }),
      aServer({ id: 'c.0', group: 'west', capacity: 9, free: 0 }),
      aServer({ id: 'd.0', group: 'west', capacity: 9, state: 'draining' }),
    ]);
    const outcome = await bench.assigner().assign(aRequest({ group: 'east', explain: true }));
    expect(outcome).toMatchObject({ server: { id: 'a.0' }, explain: { candidates: 2 } });
  });

  it('gives servers of every slot', async () => {
    const bench = await anAssignBench([aServer({ id: 'a.3' })]);
    expect(await bench.assigner().assign(aRequest())).toMatchObject({ ok: true, server: { id: 'a.3' } });
  });

  it('needs an app, the request’s or the deployment’s', async () => {
    const bench = await anAssignBench(twoSmallServers());
    const store = { get: bench.store.get, write: bench.store.write };
    const { defaultApp: _, ...options } = { ...bench.options(), store };
    const assigner = createAssigner(options);
    expect(await assigner.assign(aRequest())).toMatchObject({ code: 'assign.unknown-app' });
    expect(await assigner.assign(aRequest({ app: 'arena' }))).toMatchObject({ ok: true });
  });

  it('does not ask again when the registry refuses the call: only a lost reply is worth a second try', async () => {
    const bench = await anAssignBench([aServer({ id: 'a.0' })]);
    let writes = 0;
    const write = async () => {
      writes++;
      throw new OnedoorError('registry.refused');
    };
    const assigner = bench.assigner({ store: { get: bench.store.get, write } });
    expect(await assigner.assign(aRequest())).toMatchObject({ code: 'assign.unavailable' });
    expect(writes).toBe(1);
  });
});
