import { describe, expect, it } from 'vitest';
import { aScene, KEY, T_MS } from '../../support/agent-scene.ts';

const BEAT_MS = 5_000;

describe('a later life with the journal', () => {
  it('goes on with sessions, used seats and tickets that are out', async () => {
    const scene = await aScene();
    const first = await scene.live();
    await scene.beat(first);
    const [playing, over, out, given] = await scene.take(4);
    first.activate(playing!);
    first.activate(over!);
    first.end(`${over!.gen}:${over!.serial}`);
    first.cancel(given!);
    await scene.kill();

    const second = await scene.live();
    expect(second.sessions).toBe(1);
    expect(second.activate(playing!)).toMatchObject({ ok: true, resumed: true });
    expect(second.activate(over!)).toMatchObject({ code: 'ticket.ended' });
    expect(second.activate(given!)).toMatchObject({ code: 'ticket.ended' });
    expect(second.activate(out!)).toMatchObject({ ok: true, resumed: false });
  });

  it('raises at once what comes back: with the journal comes its lock', async () => {
    const scene = await aScene();
    const first = await scene.live();
    await scene.beat(first);
    const [claim] = await scene.take(4);
    first.activate(claim!);
    await scene.kill();

    const second = await scene.live();
    second.end(`${claim!.gen}:${claim!.serial}`);
    await scene.beat(second);
    expect(await scene.free()).toBe(1);
  });

  it('goes on also when the reply to its claim was lost', async () => {
    const scene = await aScene();
    const first = await scene.live();
    await scene.beat(first);
    const [claim] = await scene.take();
    first.activate(claim!);
    await scene.kill();

    scene.store.failWrites(1, 'after');
    await expect(scene.live()).rejects.toThrow(/registry.unreachable/);
    await scene.kill();
    const third = await scene.live();
    expect(third.activate(claim!)).toMatchObject({ ok: true, resumed: true });
  });
});

describe('a later life without the journal', () => {
  it('voids what is out, and raises nothing until it knows who is on', async () => {
    const scene = await aScene();
    const first = await scene.live();
    await scene.beat(first);
    const [playing, out] = await scene.take(2);
    first.activate(playing!);
    await scene.kill();

    const second = await scene.live({ dir: `${scene.dir}/elsewhere` });
    expect(second.activate(out!)).toEqual({ ok: false, direct: true });
    await scene.pass(second, 2 * T_MS);
    expect(await scene.free()).toBe(2);

    second.adopt(`${playing!.gen}:${playing!.serial}`, playing!.sub);
    second.sessionsAreKnown();
    await scene.beat(second);
    expect(await scene.free()).toBe(3);
    expect(second.activate(playing!)).toMatchObject({ ok: true, resumed: true });
  });

  it('raises nothing before a life under another journal can no longer admit', async () => {
    const scene = await aScene();
    const first = await scene.live();
    await scene.beat(first);
    await scene.take(4);

    const second = await scene.live({ dir: `${scene.dir}/elsewhere` });
    second.sessionsAreKnown();
    await scene.pass(second, T_MS);
    expect(await scene.free()).toBe(0);
    await scene.pass(second, 2 * BEAT_MS);
    expect(await scene.free()).toBe(4);
  });

  it('that ends before it knows leaves a journal that nobody resumes', async () => {
    const scene = await aScene();
    const first = await scene.live();
    await scene.beat(first);
    const [playing] = await scene.take();
    first.activate(playing!);
    await scene.kill();
    const dir = `${scene.dir}/elsewhere`;
    const second = await scene.live({ dir });
    await scene.beat(second);
    await scene.kill();

    const third = await scene.live({ dir });
    expect(third.book?.known).toBe(false);
    await scene.pass(third, 2 * T_MS);
    expect(await scene.free()).toBe(3);
    third.sessionsAreKnown();
    await scene.kill();
    expect((await scene.live({ dir })).book?.known).toBe(true);
  });

  it('on a row made anew still does not take the machine for a fresh one', async () => {
    const scene = await aScene();
    const first = await scene.live();
    await scene.beat(first);
    await scene.kill();
    await scene.store.bury(KEY);
    await scene.store.forget(KEY, (await scene.store.get(KEY))?.seats?.beat ?? 0);

    expect((await scene.live()).book?.known).toBe(false);
  });
});

describe('a game that can only be counted', () => {
  it('gives what the count leaves, and marks the oldest seats when the count rises', async () => {
    const scene = await aScene();
    const keeper = await scene.live({ isCounted: true });
    keeper.observe(1, scene.clock.monoMs());
    await scene.beat(keeper);
    expect(await scene.free()).toBe(3);
    await scene.take();
    scene.clock.advance(1_000);
    await scene.beat(keeper);
    keeper.observe(2, scene.clock.monoMs());
    await scene.beat(keeper);
    expect(await scene.free()).toBe(2);
  });

  it('takes no seat back from a client: it cannot tell whose was used', async () => {
    const scene = await aScene();
    const keeper = await scene.live({ isCounted: true });
    keeper.observe(0, scene.clock.monoMs());
    await scene.beat(keeper);
    const [claim] = await scene.take();
    expect(keeper.cancel(claim!)).toBe(false);
    await scene.beat(keeper);
    expect(await scene.free()).toBe(3);
  });

  it('raises nothing after a restart without journal until a query T after the claim', async () => {
    const scene = await aScene();
    const first = await scene.live({ isCounted: true });
    first.observe(0, scene.clock.monoMs());
    await scene.beat(first);
    await scene.take(4);
    await scene.kill();

    const second = await scene.live({ isCounted: true, dir: `${scene.dir}/elsewhere` });
    for (let waited = 0; waited < T_MS; waited += BEAT_MS) {
      second.observe(0, scene.clock.monoMs());
      await scene.pass(second, BEAT_MS);
    }
    expect(await scene.free()).toBe(0);
    second.observe(0, scene.clock.monoMs());
    await scene.pass(second, 2 * BEAT_MS);
    expect(await scene.free()).toBe(4);
  });
});
