import { describe, expect, it } from 'vitest';
import { countDemand, newDemand, recentDemand } from '../../../core/assign/demand.ts';

describe('demand', () => {
  it('counts the half window before with the one that runs, and forgets what is older', () => {
    const startMs = 7_000;
    const demand = newDemand(startMs);
    for (let n = 0; n < 12; n++) countDemand(demand, startMs, 5_000);
    for (let n = 0; n < 3; n++) countDemand(demand, startMs + 5_000, 5_000);
    const seen = [5_000, 9_999, 10_000, 15_000].map((ms) => recentDemand(demand, startMs + ms, 5_000));
    expect(seen).toEqual([15, 15, 3, 0]);
  });

  it('forgets everything after a long silence', () => {
    const demand = newDemand(0);
    for (let n = 0; n < 12; n++) countDemand(demand, 0, 5_000);
    expect(recentDemand(demand, 10_000, 5_000)).toBe(0);
  });
});
