import { describe, expect, it } from 'vitest';
import { METRICS } from '../../../core/metrics/catalogue.ts';
import { prometheusText } from '../../../core/metrics/prometheus.ts';

describe('text for Prometheus', () => {
  it('has the lines of a metric together, with its help and its kind', () => {
    const text = prometheusText([
      { name: 'onedoor_assignments_total', value: 3 },
      { name: 'onedoor_drops_total', labels: { reason: 'short' }, value: 1 },
      { name: 'onedoor_drops_total', labels: { reason: 'long' }, value: 2 },
    ]);
    expect(text).toBe(
      [
        '# HELP onedoor_assignments_total clients that were given a server and a seat',
        '# TYPE onedoor_assignments_total counter',
        'onedoor_assignments_total 3',
        `# HELP onedoor_drops_total ${METRICS.onedoor_drops_total.means}`,
        '# TYPE onedoor_drops_total counter',
        'onedoor_drops_total{reason="short"} 1',
        'onedoor_drops_total{reason="long"} 2',
        '',
      ].join('\n'),
    );
  });

  it('escapes what a label may hold', () => {
    const labels = { app: 'a"b', world: 'c\\d', group: 'e\nf' };
    const text = prometheusText([{ name: 'onedoor_pool_servers', labels, value: 1 }]);
    expect(text).toContain('onedoor_pool_servers{app="a\\"b",world="c\\\\d",group="e\\nf"} 1\n');
  });

  it('adds up what has the same name and labels, which a scraper would refuse', () => {
    const sample = { name: 'onedoor_drops_total', labels: { reason: 'short' }, value: 2 } as const;
    expect(prometheusText([sample, { ...sample, value: 3 }]).match(/^onedoor_drops.*$/gm)).toEqual([
      'onedoor_drops_total{reason="short"} 5',
    ]);
  });

  it('has a histogram’s buckets cumulative under bounds that never change', () => {
    const empty = prometheusText([], [{ name: 'onedoor_answer_seconds', buckets: [] }]);
    const text = prometheusText(
      [],
      [
        {
          name: 'onedoor_answer_seconds',
          buckets: [
            [10, 4],
            [24, 1],
            [40, 5],
            [99_000_000, 1],
          ],
        },
      ],
    );
    const bounds = (of: string) => [...of.matchAll(/le="([^"]+)"/g)].map(([, bound]) => bound);
    expect(bounds(text)).toEqual(bounds(empty));
    expect(text).toContain('onedoor_answer_seconds_bucket{le="0.00001"} 4\n');
    expect(text).toContain('onedoor_answer_seconds_bucket{le="0.00002"} 4\n');
    expect(text).toContain('onedoor_answer_seconds_bucket{le="0.00004"} 10\n');
    expect(text).toContain('onedoor_answer_seconds_bucket{le="+Inf"} 11\n');
    expect(text).toContain('onedoor_answer_seconds_count 11\n');
  });
});
