import type { Histogram, MetricName, Sample } from '../core/metrics/catalogue.ts';
import { countedSamples, GATEWAY_COUNTS } from '../core/metrics/counts.ts';
import { prometheusText } from '../core/metrics/prometheus.ts';
import type { ProberFacts } from '../core/suspect/prober.ts';
import type { Door } from './compose.ts';
import type { SiblingFacts } from './siblings.ts';

/** What a gateway's metrics are read from, and nothing is counted for them before they are asked for. */
export interface MetricSources {
  readonly door: Pick<Door, 'counters' | 'times' | 'detections' | 'pools' | 'roster' | 'stocked'>;
  readonly queueAgeMs: () => number;
  readonly unreadable: () => number;
  readonly probing: () => ProberFacts;
  /** The other processes of this gateway. */
  readonly siblings: () => readonly SiblingFacts[];
}

const MS_PER_SECOND = 1_000;

/** How the gateway stands: counters of all its processes, figures of this one. */
export function gatewaySamples({ door, queueAgeMs, unreadable, probing, siblings }: MetricSources): readonly Sample[] {
  const { degraded, stalls } = probing();
  const ageMs = door.roster.ageMs();
  const figures: readonly (readonly [MetricName, number, Sample['labels']?])[] = [
    ['onedoor_stock_seats', door.stocked()],
    ['onedoor_queue_age_seconds', queueAgeMs() / MS_PER_SECOND],
    // Before the first roster there is no age.
    ...(Number.isFinite(ageMs) ? [['onedoor_roster_age_seconds', ageMs / MS_PER_SECOND] as const] : []),
    ['onedoor_degraded', Number(door.roster.degraded()), { what: 'roster' }],
    ['onedoor_degraded', Number(degraded), { what: 'probing' }],
    ['onedoor_stalls_total', stalls],
    ['onedoor_unreadable_items_total', unreadable()],
  ];
  return [
    ...countedSamples(summed([door.counters.read(), ...siblings().map(({ counters }) => counters)]), GATEWAY_COUNTS),
    ...figures.map(([name, value, labels]) => ({ name, value, ...(labels && { labels }) })),
    ...door.pools.samples(),
  ];
}

/** What `GET /metrics` answers. */
export function gatewayMetrics(sources: MetricSources): string {
  const { times, detections } = sources.door;
  const histograms: readonly Histogram[] = [
    { name: 'onedoor_answer_seconds', buckets: times.read() },
    { name: 'onedoor_detection_seconds', buckets: detections.read() },
  ];
  return prometheusText(gatewaySamples(sources), histograms);
}

/** Counters of several processes as one. */
export function summed(all: readonly Readonly<Record<string, number>>[]): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const counters of all) {
    for (const [name, count] of Object.entries(counters)) sums[name] = (sums[name] ?? 0) + count;
  }
  return sums;
}
