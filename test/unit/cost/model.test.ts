import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseDeployConfig } from '../../../core/config/parse-deploy-config.ts';
import { dailyCostText, idleInput } from '../../../core/cost/deployment-cost.ts';
import { type CostInput, MODEL, monthlyParts, sumOf, writesPerSecond } from '../../../core/cost/model.ts';
import { machineHour, PRICES, PRICES_DATE, type Price } from '../../../core/cost/prices.ts';
import { playersOfOneTable, scaleInput, TABLE_WRITES } from '../../../core/cost/scale.ts';
import { costPage } from '../../../tools/cost-doc.ts';

function part(input: CostInput, name: string): number {
  return sumOf(monthlyParts(input).filter((each) => each.name === name));
}

describe('the bill of a million players', () => {
  const datagrams = scaleInput(1_000_000, 0);
  const http = scaleInput(1_000_000, 1);

  it('has the heartbeats of 10,000 servers: 2,000 writes a second', () => {
    // 2,000/s x 2,628,000 s x $0.625 a million
    expect(part(datagrams, 'registry: heartbeats')).toBeCloseTo(3285, 6);
  });

  it('has one write for each of 833 assignments a second', () => {
    expect(part(datagrams, 'registry: seats')).toBeCloseTo((1_000_000 / 1200) * 2_628_000 * 0.625e-6, 6);
  });

  it('has a function for HTTP alone', () => {
    const each = 0.2e-6 + 0.012 * 0.0000133334 + 400e-9 * 0.5;
    expect(part(http, 'assign function')).toBeCloseTo((1_000_000 / 1200) * 2_628_000 * each, 6);
    expect(part(datagrams, 'assign function')).toBe(0);
  });

  it('reckons the load balancers by new connections', () => {
    const hours = 730 * (0.0225 + 0.0225);
    const rate = 1_000_000 / 1200;
    expect(part(http, 'load balancers')).toBeCloseTo(hours + 730 * ((rate / 25) * 0.008 + (rate / 800) * 0.006), 6);
    // 833 flows/s: 2.08 NLCU by new ones
    expect(part(datagrams, 'load balancers')).toBeCloseTo(hours + 730 * (rate / 400) * 0.006, 6);
  });

  it('is cheaper with a slower heartbeat, by half of the heartbeats', () => {
    const slower = sumOf(monthlyParts({ ...datagrams, beatMs: 10_000 }));
    expect(sumOf(monthlyParts(datagrams)) - slower).toBeCloseTo(3285 / 2, 6);
  });
});

describe('the writes of one table', () => {
  it('reach its quota where the page says so', () => {
    const players = playersOfOneTable();
    expect(writesPerSecond(scaleInput(players, 0))).toBeLessThanOrEqual(TABLE_WRITES);
    expect(writesPerSecond(scaleInput(players + 100_000, 1))).toBeGreaterThan(TABLE_WRITES);
  });
});

describe('the roster', () => {
  it('is written in units of 1 KB for each shard of 1,024 servers, and its INDEX', () => {
    const quiet = { ...scaleInput(1_000_000, 0), demand: { perSecond: 0, httpShare: 0 } };
    // 9 full shards of 16 + 32 x 1024 bytes (33 units), one of 784 servers (25 units), the INDEX
    expect(writesPerSecond(quiet) - 2000).toBe(9 * 33 + 25 + 1);
  });

  it('is written once a minute where nothing happens', () => {
    const empty = { ...scaleInput(0, 0), servers: 0 };
    expect(writesPerSecond(empty)).toBeCloseTo(1 / 60, 9);
  });
});

describe('a machine', () => {
  it.each([
    ['t4g.small', 'linux', 0.0168],
    ['t3.micro', 'linux', 0.0104],
    ['m7g.large', 'linux', 0.0816],
    ['t3.large', 'linux', 0.0832],
    ['m5.large', 'windows', 0.188],
    ['t3.medium', 'windows', 0.06],
  ] as const)('of type %s on %s has the price that is quoted', (type, platform, usd) => {
    expect(machineHour(type, platform)).toBeCloseTo(usd, 9);
  });

  it('of a type that is not known has none, and the sentence says so', () => {
    expect(machineHour('x9z.large')).toBeUndefined();
    const text = dailyCostText(parseDeployConfig({ gateway: { instanceType: 'x9z.large' } }));
    expect(text).toContain('gateways (2 x x9z.large) at least 0.28');
    expect(text).toContain('Not in it: machines of a type without a price (1).');
  });
});

describe('the sentence on a configuration', () => {
  it('has all parts of the default one, with the date of the prices', () => {
    const text = dailyCostText(parseDeployConfig({}));
    const [, all, list = ''] = /^about ([\d.]+) USD a day while nobody plays: (.*?)\. An estimate/.exec(text) ?? [];
    const parts = list.split('; ').map((each) => Number(/ ([\d.]+)$/.exec(each)?.[1]));
    expect(parts).toHaveLength(8);
    expect(Math.abs(parts.reduce((sum, each) => sum + each, 0) - Number(all))).toBeLessThan(0.05);
    expect(text).toContain(`US East (N. Virginia) on ${PRICES_DATE}`);
  });

  it('follows the configuration', () => {
    const idle = (input: object): number => sumOf(monthlyParts(idleInput(parseDeployConfig(input))));
    const fleet = { name: 'sample', app: 'world', min: 2, max: 2, capacity: 16 };
    expect(idle({ fleets: [{ ...fleet, purchase: 'spot' }] })).toBeLessThan(idle({}));
    expect(idle({ network: { maxAzs: 3 } }) - idle({})).toBeCloseTo(730 * 0.005, 6);
    // Without gateways two t4g.small less; two agents read the roster in their place, hardly more often.
    const saved = idle({}) - idle({ door: 'servers' }) - 2 * (730 * (0.0168 + 0.005) + 8 * 0.08);
    expect(saved).toBeGreaterThan(-0.01);
    // What gateways tell CloudWatch, and a little.
    expect(saved).toBeLessThan(MODEL.metricsOfGateways * PRICES.metricMonth.usd + 1);
    expect(idle({ runtime: { timing: { beatMs: 2_500 } } })).toBeGreaterThan(idle({}));
    expect(idle({ assign: { provisionedConcurrency: 2 } }) - idle({})).toBeCloseTo(2 * 2_628_000 * 3.3334e-6, 6);
  });

  it('fits into an output, however many fleets there are', () => {
    const fleets = Array.from({ length: 50 }, (_, n) => ({
      name: `a-fleet-with-a-name-${n}`,
      app: 'arena',
      capacity: 8,
    }));
    const text = dailyCostText(parseDeployConfig({ fleets }));
    expect(text).toContain('50 fleets');
    expect(text.length).toBeLessThan(1024);
  });
});

describe('each price', () => {
  it.each(Object.entries<Price>(PRICES))(
    '%s has a page of AWS where it stands',
    (_name, { usd, per, source, quotedBy }) => {
      expect(usd).toBeGreaterThan(0);
      expect(per).not.toBe('');
      expect(source).toMatch(/^https:\/\/aws\.amazon\.com\//);
      expect(quotedBy ?? 'https://').toMatch(/^https:\/\//);
    },
  );
});

describe('docs/COST.md', () => {
  it('is what prices and model say; else run `npm run docs:costs`', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../docs/COST.md'), 'utf8');
    expect(page).toBe(costPage());
  });
});
