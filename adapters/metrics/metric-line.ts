import { metricUnit } from './metric-unit.ts';

/** Values by the name of the metric, several as a list; those that are undefined are left out. */
export type MetricValues = Readonly<Record<string, number | readonly number[] | undefined>>;

const NAMESPACE = 'Onedoor';

/**
 * One line in the Embedded Metric Format of CloudWatch (specification 0): written to a function's log it becomes metrics,
 * with no call and no right to make one. Returns the line.
 */
export function metricLine(dimensions: Readonly<Record<string, string>>, values: MetricValues, wallMs: number): string {
  const known = Object.entries(values).filter(([, value]) => value !== undefined);
  return JSON.stringify({
    _aws: {
      Timestamp: Math.floor(wallMs),
      CloudWatchMetrics: [
        {
          Namespace: NAMESPACE,
          Dimensions: [Object.keys(dimensions)],
          Metrics: known.map(([Name]) => ({ Name, Unit: metricUnit(Name) })),
        },
      ],
    },
    ...dimensions,
    ...Object.fromEntries(known),
  });
}
