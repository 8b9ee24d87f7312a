import { describe, expect, it } from 'vitest';
import { emfLine } from '../../../adapters/metrics/emf.ts';
import { metricLine } from '../../../adapters/metrics/metric-line.ts';
import { createChanges, createNewTimes } from '../../../core/metrics/changes.ts';
import { createTimeToFull } from '../../../core/metrics/time-to-full.ts';

const refusals = (value: number, code = 'assign.no-capacity') =>
  ({ name: 'onedoor_refusals_total', labels: { code }, value }) as const;

describe('what goes to CloudWatch', () => {
  it('is what came on top of a counter, and nothing of one that stands still', () => {
    const changes = createChanges('gateway');
    expect(changes([refusals(3)])).toEqual([{ labels: { code: 'assign.no-capacity' }, values: { refusals: 3 } }]);
    expect(changes([refusals(3)])).toEqual([]);
    expect(changes([refusals(8)])).toEqual([{ labels: { code: 'assign.no-capacity' }, values: { refusals: 5 } }]);
  });

  it('counts a program that was started anew from zero', () => {
    const changes = createChanges('gateway');
    changes([refusals(9)]);
    expect(changes([refusals(2)])[0]?.values).toEqual({ refusals: 2 });
  });

  it('is a gauge as it is, each time', () => {
    const changes = createChanges('gateway');
    const age = { name: 'onedoor_roster_age_seconds', value: 1.5 } as const;
    for (let minute = 0; minute < 2; minute++) {
      expect(changes([age])).toEqual([{ labels: {}, values: { rosterAgeSeconds: 1.5 } }]);
    }
  });

  it('leaves out what another program tells, or nobody', () => {
    const pool = { app: 'a', world: 'b', group: 'c' };
    const samples = [
      { name: 'onedoor_pool_free_seats', labels: pool, value: 4 },
      { name: 'onedoor_probes_total', value: 4 },
    ] as const;
    expect(createChanges('gateway')(samples)).toEqual([]);
  });

  it('adds up the slots of one machine', () => {
    expect(createChanges('agent')([refusals(1, 'agent.full'), refusals(2, 'agent.full')])).toEqual([
      { labels: { code: 'agent.full' }, values: { refusals: 3 } },
    ]);
  });

  it('has the times that are new, by the bounds of their buckets, and not more than a line may have', () => {
    const newTimes = createNewTimes();
    expect(newTimes([[1_000_000, 2]])).toEqual([1, 1]);
    expect(
      newTimes([
        [1_000_000, 2],
        [2_000_000, 1],
      ]),
    ).toEqual([2]);
    expect(
      newTimes([
        [1_000_000, 5_000],
        [2_000_000, 5_000],
      ]),
    ).toHaveLength(100);
  });

  it('is the same line by the library and by hand', () => {
    const values = { refusals: 3, usePct: 2.5, answerSeconds: [0.1, 0.2] };
    const wallMs = Date.now();
    const byLibrary = emfLine({ dimensions: { deployment: 'x', code: 'agent.full' }, values }, 'gateway', wallMs);
    const byHand = metricLine({ service: 'gateway', deployment: 'x', code: 'agent.full' }, values, wallMs);
    expect(JSON.parse(byLibrary)).toEqual(JSON.parse(byHand));
  });
});

describe('time to full', () => {
  const left = (...frees: readonly number[]): number | undefined => {
    const trend = createTimeToFull();
    for (const [minute, free] of frees.entries()) trend.saw(free, minute * 60_000);
    return trend.seconds();
  };

  it('is unknown at first, and while the pool does not fill', () => {
    expect(left(100)).toBeUndefined();
    expect(left(100, 100)).toBeUndefined();
    expect(left(100, 120)).toBeUndefined();
  });

  it('goes by how the free seats fell', () => expect(left(100, 90, 80)).toBe(480));
  it('forgets what was more than five minutes ago', () => expect(left(1_000, 60, 58, 56, 54, 52, 50)).toBe(1_500));
  it('is nothing when the pool is full', () => expect(left(0, 0)).toBe(0));
});
