import { describe, expect, it } from 'vitest';
import { createQuiet } from '../../../door/quiet.ts';
import { aView, servers } from '../../support/builders.ts';
import { fakeClock } from '../../support/fake-clock.ts';

function aQuiet(unverifiedPerSecond: number, seats: number, free = seats) {
  const clock = fakeClock();
  const view = aView(servers(1, () => ({ capacity: seats, free })));
  const quiet = createQuiet({ clock, unverifiedPerSecond, view: () => view });
  const served = (requests: number): number => {
    let count = 0;
    for (let n = 0; n < requests; n++) if (quiet.mayServeUnverified()) count++;
    return count;
  };
  return { clock, served };
}

describe('sources that showed no cookie', () => {
  it('are served at most so many a second', () => {
    const { clock, served } = aQuiet(50, 1_000);
    expect(served(30)).toBe(30);
    clock.advance(1_000);
    expect(served(50)).toBe(50);
    clock.advance(1_000);
    expect(served(50)).toBe(50);
  });

  it('are served in the first second of a flood, then not at all until a second is quiet', () => {
    const { clock, served } = aQuiet(50, 1_000);
    expect(served(10_000)).toBe(50);
    for (let second = 1; second < 20; second++) {
      clock.advance(1_000);
      expect(served(10_000)).toBe(0);
    }
    clock.advance(1_000);
    expect(served(20)).toBe(0);
    clock.advance(1_000);
    expect(served(20)).toBe(20);
  });

  it('are served again when nobody asked for a while', () => {
    const { clock, served } = aQuiet(50, 1_000);
    served(10_000);
    clock.advance(2_000);
    expect(served(10)).toBe(10);
  });

  it('take at most a fifth of the free seats in a second, and eight of a small fleet', () => {
    expect(aQuiet(50, 100).served(10_000)).toBe(20);
    expect(aQuiet(50, 20).served(10)).toBe(8);
  });

  it('take none while less than a fifth of all seats is free', () => {
    expect(aQuiet(50, 1_000, 199).served(10)).toBe(0);
    expect(aQuiet(50, 1_000, 200).served(10)).toBe(10);
  });
});
