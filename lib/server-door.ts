import type { Metric, MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import type { ISecurityGroup, IVpc } from 'aws-cdk-lib/aws-ec2';
import type { NetworkLoadBalancer, NetworkTargetGroup } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { Construct } from 'constructs';
import { MAX_DOOR_SERVERS } from '../core/config/door-rules.ts';
import { checkInteger, checkProps, checkThat } from './checks.ts';
import {
  allowProbes,
  healthyTargets,
  type IProbeDoor,
  newFlows,
  probeTargets,
  validateDoorPorts,
} from './probe-targets.ts';
import type { ServerFleet } from './server-fleet.ts';

export interface ServerDoorProps {
  /** The VPC of the load balancer. */
  readonly vpc: IVpc;
  /** The load balancer of the one address, see `AssignmentEndpoint`. */
  readonly loadBalancer: NetworkLoadBalancer;
  /** The security group of that load balancer. */
  readonly loadBalancerSecurityGroup: ISecurityGroup;
  /** Fleets whose agents answer: each has `door` with the two ports below. At most 400 servers in all. */
  readonly fleets: readonly ServerFleet[];
  /**
   * Port of the one address, UDP and TCP.
   *
   * @default 7000
   */
  readonly probePort?: number;
  /**
   * Port on the servers. No client reaches it directly, or its two flows to one machine would share a 5-tuple.
   *
   * @default 17000
   */
  readonly targetPort?: number;
  /**
   * Port of the health check on the servers, HTTP.
   *
   * @default 17080
   */
  readonly healthPort?: number;
}

/**
 * The door of a deployment without gateways: the agents of all servers stand behind the datagram port of the one
 * address, and each answers by a stateless policy. Its health check takes a server off the one address and nothing more:
 * no machine with players is replaced for it.
 */
export class ServerDoor extends Construct implements IProbeDoor {
  public readonly targetGroup: NetworkTargetGroup;
  private readonly loadBalancer: NetworkLoadBalancer;

  constructor(scope: Construct, id: string, props: ServerDoorProps) {
    super(scope, id);
    const { probePort = 7000, targetPort = 17_000, healthPort = 17_080, fleets } = props;
    checkProps(
      checkInteger('probePort', probePort, 1, 65_535),
      checkInteger('targetPort', targetPort, 1, 65_535),
      checkInteger('healthPort', healthPort, 1, 65_535),
      validateDoorPorts({ probePort, targetPort, healthPort }),
      validateFleets(fleets),
    );
    this.loadBalancer = props.loadBalancer;
    this.targetGroup = probeTargets(this, props, { probePort, targetPort, healthPort });
    for (const { group, securityGroup } of fleets) {
      allowProbes(securityGroup, props.loadBalancerSecurityGroup, { targetPort, healthPort });
      group.attachToNetworkTargetGroup(this.targetGroup);
    }
  }

  /** Servers that the load balancer finds well, the fewest of a minute. */
  public metricHealthyDoors(options?: MetricOptions): Metric {
    return healthyTargets(this.targetGroup, options);
  }

  /** Flows that begin at the one address, UDP and TCP. */
  public metricNewFlows(options?: MetricOptions): Metric {
    return newFlows(this.loadBalancer, options);
  }
}

function validateFleets(fleets: readonly ServerFleet[]): string | undefined {
  const servers = fleets.reduce((sum, { maxServers }) => sum + maxServers, 0);
  return checkThat(
    servers >= 1 && servers <= MAX_DOOR_SERVERS,
    'fleets',
    `of 1 to ${MAX_DOOR_SERVERS} servers in all`,
    servers,
  );
}
