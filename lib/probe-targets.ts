import { Duration } from 'aws-cdk-lib';
import { type Metric, type MetricOptions, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { type ISecurityGroup, type IVpc, Port } from 'aws-cdk-lib/aws-ec2';
import {
  type NetworkLoadBalancer,
  NetworkTargetGroup,
  Protocol,
  TargetType,
} from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { Construct } from 'constructs';
import { type Check, checkThat } from './checks.ts';

/** Whatever answers probe requests behind the one address. */
export interface IProbeDoor {
  /** Targets that the load balancer finds well, the fewest of a minute. */
  metricHealthyDoors(options?: MetricOptions): Metric;
  /** Flows that begin at the one address, UDP and TCP. */
  metricNewFlows(options?: MetricOptions): Metric;
}

/** Ports of the way from the one address to whoever answers. */
export interface ProbePorts {
  readonly probePort: number;
  readonly targetPort: number;
  readonly healthPort: number;
}

/** One listener for UDP and TCP on one port: two would need two ports. */
export function probeTargets(
  scope: Construct,
  {
    vpc,
    loadBalancer,
    loadBalancerSecurityGroup,
  }: {
    readonly vpc: IVpc;
    readonly loadBalancer: NetworkLoadBalancer;
    readonly loadBalancerSecurityGroup: ISecurityGroup;
  },
  { probePort, targetPort, healthPort }: ProbePorts,
): NetworkTargetGroup {
  const group = new NetworkTargetGroup(scope, 'Targets', {
    vpc,
    port: targetPort,
    protocol: Protocol.TCP_UDP,
    targetType: TargetType.INSTANCE,
    // UDP cannot be checked; this port answers badly without a roster, or when the UDP loop is stuck.
    healthCheck: {
      protocol: Protocol.HTTP,
      port: String(healthPort),
      path: '/healthz',
      interval: Duration.seconds(5),
      timeout: Duration.seconds(2),
      healthyThresholdCount: 2,
      unhealthyThresholdCount: 2,
    },
    // Flows stay pinned to a target that left, unless they are ended; no client has any state there.
    deregistrationDelay: Duration.seconds(5),
    connectionTermination: true,
  });
  loadBalancer.addListener('Probe', { port: probePort, protocol: Protocol.TCP_UDP, defaultTargetGroups: [group] });
  const from = loadBalancerSecurityGroup.connections;
  from.allowFromAnyIpv4(Port.udp(probePort), 'Probes');
  from.allowFromAnyIpv4(Port.tcp(probePort), 'Probes over TCP');
  return group;
}

/** Lets the load balancer reach the machines of `group`. */
export function allowProbes(
  group: ISecurityGroup,
  from: ISecurityGroup,
  { targetPort, healthPort }: Pick<ProbePorts, 'targetPort' | 'healthPort'>,
): void {
  group.connections.allowFrom(from, Port.udp(targetPort), 'Probes');
  group.connections.allowFrom(from, Port.tcp(targetPort), 'Probes over TCP');
  group.connections.allowFrom(from, Port.tcp(healthPort), 'Health check');
}

/** See `IProbeDoor.metricHealthyDoors`. */
export function healthyTargets(group: NetworkTargetGroup, options?: MetricOptions): Metric {
  return group.metrics.healthyHostCount({ statistic: Stats.MINIMUM, period: Duration.minutes(1), ...options });
}

/** See `IProbeDoor.metricNewFlows`. */
export function newFlows(loadBalancer: NetworkLoadBalancer, options?: MetricOptions): Metric {
  return loadBalancer.metrics.newFlowCount({ statistic: Stats.SUM, period: Duration.minutes(1), ...options });
}

export function validateDoorPorts({ probePort, targetPort, healthPort }: ProbePorts): Check {
  const holds = new Set([probePort, targetPort, healthPort]).size === 3;
  const got = `probePort ${probePort}, targetPort ${targetPort}, healthPort ${healthPort}`;
  return checkThat(holds, 'targetPort', 'a port other than probePort and healthPort', got);
}
