import { hostname } from 'node:os';
import type { Access } from '../adapters/aws/access.ts';
import { createMetricLog } from '../adapters/cloudwatch/metric-log.ts';
import { startReports } from '../adapters/metrics/reports.ts';
import { systemClock } from '../adapters/system/system-clock.ts';
import type { Agent } from './agent.ts';
import type { Log } from './log.ts';
import type { AgentOptions } from './options.ts';

/** Tells CloudWatch of this machine, where it has a log group for that. */
export function reportMetrics(
  { metricsLog: group, config }: Pick<AgentOptions, 'metricsLog' | 'config'>,
  agent: Pick<Agent, 'metrics'>,
  access: Access,
  log: Log,
): void {
  if (group === undefined) return;
  const metricLog = createMetricLog({ group, stream: `agent/${hostname()}`, access });
  startReports({
    service: 'agent',
    deployment: config.deployment,
    samples: agent.metrics,
    put: metricLog.put,
    wallMs: () => systemClock.wallMs(),
    onError: (err) => log.warn({ err }, 'CloudWatch does not take the metrics'),
  });
}
