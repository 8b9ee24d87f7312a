import { Metrics } from '@aws-lambda-powertools/metrics';
import { metricUnit } from './metric-unit.ts';

/** What one line tells: figures under the same dimensions. */
export interface MetricLine {
  readonly dimensions: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, number | readonly number[]>>;
}

/**
 * One line in the Embedded Metric Format of CloudWatch, for programs that run long: its rules are the library's. The assign
 * function, in which every KiB is start time, has `metricLine` (docs/decisions/0070-metrics-read-not-pushed.md).
 */
export function emfLine({ dimensions, values }: MetricLine, service: string, wallMs: number): string {
  const metrics = new Metrics({ namespace: 'Onedoor', serviceName: service, defaultDimensions: { ...dimensions } });
  metrics.setTimestamp(Math.floor(wallMs));
  for (const [name, value] of Object.entries(values)) {
    for (const each of typeof value === 'number' ? [value] : value) metrics.addMetric(name, metricUnit(name), each);
  }
  return JSON.stringify(metrics.serializeMetrics());
}
