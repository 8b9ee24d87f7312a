import { describe, expect, it } from 'vitest';
import { createDoorWatch } from '../../../core/select/door-watch.ts';

describe('the watch over the other doors', () => {
  it('takes every door for living before it has heard of it, so that no two answer at a start', () => {
    const watch = createDoorWatch(3);
    expect([0, 1, 2].map(watch.isLive)).toEqual([true, true, true]);
  });

  it('takes a door for dead after three misses in a row, whatever else it heard before', () => {
    const watch = createDoorWatch(2);
    for (const isWell of [false, false, true, false, false]) watch.heard(1, isWell);
    expect(watch.isLive(1)).toBe(true);
    watch.heard(1, false);
    expect(watch.isLive(1)).toBe(false);
    expect(watch.isLive(0)).toBe(true);
  });

  it('takes it for living again from its first good answer, however long it was away', () => {
    const watch = createDoorWatch(1);
    for (let n = 0; n < 1_000; n++) watch.heard(0, false);
    watch.heard(0, true);
    expect(watch.isLive(0)).toBe(true);
  });
});
