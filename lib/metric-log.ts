import { RemovalPolicy } from 'aws-cdk-lib';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

/**
 * A log group for the metrics of some machines, which they may write and nothing else: of each line CloudWatch makes
 * metrics. Returns what their program is told.
 */
export function metricLog(scope: Construct, role: IRole, retention: RetentionDays): Readonly<Record<string, string>> {
  const group = new LogGroup(scope, 'Metrics', { retention, removalPolicy: RemovalPolicy.DESTROY });
  group.grantWrite(role);
  return { ONEDOOR_METRICS_LOG: group.logGroupName };
}
