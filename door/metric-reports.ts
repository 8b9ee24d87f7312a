import { hostname } from 'node:os';
import type { Access } from '../adapters/aws/access.ts';
import { createMetricLog } from '../adapters/cloudwatch/metric-log.ts';
import { startReports } from '../adapters/metrics/reports.ts';
import type { Clock } from '../core/ports.ts';
import { gatewaySamples, type MetricSources } from './metrics.ts';
import type { DoorOptions } from './options.ts';

/** Tells CloudWatch of this gateway, where it has a log group for that. */
export function reportMetrics(
  { metricsLog: group, config }: Pick<DoorOptions, 'metricsLog' | 'config'>,
  sources: MetricSources,
  { access, clock, onError }: { access: Access; clock: Clock; onError: (error: unknown) => void },
): { stop(): void } | undefined {
  if (group === undefined) return undefined;
  const metricLog = createMetricLog({ group, stream: `gateway/${hostname()}`, access });
  return startReports({
    service: 'gateway',
    deployment: config.deployment,
    samples: () => gatewaySamples(sources),
    detections: () => sources.door.detections.read(),
    put: metricLog.put,
    wallMs: () => clock.wallMs(),
    onError,
  });
}
