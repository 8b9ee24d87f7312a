import { describe, expect, it } from 'vitest';
import { CLOCKS, runClocks } from '../outage/clocks.ts';
import { PARTS } from '../outage/control-plane.ts';
import { runDrain } from '../outage/drain.ts';
import { runOutage } from '../outage/outage.ts';
import { runPartition } from '../outage/partition.ts';
import {
  clocksVerdicts,
  drainVerdicts,
  outageVerdicts,
  partitionVerdicts,
  type Verdict,
  verdictLine,
} from '../outage/verdicts.ts';

const SEED = 1;
/** Small, so that ten minutes take seconds; `npm run outage` has the full size. */
const FLEET = { servers: 6, capacity: 100, players: 36 };
const MINUTES_MS = 600_000;
const HOUR_MS = 3_600_000;

const broken = (verdicts: readonly Verdict[]): string[] =>
  verdicts.filter(({ holds }) => !holds).map((verdict) => `seed ${SEED}: ${verdictLine(verdict)}`);

describe('the control plane away for ten minutes', () => {
  const each = [...PARTS.map((part) => [part]), [...PARTS]].map((away) => ({ away, names: away.join(', ') }));
  it.each(each)('loses nobody without $names', async ({ away }) => {
    const report = await runOutage({ ...FLEET, seed: SEED, away, awayMs: MINUTES_MS, crashes: 1 });
    expect(report.tally.failovers.size).toBeGreaterThan(0);
    expect(broken(outageVerdicts(report))).toEqual([]);
  });
});

describe('an agent that cannot reach the registry', () => {
  it('keeps its sessions, gets nobody new, and is back within two beats', async () => {
    const report = await runPartition({ ...FLEET, seed: SEED, cutMs: 120_000 });
    expect(broken(partitionVerdicts(report))).toEqual([]);
  });
});

describe('a server that drains at 1,000 assignments a second', () => {
  it('gets nobody once the drain is acknowledged, and cuts nobody off', async () => {
    const report = await runDrain({ seed: SEED, servers: 6, perSecond: 1_000, players: 24, deadlineMs: 30_000 });
    expect(broken(drainVerdicts(report))).toEqual([]);
  });

  const unheard = {
    seed: SEED,
    servers: 3,
    perSecond: 300,
    players: 6,
    deadlineMs: 20_000,
    away: ['functions'],
  } as const;

  it('gets nobody either where no roster tells the gateways', async () => {
    const report = await runDrain(unheard);
    expect(report.afterAsked).toBeGreaterThan(0);
    expect(broken(drainVerdicts(report))).toEqual([]);
  });

  it('would be found to get somebody if it were acknowledged with the row alone', async () => {
    expect((await runDrain({ ...unheard, plant: 'no-hold' })).afterAcknowledged).toBeGreaterThan(0);
  });
});

describe('a wall clock that is an hour off', () => {
  it.each(CLOCKS.flatMap((whose) => [HOUR_MS, -HOUR_MS].map((skewMs) => ({ whose, skewMs }))))(
    'of a part ($whose by $skewMs ms) changes nothing, or tickets are refused with `ticket.clock`',
    async ({ whose, skewMs }) => {
      const report = await runClocks({ seed: SEED, whose, skewMs, servers: 4, players: 12 });
      expect(broken(clocksVerdicts(whose, skewMs, report))).toEqual([]);
    },
  );
});
