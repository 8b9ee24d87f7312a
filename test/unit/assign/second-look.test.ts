import { describe, expect, it } from 'vitest';
import { createSecondLook } from '../../../core/assign/second-look.ts';

const ROSTER_BEAT = 10;
const LOOK_MS = 15_000;

describe('the second look at a server while the roster stands still', () => {
  it('demands a later beat than the roster’s at first', () => {
    expect(createSecondLook().beatAfter('a.0', ROSTER_BEAT, 0)).toBe(ROSTER_BEAT);
  });

  it('demands a later beat than the one seen 15 s ago from then on', () => {
    const look = createSecondLook();
    look.saw('a.0', 12, ROSTER_BEAT, 0);
    const demanded = (nowMs: number) => look.beatAfter('a.0', ROSTER_BEAT, nowMs);
    expect([demanded(0), demanded(LOOK_MS - 1), demanded(LOOK_MS)]).toEqual([ROSTER_BEAT, ROSTER_BEAT, 12]);
  });

  it('goes on by the first beat seen in each 15 s, so that many takes do not put it off', () => {
    const look = createSecondLook();
    for (let nowMs = 0; nowMs <= 3 * LOOK_MS; nowMs += 1_000) look.saw('a.0', 12 + nowMs / 5_000, ROSTER_BEAT, nowMs);
    expect(look.beatAfter('a.0', ROSTER_BEAT, 3 * LOOK_MS + 1)).toBe(12 + (2 * LOOK_MS) / 5_000);
  });

  it('tells servers apart, and forgets all when the roster moves again', () => {
    const look = createSecondLook();
    look.saw('a.0', 12, ROSTER_BEAT, 0);
    expect(look.beatAfter('b.0', ROSTER_BEAT, LOOK_MS)).toBe(ROSTER_BEAT);
    look.forget();
    expect(look.beatAfter('a.0', 99, LOOK_MS)).toBe(99);
  });
});
