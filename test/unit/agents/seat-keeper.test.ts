import { describe, expect, it } from 'vitest';
import type { SeatKeeper } from '../../../agents/seat-keeper.ts';
import { refuse } from '../../../core/errors.ts';
import { aScene, KEY, T_MS } from '../../support/agent-scene.ts';

const BEAT_MS = 5_000;

/** Session ids, to see who is on. */
const ids = (keeper: SeatKeeper): string[] => [...(keeper.book?.sessions.keys() ?? [])];

describe('a first life', () => {
  it('makes the row without seats and gives all of them with its first beat', async () => {
    const scene = await aScene();
    const keeper = await scene.live();
    expect(await scene.free()).toBe(0);
    await scene.beat(keeper);
    expect((await scene.store.get(KEY))?.seats).toMatchObject({ free: 4, capacity: 4, state: 'ready', sessions: 0 });
  });

  it('admits who has a seat, once, and gives the seat back after the session', async () => {
    const scene = await aScene();
    const keeper = await scene.live();
    await scene.beat(keeper);
    const [claim] = await scene.take();
    expect(keeper.activate(claim!)).toMatchObject({ ok: true, resumed: false });
    expect(keeper.activate(claim!)).toMatchObject({ ok: true, resumed: true });
    expect(keeper.activate({ ...claim!, sub: 'bob' })).toMatchObject({ code: 'ticket.in-use' });
    await scene.beat(keeper);
    expect(await scene.free()).toBe(3);

    expect(keeper.end(ids(keeper)[0]!)).toBe(true);
    expect(keeper.end('nobody')).toBe(false);
    expect(keeper.activate(claim!)).toMatchObject({ code: 'ticket.ended' });
    await scene.beat(keeper);
    expect(await scene.free()).toBe(4);
  });

  it('takes back after T what nobody came for, and sends late comers to the end of the queue', async () => {
    const scene = await aScene();
    const keeper = await scene.live();
    await scene.beat(keeper);
    const [claim] = await scene.take();
    await scene.pass(keeper, T_MS - BEAT_MS);
    expect(await scene.free()).toBe(3);
    await scene.pass(keeper, 3 * BEAT_MS);
    expect(await scene.free()).toBe(4);
    expect(keeper.activate(claim!)).toEqual({ ok: false, direct: true });
  });

  it('owes an early beat when the last seat comes back', async () => {
    const scene = await aScene();
    const keeper = await scene.live();
    await scene.beat(keeper);
    const [first, second] = await scene.take(4);
    keeper.activate(first!);
    await scene.beat(keeper);
    expect(keeper.owesBeat).toBe(false);
    expect(keeper.cancel(second!)).toBe(true);
    expect(keeper.owesBeat).toBe(true);
    await scene.beat(keeper);
    expect(keeper.owesBeat).toBe(false);
    keeper.end(ids(keeper)[0]!);
    expect(keeper.owesBeat).toBe(false);
  });

  it('admits nobody whom it cannot write down', async () => {
    const scene = await aScene();
    const keeper = await scene.live();
    await scene.beat(keeper);
    const [claim] = await scene.take();
    await scene.kill();
    expect(keeper.activate(claim!)).toMatchObject({ code: 'agent.not-ready' });
    expect(keeper.cancel(claim!)).toBe(false);
    expect(keeper.adopt('walk-in')).toBeUndefined();
    expect(ids(keeper)).toEqual([]);
  });
});

describe('a direct join', () => {
  it('takes a seat on the own row, and is full when there is none', async () => {
    const scene = await aScene();
    const keeper = await scene.live();
    await scene.beat(keeper, 1);
    expect(await keeper.takeDirect('ann')).toMatchObject({ ok: true, session: { sub: 'ann' } });
    expect(await scene.free()).toBe(0);
    expect(await keeper.takeDirect()).toMatchObject({ code: 'agent.full' });
    await scene.beat(keeper, 1);
    expect(await scene.free()).toBe(0);
  });

  it('takes one seat however often its reply is lost', async () => {
    const scene = await aScene();
    const keeper = await scene.live();
    await scene.beat(keeper);
    scene.store.failWrites(2, 'after');
    expect(await keeper.takeDirect()).toMatchObject({ ok: true });
    expect(await scene.free()).toBe(3);
    await scene.beat(keeper);
    expect(await scene.free()).toBe(3);
  });

  it('is refused while the registry is away, and while the row is not ready', async () => {
    const scene = await aScene();
    const keeper = await scene.live();
    expect(await keeper.takeDirect()).toMatchObject({ code: 'agent.not-ready' });
    await scene.beat(keeper);
    scene.store.failWrites(3, 'before');
    expect(await keeper.takeDirect()).toMatchObject({ code: 'registry.unreachable' });
    expect(ids(keeper)).toEqual([]);
  });
});

describe('a beat', () => {
  it('whose reply is lost is never sent again: the next one starts from the row as it is', async () => {
    const scene = await aScene();
    const keeper = await scene.live();
    scene.store.failWrites(1, 'after');
    expect(await keeper.beat({ capacity: 4, state: 'ready' }, () => {})).toBe('unknown');
    expect(await scene.free()).toBe(4);
    await scene.take(2);
    await scene.beat(keeper);
    expect(await scene.free()).toBe(2);
  });

  it('is computed anew when the row has moved', async () => {
    const scene = await aScene();
    const keeper = await scene.live();
    await scene.beat(keeper);
    const [seats] = [(await scene.store.get(KEY))?.seats];
    // A late copy of a write of this very life.
    const command = {
      kind: 'beat',
      gen: seats!.gen,
      beat: seats!.beat,
      addFree: 0,
      hb: 0,
      sessions: 0,
      capacity: 4,
      state: 'ready',
    } as const;
    await scene.store.write(KEY, command);
    expect(await keeper.beat({ capacity: 3, state: 'ready' }, () => {})).toBe('again');
    await scene.beat(keeper, 3);
    expect(await scene.free()).toBe(3);
  });

  it('that finds another life, or no row, is the last', async () => {
    for (const [take, reason] of [
      ['claim', 'another agent has claimed the row'],
      ['forget', 'the row is gone'],
    ] as const) {
      const scene = await aScene();
      const keeper = await scene.live();
      await scene.beat(keeper);
      const [claim] = await scene.take();
      const seats = (await scene.store.get(KEY))?.seats;
      if (take === 'claim') await scene.store.write(KEY, { kind: 'claim', seen: seats!.gen, gen: 'f'.repeat(16) });
      else {
        await scene.store.bury(KEY);
        await scene.store.forget(KEY, seats!.beat);
      }
      expect(await keeper.beat({ capacity: 4, state: 'ready' }, () => {})).toBe('lost');
      expect(scene.lost).toEqual([reason]);
      expect(keeper.activate(claim!)).toMatchObject({ code: 'agent.not-ready' });
      expect(await keeper.takeDirect()).toMatchObject({ code: 'agent.not-ready' });
    }
  });
});

describe('the lease', () => {
  it('ends T after the last beat that landed: then only who is in may come back', async () => {
    const scene = await aScene();
    const keeper = await scene.live();
    await scene.beat(keeper);
    const [inside, early, late] = await scene.take(3);
    keeper.activate(inside!);
    scene.clock.advance(T_MS - 1);
    expect(keeper.activate(early!)).toMatchObject({ ok: true });
    scene.clock.advance(1);
    expect(keeper.activate(late!)).toMatchObject({ code: 'agent.not-ready' });
    expect(keeper.activate(inside!)).toMatchObject({ ok: true, resumed: true });

    const { get } = scene.store;
    scene.store.get = () => Promise.reject(new Error('away'));
    expect(await keeper.takeDirect()).toMatchObject({ code: 'agent.not-ready' });
    scene.store.get = get;
    expect(await keeper.prove(), 'asked a moment ago').toBe(false);

    await scene.beat(keeper);
    expect(await keeper.takeDirect()).toMatchObject({ ok: true });
  });

  it('begins anew when a read finds the row ours, so that nobody waits for the next beat after an outage', async () => {
    const scene = await aScene();
    const keeper = await scene.live();
    await scene.beat(keeper);
    scene.clock.advance(T_MS);
    const [claim] = await scene.take(1);
    expect(keeper.activate(claim!)).toMatchObject({ code: 'agent.not-ready' });
    expect(await keeper.prove()).toBe(true);
    expect(keeper.activate(claim!)).toMatchObject({ ok: true });
  });

  it('stays over when a read finds the row another life’s', async () => {
    const scene = await aScene();
    const keeper = await scene.live();
    await scene.beat(keeper);
    scene.clock.advance(T_MS);
    const { get } = scene.store;
    scene.store.get = async (key) => {
      const row = (await get(key))!;
      return { ...row, seats: { ...row.seats!, gen: 'f'.repeat(16) } };
    };
    expect(await keeper.prove()).toBe(false);
    expect(keeper.isLeased).toBe(false);
  });

  it('lets a reason of the caller stand in the way of newcomers alone', async () => {
    const scene = await aScene();
    const keeper = await scene.live();
    await scene.beat(keeper);
    const [inside, outside] = await scene.take(2);
    keeper.activate(inside!);
    expect(keeper.activate(outside!, refuse('agent.draining'))).toMatchObject({ code: 'agent.draining' });
    expect(keeper.activate(inside!, refuse('agent.draining'))).toMatchObject({ ok: true, resumed: true });
  });
});
