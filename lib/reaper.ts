import { Duration } from 'aws-cdk-lib';
import { Metric, type MetricOptions, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { checkBundles, DIST } from './bundles.ts';
import { checkProps } from './checks.ts';
import { handlerFunction } from './handler-function.ts';
import { DRAIN_HOOK, type ServerFleet } from './server-fleet.ts';
import type { ServerRegistry } from './server-registry.ts';

export interface ReaperProps {
  readonly registry: ServerRegistry;
  /**
   * Fleets whose machines it lets go once they are drained.
   *
   * @default - none
   */
  readonly fleets?: readonly ServerFleet[];
  /**
   * ONEDOOR_CONFIG of the function, see `AssignmentEndpoint.settings`.
   *
   * @default - none
   */
  readonly settings?: string;
  /**
   * Name of the deployment, a dimension of its metrics.
   *
   * @default 'onedoor'
   */
  readonly deployment?: string;
  /**
   * How long logs are kept.
   *
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: RetentionDays;
  /**
   * Folder of the built programs.
   *
   * @default - `dist` of this package
   */
  readonly bundles?: string;
}

/**
 * Looks every minute at all servers: tombstones those whose machine is gone, deletes old tombstones, guards machines
 * with players against scale-in, lets drained ones go, and counts the pools. Agents have none of these rights.
 */
export class Reaper extends Construct {
  public readonly handler: LambdaFunction;
  private readonly deployment: string;

  constructor(scope: Construct, id: string, props: ReaperProps) {
    super(scope, id);
    const { registry, fleets = [], bundles = DIST, deployment = 'onedoor' } = props;
    this.deployment = deployment;
    checkProps(checkBundles(bundles, 'reaper/index.mjs'));
    this.handler = handlerFunction(this, 'Resource', {
      bundles,
      bundle: 'reaper',
      description: 'Onedoor: every minute, clears away what is gone, lets drained machines go, counts the pools',
      memorySize: 512,
      timeout: Duration.seconds(55),
      logRetention: props.logRetention ?? RetentionDays.ONE_MONTH,
      environment: {
        ONEDOOR_TABLE: registry.table.tableName,
        ...(props.settings !== undefined && { ONEDOOR_CONFIG: props.settings }),
      },
    });
    registry.grantRegistrar(this.handler);
    registry.grantReadProbers(this.handler);
    const groups = fleets.map(({ group }) => group);
    // Neither call knows resources (Service Authorization Reference, Amazon EC2 and Amazon EC2 Auto Scaling).
    this.allow('AskEc2', ['ec2:DescribeInstances', ...(groups.length > 0 ? [DESCRIBE_GROUPS] : [])], ['*']);
    if (groups.length > 0) {
      const actions = ['autoscaling:SetInstanceProtection', 'autoscaling:CompleteLifecycleAction'];
      this.allow(
        'LetMachinesGo',
        actions,
        groups.map(({ autoScalingGroupArn }) => autoScalingGroupArn),
      );
    }
    const event = { groups: groups.map(({ autoScalingGroupName }) => autoScalingGroupName), hook: DRAIN_HOOK };
    new Rule(this, 'EveryMinute', {
      description: 'Onedoor: looks at all servers',
      schedule: Schedule.rate(Duration.minutes(1)),
      // The next minute's pass does what this one missed.
      targets: [new LambdaTarget(this.handler, { event: RuleTargetInput.fromObject(event), retryAttempts: 0 })],
    });
  }

  /** Gateways, or machines that watch each other, that found over half of their servers dark: they judge nobody. */
  public metricDegradedProbers(options?: MetricOptions): Metric {
    return new Metric({
      namespace: 'Onedoor',
      metricName: 'degradedProbers',
      dimensionsMap: { deployment: this.deployment },
      statistic: Stats.MAXIMUM,
      period: Duration.minutes(1),
      ...options,
    });
  }

  private allow(sid: string, actions: readonly string[], resources: readonly string[]): void {
    this.handler.addToRolePolicy(new PolicyStatement({ sid, actions: [...actions], resources: [...resources] }));
  }
}

const DESCRIBE_GROUPS = 'autoscaling:DescribeAutoScalingGroups';
