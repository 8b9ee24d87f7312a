import { join } from 'node:path';
import { Aws, Duration } from 'aws-cdk-lib';
import {
  AdditionalHealthCheckType,
  AutoScalingGroup,
  HealthChecks,
  ScalingProcess,
  Signals,
  UpdatePolicy,
} from 'aws-cdk-lib/aws-autoscaling';
import type { Metric, MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import { InstanceType, type ISecurityGroup, type IVpc, SecurityGroup, SubnetType } from 'aws-cdk-lib/aws-ec2';
import type { NetworkLoadBalancer, NetworkTargetGroup } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import {
  checkBundles,
  DIST,
  DOOR_BUNDLE,
  type FetchedFile,
  fetchedFile,
  fetchStatement,
  ffiBundle,
  nodeBundle,
} from './bundles.ts';
import { checkInteger, checkProps, checkThat } from './checks.ts';
import { amazonLinux, bootSignal, machineRole, machineTemplate, sessionStatement } from './machine.ts';
import { metricLog } from './metric-log.ts';
import {
  allowProbes,
  healthyTargets,
  type IProbeDoor,
  newFlows,
  probeTargets,
  validateDoorPorts,
} from './probe-targets.ts';
import type { ServerRegistry } from './server-registry.ts';
import type { TicketKeys } from './ticket-keys.ts';

export interface DoorProps {
  /** The VPC of the load balancer. */
  readonly vpc: IVpc;
  readonly registry: ServerRegistry;
  readonly keys: TicketKeys;
  /** The load balancer of the one address, see `AssignmentEndpoint`. */
  readonly loadBalancer: NetworkLoadBalancer;
  /** The security group of that load balancer. */
  readonly loadBalancerSecurityGroup: ISecurityGroup;
  /**
   * Port of the one address, UDP and TCP.
   *
   * @default 7000
   */
  readonly probePort?: number;
  /**
   * Port on the gateways. It differs from `probePort`, or the flow through the load balancer and a direct one to the
   * same machine would share a 5-tuple.
   *
   * @default 17000
   */
  readonly targetPort?: number;
  /**
   * Port of the health check, HTTP.
   *
   * @default 17080
   */
  readonly healthPort?: number;
  /**
   * Port of the page for operators, on the gateways' loopback alone: a session of Systems Manager forwards it.
   *
   * @default 17090
   */
  readonly pagePort?: number;
  /**
   * Type of the gateways.
   *
   * @default t4g.small
   */
  readonly instanceType?: InstanceType;
  /**
   * Gateways at least.
   *
   * @default 2
   */
  readonly minCapacity?: number;
  /**
   * Gateways at most.
   *
   * @default 4
   */
  readonly maxCapacity?: number;
  /**
   * How long their metrics are kept as log lines; CloudWatch keeps the metrics themselves for 15 months.
   *
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: RetentionDays;
  /**
   * ONEDOOR_CONFIG of the gateways, see `AssignmentEndpoint.settings`.
   *
   * @default - none
   */
  readonly settings?: string;
  /**
   * Folder of the built programs.
   *
   * @default - `dist` of this package
   */
  readonly bundles?: string;
}

/** In the unit's RuntimeDirectory: made at the start, gone with the program. */
const PAGE_TOKEN_FILE = '/run/onedoor/page-token';
/** How long a new gateway may take from its start to its first answer. */
const BOOT_TIME = Duration.minutes(5);

/**
 * The gateways: a small group of machines behind the datagram port of the one address. They hold nothing that another
 * one lacks, so they are replaced freely: by the load balancer's health check and, on every change, one after the other.
 */
export class Door extends Construct implements IProbeDoor {
  public readonly group: AutoScalingGroup;
  public readonly targetGroup: NetworkTargetGroup;
  public readonly securityGroup: SecurityGroup;
  private readonly loadBalancer: NetworkLoadBalancer;

  constructor(scope: Construct, id: string, props: DoorProps) {
    super(scope, id);
    const { probePort = 7000, targetPort = 17_000, healthPort = 17_080, pagePort = 17_090 } = props;
    const { minCapacity = 2, maxCapacity = 4, instanceType = new InstanceType('t4g.small'), bundles = DIST } = props;
    const node = nodeBundle(instanceType.architecture);
    checkProps(
      checkInteger('probePort', probePort, 1, 65_535),
      checkInteger('targetPort', targetPort, 1, 65_535),
      checkInteger('healthPort', healthPort, 1, 65_535),
      checkInteger('pagePort', pagePort, 1, 65_535),
      validatePagePort(pagePort, [targetPort, healthPort]),
      checkInteger('minCapacity', minCapacity, 1, 100),
      checkInteger('maxCapacity', maxCapacity, 1, 100),
      validateCapacity(minCapacity, maxCapacity),
      validateDoorPorts({ probePort, targetPort, healthPort }),
      checkBundles(bundles, DOOR_BUNDLE, node),
    );
    this.loadBalancer = props.loadBalancer;
    this.securityGroup = this.machinesGroup(props, targetPort, healthPort);
    const role = machineRole(this, 'Role');
    const code = fetchedFile(this, 'Code', join(bundles, DOOR_BUNDLE));
    const runtime = fetchedFile(this, 'Node', join(bundles, node));
    const ffi = fetchedFfi(this, ffiBundle(bundles, instanceType.architecture));
    role.addToPolicy(fetchStatement([code, runtime, ...(ffi ? [ffi] : [])]));
    props.registry.grantGateway(role);
    role.addToPolicy(sessionStatement());
    props.keys.grantRead(role);
    const template = machineTemplate(this, 'Template', {
      instanceType,
      image: amazonLinux(instanceType.architecture),
      role,
      securityGroup: this.securityGroup,
      diskGib: 8,
      boot: {
        program: 'door',
        code,
        node: runtime,
        ...(ffi && { ffi }),
        environment: {
          AWS_REGION: Aws.REGION,
          ONEDOOR_TABLE: props.registry.table.tableName,
          ONEDOOR_KEY_SECRET: props.keys.secretArn,
          ...metricLog(this, role, props.logRetention ?? RetentionDays.ONE_MONTH),
          ...(props.settings !== undefined && { ONEDOOR_CONFIG: props.settings }),
        },
        arguments: doorArguments({ targetPort, healthPort, pagePort }),
        healthUrl: `http://127.0.0.1:${healthPort}/healthz`,
        signal: bootSignal(this, () => this.group),
      },
    });
    this.group = new AutoScalingGroup(this, 'Group', {
      vpc: props.vpc,
      vpcSubnets: { subnetType: SubnetType.PUBLIC, onePerAz: true },
      launchTemplate: template,
      minCapacity,
      maxCapacity,
      healthChecks: HealthChecks.withAdditionalChecks({
        additionalTypes: [AdditionalHealthCheckType.ELB],
        gracePeriod: BOOT_TIME,
      }),
      signals: Signals.waitForMinCapacity({ timeout: BOOT_TIME }),
      updatePolicy: UpdatePolicy.rollingUpdate({
        minInstancesInService: Math.max(1, minCapacity - 1),
        maxBatchSize: 1,
        pauseTime: BOOT_TIME,
        waitOnResourceSignals: true,
        suspendProcesses: [
          ScalingProcess.AZ_REBALANCE,
          ScalingProcess.SCHEDULED_ACTIONS,
          ScalingProcess.ALARM_NOTIFICATION,
        ],
      }),
    });
    // A boot that comes before its permissions would be refused its files.
    this.group.node.addDependency(role);
    this.group.scaleOnCpuUtilization('Cpu', { targetUtilizationPercent: 50 });
    this.targetGroup = probeTargets(this, props, { probePort, targetPort, healthPort });
    this.group.attachToNetworkTargetGroup(this.targetGroup);
  }

  /** Gateways that the load balancer finds well, the fewest of a minute. */
  public metricHealthyDoors(options?: MetricOptions): Metric {
    return healthyTargets(this.targetGroup, options);
  }

  /** Flows that begin at the one address, UDP and TCP. */
  public metricNewFlows(options?: MetricOptions): Metric {
    return newFlows(this.loadBalancer, options);
  }

  private machinesGroup(props: DoorProps, targetPort: number, healthPort: number): SecurityGroup {
    const group = new SecurityGroup(this, 'SecurityGroup', {
      vpc: props.vpc,
      description: 'Gateways: reached through the one address alone',
    });
    allowProbes(group, props.loadBalancerSecurityGroup, { targetPort, healthPort });
    return group;
  }
}

function validateCapacity(min: number, max: number): string | undefined {
  return checkThat(min <= max, 'maxCapacity', `at least minCapacity (${min})`, max);
}

function fetchedFfi(scope: Construct, path: string | undefined): FetchedFile | undefined {
  return path === undefined ? undefined : fetchedFile(scope, 'Ffi', path);
}

function validatePagePort(port: number, taken: readonly number[]): string | undefined {
  return checkThat(!taken.includes(port), 'pagePort', `none of the other ports (${taken.join(', ')})`, port);
}

function doorArguments({ targetPort, healthPort, pagePort }: Record<'targetPort' | 'healthPort' | 'pagePort', number>) {
  return [
    ...['--port', String(targetPort), '--health-port', String(healthPort), '--stop-ms', '5000'],
    ...['--page-port', String(pagePort), '--page-token-file', PAGE_TOKEN_FILE],
  ];
}
