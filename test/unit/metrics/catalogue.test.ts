import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createCounters as agentCounters } from '../../../agents/counters.ts';
import { METRICS, type MetricName, metricInfo, type Sample } from '../../../core/metrics/catalogue.ts';
import { AGENT_COUNTS, countedSamples, GATEWAY_COUNTS } from '../../../core/metrics/counts.ts';
import { FORWARD_FAULTS, SILENT_REASONS } from '../../../core/metrics/label-values.ts';
import { createCounters } from '../../../door/counters.ts';

const ROOT = join(import.meta.dirname, '../../..');
const names = Object.keys(METRICS) as MetricName[];
const sources = (pattern: string): string =>
  globSync(pattern, { cwd: ROOT })
    .filter((file) => !file.startsWith('core/metrics/'))
    .map((file) => readFileSync(join(ROOT, file), 'utf8'))
    .join('\n');

/** Each label is one that the catalogue has, with a value that it has. */
function expectKnown({ name, labels = {} }: Sample): void {
  const { labels: known = {} } = metricInfo(name);
  expect(Object.keys(labels).sort(), name).toEqual(Object.keys(known).sort());
  for (const [label, value] of Object.entries(labels)) expect(known[label], name).toContain(value);
}

describe('the catalogue', () => {
  it('names metrics as Prometheus does, by unit and kind', () => {
    for (const name of names) {
      const { kind, unit, labels = {} } = metricInfo(name);
      expect(name).toMatch(/^onedoor_[a-z0-9_]+$/);
      expect(name.endsWith('_total')).toBe(kind === 'counter');
      expect(name.endsWith('_seconds')).toBe(unit === 'Seconds');
      expect(name.endsWith('_percent')).toBe(unit === 'Percent');
      for (const label of Object.keys(labels)) expect(label).toMatch(/^[a-z]+$/);
    }
  });

  it('has each name of CloudWatch once, its unit told by its end', () => {
    const infos = names.map(metricInfo).filter(({ cloudWatch }) => cloudWatch);
    const told = infos.map(({ cloudWatch }) => cloudWatch!.name);
    expect(new Set(told).size).toBe(told.length);
    for (const { unit, cloudWatch } of infos) {
      expect(cloudWatch!.name.endsWith('Seconds')).toBe(unit === 'Seconds');
      expect(cloudWatch!.name.endsWith('Pct')).toBe(unit === 'Percent');
    }
  });

  it('is told somewhere, each metric of it', () => {
    for (const name of names) {
      const { at, cloudWatch } = metricInfo(name);
      expect(at.length + (cloudWatch?.from.length ?? 0), name).toBeGreaterThan(0);
    }
  });

  it.each([
    ['a gateway', GATEWAY_COUNTS, '{door,core}/**/*.ts'],
    ['an agent', AGENT_COUNTS, '{agents,core}/**/*.ts'],
  ] as const)('has no name that %s does not count', (_who, counts, files) => {
    const text = sources(files);
    for (const name of Object.keys(counts)) {
      // The prober's names come to an agent's counters with its prefix.
      expect(text.includes(`'${name}'`) || text.includes(`'${name.replace('door.', '')}'`), name).toBe(true);
    }
    for (const reason of files.startsWith('{agents') ? [...SILENT_REASONS, ...FORWARD_FAULTS] : []) {
      expect(text).toMatch(new RegExp(`['.]${reason}'`));
    }
  });

  it('has every metric among those that a program reads or counts', () => {
    const counted = [...Object.values(GATEWAY_COUNTS), ...Object.values(AGENT_COUNTS)].map(([name]) => name as string);
    const text =
      sources('{door,agents,core,lambda}/**/*.ts') + readFileSync(join(ROOT, 'core/metrics/pool-watch.ts'), 'utf8');
    const families = readFileSync(join(ROOT, 'core/metrics/counts.ts'), 'utf8');
    for (const name of names) {
      const isRead = text.includes(`'${name}'`) || families.includes(`'${name}'`) || counted.includes(name);
      expect(isRead || text.includes(`${metricInfo(name).cloudWatch?.name}`), name).toBe(true);
    }
  });
});

describe('counters as samples', () => {
  it('are known to the catalogue, whatever a gateway counts', () => {
    const counters = createCounters();
    for (const name of Object.keys(GATEWAY_COUNTS)) counters.count(name as keyof typeof GATEWAY_COUNTS);
    counters.dropped('short');
    counters.refused('assign.no-capacity');
    counters.refused('ticket.clock');
    counters.failed('registry.unreachable');
    const samples = countedSamples(counters.read(), GATEWAY_COUNTS);
    for (const sample of samples) expectKnown(sample);
    expect(samples.reduce((sum, { value }) => sum + value, 0)).toBe(Object.keys(GATEWAY_COUNTS).length + 4);
    expect(samples).toContainEqual({
      name: 'onedoor_ticket_failures_total',
      labels: { code: 'ticket.clock' },
      value: 1,
    });
  });

  it('are known to the catalogue, whatever an agent counts', () => {
    const counters = agentCounters();
    for (const name of Object.keys(AGENT_COUNTS)) counters.count(name as keyof typeof AGENT_COUNTS);
    for (const reason of SILENT_REASONS) counters.count(`silent.${reason}`);
    for (const fault of FORWARD_FAULTS) counters.count(`forward.${fault}`);
    counters.count('forward.ticket.clock');
    counters.count('dropped.short');
    counters.count('door.dropped.forward');
    counters.count('door.refused.assign.unavailable');
    counters.count('failed.registry.refused');
    const samples = countedSamples(counters.read(), AGENT_COUNTS);
    for (const sample of samples) expectKnown(sample);
    const counted = Object.keys(AGENT_COUNTS).length + SILENT_REASONS.length + FORWARD_FAULTS.length + 5;
    expect(samples.reduce((sum, { value }) => sum + value, 0)).toBe(counted);
  });

  it('add up where two names are one metric', () => {
    expect(countedSamples({ 'dropped.short': 2, 'door.dropped.short': 3 }, AGENT_COUNTS)).toEqual([
      { name: 'onedoor_drops_total', labels: { reason: 'short' }, value: 5 },
    ]);
  });
});
