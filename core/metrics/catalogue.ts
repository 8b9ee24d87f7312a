import { DOOR_METRICS } from './door-metrics.ts';
import type { MetricInfo } from './metric-info.ts';
import { POOL_METRICS } from './pool-metrics.ts';
import { REQUEST_METRICS } from './request-metrics.ts';
import { SERVER_METRICS } from './server-metrics.ts';

/** Every metric. A name is never changed and never gets another meaning. */
export const METRICS = { ...REQUEST_METRICS, ...DOOR_METRICS, ...POOL_METRICS, ...SERVER_METRICS };

export type MetricName = keyof typeof METRICS;

/** Everything about a metric, without the narrowness of its own entry. */
export function metricInfo(name: MetricName): MetricInfo {
  return METRICS[name];
}

/** One value of a metric at one moment. */
export interface Sample {
  readonly name: MetricName;
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A histogram at one moment: upper bound in µs and count of every bucket that has any, in order. */
export interface Histogram {
  readonly name: MetricName;
  readonly buckets: readonly (readonly [number, number])[];
}
