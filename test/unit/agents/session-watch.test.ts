import { describe, expect, it } from 'vitest';
import { SessionWatch } from '../../../agents/session-watch.ts';

const SILENT_MS = 40_000;

describe('a session that the game never saw', () => {
  it('is over after 40 s without a keepalive of its holder', () => {
    const watch = new SessionWatch(SILENT_MS);
    watch.began({ id: 'a', sub: 'ann' }, 0, false);
    watch.began({ id: 'b', sub: 'bob' }, 0, false);
    watch.heard('ann', 20_000);
    watch.heard('nobody', 20_000);
    expect(watch.over(39_999)).toEqual([]);
    expect(watch.over(40_000)).toEqual(['b']);
    expect(watch.over(60_000)).toEqual(['a', 'b']);
    watch.ended('b');
    expect(watch.over(60_000)).toEqual(['a']);
  });

  it('does not live on by the keepalives of its holder’s other session, which the game has', () => {
    const watch = new SessionWatch(SILENT_MS);
    watch.began({ id: 'before', sub: 'ann' }, 0, false);
    watch.began({ id: 'now', sub: 'ann' }, 10_000, false);
    watch.heard('ann', 20_000);
    watch.listed([{ id: 'now' }], 30_000);
    watch.heard('ann', 50_000);
    watch.listed([{ id: 'now' }], 60_000);
    expect(watch.over(59_999)).toEqual([]);
    expect(watch.over(60_000)).toEqual(['before']);
  });

  it('belongs to the game from the moment that it lists it', () => {
    const watch = new SessionWatch(SILENT_MS);
    watch.began({ id: 'a', sub: 'ann' }, 0, false);
    expect(watch.listed([], 1_000)).toEqual([]);
    watch.listed([{ id: 'a' }], 30_000);
    watch.listed([{ id: 'a' }], 100_000);
    expect(watch.over(100_000)).toEqual([]);
  });
});

describe('a session that the game has had', () => {
  it('is over when all lists of 2 s are without it, and not sooner', () => {
    const watch = new SessionWatch(SILENT_MS);
    watch.began({ id: 'a' }, 0, true);
    expect(watch.over(1_000_000)).toEqual([]);
    watch.listed([], 1_000);
    watch.listed([{ id: 'a' }], 2_000);
    watch.listed([], 2_500);
    expect(watch.over(4_499)).toEqual([]);
    expect(watch.over(4_500)).toEqual(['a']);
  });

  it('is given to the agent if the agent does not know it', () => {
    const watch = new SessionWatch(SILENT_MS);
    watch.began({ id: 'a' }, 0, true);
    expect(watch.listed([{ id: 'a' }, { id: 'z', sub: 'zoe' }], 0)).toEqual([{ id: 'z', sub: 'zoe' }]);
  });
});

describe('the sessions of a holder', () => {
  it('are found by him, as long as he has one', () => {
    const watch = new SessionWatch(SILENT_MS);
    expect(watch.of('ann')).toBeUndefined();
    watch.began({ id: 'a', sub: 'ann' }, 0, true);
    watch.began({ id: 'b', sub: 'ann' }, 0, true);
    watch.began({ id: 'b', sub: 'ann' }, 0, true);
    watch.ended('a');
    expect([watch.of('ann'), watch.has('a'), watch.has('b')]).toEqual(['b', false, true]);
    watch.ended('b');
    watch.ended('b');
    expect(watch.of('ann')).toBeUndefined();
  });
});
