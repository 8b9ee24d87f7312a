import { describe, expect, it } from 'vitest';
import { createFeed } from '../../../page/server/feed.ts';
import type { PageRow } from '../../../page/server/view-rows.ts';
import { createPicture } from '../../../page/web/picture.ts';
import type { DoorFacts, PageInfo, Step } from '../../../page/wire.ts';
import { fakeClock } from '../../support/fake-clock.ts';

const INFO: PageInfo = { build: 'b1', title: 'test', policy: 'random', freshMs: 15_000, mayCrash: false };

function aRow(options: Partial<PageRow> = {}): PageRow {
  return {
    ...{ id: 'a.0', app: 'arena', world: 'w1', group: 'g1', address: '203.0.113.7:27000', zone: 'z' },
    ...{ status: 1, sessions: 2, capacity: 10, free: 7, beat: 5, beatAgeMs: 1_000 },
    ...options,
  };
}

/** A feed whose rows and door are what the test says; `watch` gives a picture as a browser has it, and what it was told. */
function aFeed() {
  const clock = fakeClock();
  const scene = { rows: [aRow()] as PageRow[], door: undefined as DoorFacts | undefined };
  const feed = createFeed({ info: INFO, rows: () => scene.rows, look: async () => scene.door, clock });
  const watch = () => {
    const picture = createPicture();
    const steps: Step[] = [];
    const stop = feed.watch((text) => {
      expect(text).toMatch(/^data: [^\n]*\n\n$/);
      const step = JSON.parse(text.slice('data: '.length)) as Step;
      steps.push(step);
      picture.apply(step, clock.monoMs());
    });
    return { picture, steps, stop };
  };
  const tick = async (ms = 1_000) => {
    clock.advance(ms);
    await feed.tick();
  };
  return { ...{ clock, scene, feed, watch, tick } };
}

describe('the feed of the page', () => {
  it('begins anew for everybody when there is another build of the page', async () => {
    const { feed, watch, tick } = aFeed();
    await tick();
    const { picture, steps } = watch();
    feed.begin({ ...INFO, build: 'b2' });
    expect(steps.map(({ info }) => info?.build)).toEqual(['b1', 'b2']);
    expect(picture.servers.map(({ id }) => id)).toEqual(['a.0']);
    expect(watch().picture.info?.build).toBe('b2');
  });

  it('begins with everything, and then tells only what has changed', async () => {
    const { scene, watch, tick } = aFeed();
    await tick();
    const { picture, steps } = watch();
    expect(picture).toMatchObject({ info: INFO, servers: [{ id: 'a.0', pool: 'arena / w1 / g1', sessions: 2 }] });
    await tick();
    expect(steps[1]).not.toHaveProperty('changed');
    scene.rows = [aRow({ sessions: 3, free: 6 }), aRow({ id: 'b.0', status: 0 })];
    await tick();
    expect(steps[2]?.added?.map(([number, id]) => [number, id])).toEqual([[1, 'b.0']]);
    expect(steps[2]?.changed?.slice(0, 6)).toEqual([0, 1, 3, 10, 6, 3_000]);
    expect(picture.servers).toMatchObject([
      { id: 'a.0', status: 'ready', sessions: 3 },
      { id: 'b.0', status: 'starting' },
    ]);
    scene.rows = [aRow({ id: 'b.0', status: 0 })];
    await tick();
    expect(picture.servers.map(({ id }) => id)).toEqual(['b.0']);
  });

  it('gives who comes later the same picture, with what happened before', async () => {
    const { scene, feed, watch, tick } = aFeed();
    const early = watch();
    await tick();
    scene.rows = [aRow({ status: 4, beat: 6 })];
    feed.tell('assigned', () => 'ann assigned to a.0');
    await tick();
    await tick();
    const late = watch();
    expect(late.picture.servers).toEqual(early.picture.servers);
    expect(late.picture.points).toEqual(early.picture.points);
    expect(late.picture.events.map(({ text }) => text)).toEqual(['ann assigned to a.0', 'a.0 is suspect, was ready']);
    expect(late.steps).toHaveLength(1);
  });

  it('lets the age of a beat run on, and begins anew with the next beat', async () => {
    const { clock, scene, watch, tick } = aFeed();
    await tick();
    await tick(3_000);
    const { picture } = watch();
    expect(clock.monoMs() - picture.servers[0]!.beatAtMs).toBe(4_000);
    scene.rows = [aRow({ beat: 6, beatAgeMs: 200 })];
    await tick();
    expect(clock.monoMs() - picture.servers[0]!.beatAtMs).toBe(200);
  });

  it('says nothing any more to who has gone', async () => {
    const { watch, tick } = aFeed();
    const { steps, stop } = watch();
    stop();
    await tick();
    expect(steps).toHaveLength(1);
  });

  it('counts what is too much to be read', async () => {
    const { feed, watch, tick } = aFeed();
    const { picture } = watch();
    for (let n = 0; n < 100; n++) feed.tell('assigned', () => `client ${n}`);
    await tick();
    expect(picture.events.length).toBeLessThan(50);
    expect(picture.events.at(-1)?.text).toMatch(/^and \d+ more in this second$/);
  });

  it('turns counters into rates and percentiles, and leaves a gap where the door does not answer', async () => {
    const { scene, watch, tick } = aFeed();
    const { picture } = watch();
    scene.door = {
      status: 'ok',
      counters: { assigned: 5, classic: 5, 'dropped.too-short': 1 },
      answerTimes: [[100, 10]],
    };
    await tick();
    scene.door = {
      status: 'ok',
      counters: { assigned: 25, classic: 5, 'dropped.too-short': 5, 'refused.assign.no-capacity': 2 },
      answerTimes: [
        [100, 28],
        [5_000, 2],
      ],
    };
    await tick(2_000);
    expect(picture.points.at(-1)).toMatchObject({
      ...{ answers: 10, p50: 0.1, p95: 5, p99: 5, sessions: 2, capacity: 10, free: 7 },
      lost: { 'dropped.too-short': 2, 'refused.assign.no-capacity': 1 },
    });
    scene.door = undefined;
    await tick();
    expect(picture.points.at(-1)).toMatchObject({ answers: null, p99: null, lost: {} });
    expect(picture.door).toBeUndefined();
  });

  it('takes a door that was started anew for one that did nothing, not for one that gave seats back', async () => {
    const { scene, watch, tick } = aFeed();
    const { picture } = watch();
    scene.door = { status: 'ok', counters: { assigned: 1_000 } };
    await tick();
    scene.door = { status: 'ok', counters: { assigned: 3 } };
    await tick();
    expect(picture.points.at(-1)?.answers).toBe(0);
  });
});
