import { describe, expect, it } from 'vitest';
import { macFrom } from '../../../adapters/crypto/mac.ts';
import { createWaitLine } from '../../../core/assign/wait-line.ts';
import { type AssignBench, anAssignBench, aRequest, assignMany } from '../../support/assign-bench.ts';
import { aServer } from '../../support/builders.ts';
import { seededRng } from '../../support/seeded-rng.ts';

const GEN = '00000000000000a1';

async function aFullServer(capacity = 3) {
  const bench = await anAssignBench([aServer({ id: 'a.0', capacity })]);
  const mac = macFrom(new Uint8Array(32).fill(1), 'test');
  const door = () =>
    bench.assigner({ waitLine: createWaitLine({ mac, macBefore: () => undefined, clock: bench.clock }) });
  await assignMany(bench.assigner(), capacity);
  await bench.refreshRoster();
  return { bench, door };
}

/** Players leave, and their agent says so. */
async function leave({ store, clock, refreshRoster }: AssignBench, count: number): Promise<void> {
  const row = (await store.list())[0]!;
  const { beat, capacity } = row.seats!;
  const more = { addFree: count, hb: clock.wallMs(), sessions: 0, capacity, state: 'ready' } as const;
  const reply = await store.write(row.key, { kind: 'beat', gen: GEN, beat, ...more });
  expect(reply.ok).toBe(true);
  await refreshRoster();
}

const client = (name: string) => aRequest({ client: new TextEncoder().encode(name) });

describe('a full pool', () => {
  it('gives the next seat to who waits with a token, though newcomers come first', async () => {
    const { bench, door } = await aFullServer();
    const assigner = door();
    const first = await assigner.assign(client('waiting'));
    if (first.ok || first.wait === undefined) throw new Error('must be refused with a token');
    const waiting = { ...client('waiting'), wait: first.wait };
    expect(await assigner.assign(waiting)).toMatchObject({ code: 'assign.no-capacity', wait: first.wait });
    await leave(bench, 1);
    const newcomer = await assigner.assign(client('newcomer'));
    expect(newcomer).toMatchObject({ code: 'assign.no-capacity', wait: expect.any(String) });
    expect(await assigner.assign(waiting)).toMatchObject({ ok: true });
    // Nobody waits any more: the next seat is anybody's.
    await leave(bench, 1);
    expect(await assigner.assign(client('another'))).toMatchObject({ ok: true });
  });

  it('keeps no seat from newcomers when there are more than wait, or when who waited does not come back', async () => {
    const { bench, door } = await aFullServer();
    const assigner = door();
    const first = await assigner.assign(client('waiting'));
    await assigner.assign({ ...client('waiting'), ...(!first.ok && { wait: first.wait! }) });
    await leave(bench, 2);
    expect(await assigner.assign(client('newcomer'))).toMatchObject({ ok: true });
    expect(await assigner.assign(client('second'))).toMatchObject({ code: 'assign.no-capacity' });
    bench.clock.advance(10_000);
    expect(await assigner.assign(client('second'))).toMatchObject({ ok: true });
  });

  it('keeps no seat from anybody where clients show no tokens', async () => {
    const { bench, door } = await aFullServer();
    const assigner = door();
    for (let n = 0; n < 20; n++) await assigner.assign(client(`c${n}`));
    await leave(bench, 1);
    expect(await assigner.assign(client('c0'))).toMatchObject({ ok: true });
  });

  it('says when to come back by the pace at which its seats change hands', async () => {
    const { bench, door } = await aFullServer();
    const assigner = door();
    for (let beat = 0; beat < 12; beat++) {
      bench.clock.advance(5_000);
      await leave(bench, 1);
      expect(await assigner.assign(aRequest())).toMatchObject({ ok: true });
      expect(await assigner.assign(aRequest())).toMatchObject({ code: 'assign.no-capacity' });
    }
    // One seat each 5 s, one client that asked in vain in these 5 s, and this one.
    expect(await assigner.assign(aRequest())).toMatchObject({ retryAfterMs: 10_000 });
  });

  it('lets waiting clients wait for far less long than newcomers do, over many seats', async () => {
    const seed = 7;
    const rng = seededRng(seed);
    const { bench, door } = await aFullServer(8);
    const doors = [door(), door()];
    const waits = new Map<string, string>();
    const tried = new Map<string, number>();
    const overtaken: number[] = [];
    let names = 0;
    for (let second = 0; second < 300; second++) {
      bench.clock.advance(1_000);
      if (second % 5 === 0) await leave(bench, 1);
      // Newcomers come as fast as seats do, and before those who wait.
      const asking = [
        ...(second % 4 === 0 ? [`n${names++}`] : []),
        ...[...waits.keys()].filter(() => rng.float() < 0.3),
      ];
      for (const name of asking) {
        const wait = waits.get(name);
        const at = doors[Math.floor(rng.float() * doors.length)]!;
        const outcome = await at.assign({ ...client(name), ...(wait !== undefined && { wait }) });
        if (outcome.ok) {
          waits.delete(name);
          if (wait === undefined) overtaken.push(waits.size);
        } else {
          waits.set(name, outcome.wait!);
          tried.set(name, (tried.get(name) ?? 0) + 1);
        }
      }
    }
    const served = names - waits.size;
    expect(served, `seed ${seed}`).toBeGreaterThan(50);
    // Newcomers who got a seat at once while others waited.
    expect(overtaken.filter((waiting) => waiting > 0).length, `seed ${seed}`).toBeLessThan(served / 5);
  });
});
