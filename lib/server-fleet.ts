import { basename, join } from 'node:path';
import { Aws, Duration, Tags } from 'aws-cdk-lib';
import {
  AutoScalingGroup,
  DefaultResult,
  HealthChecks,
  LifecycleTransition,
  OnDemandAllocationStrategy,
  SpotAllocationStrategy,
} from 'aws-cdk-lib/aws-autoscaling';
import { Metric, type MetricOptions, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import {
  type ILaunchTemplate,
  type IMachineImage,
  type InstanceType,
  type IVpc,
  Port,
  SecurityGroup,
  SubnetType,
} from 'aws-cdk-lib/aws-ec2';
import type { Role } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { agentArguments } from './agent-arguments.ts';
import type { BootGame, BootProps } from './boot/boot-script.ts';
import { WINDOWS_MINDER, WINDOWS_PATHS, WINDOWS_SERVICE, type WindowsBoot } from './boot/windows-boot.ts';
import { AGENT_BUNDLE, DIST, type FetchedFile, fetchedFile, fetchStatement, nodeBundle } from './bundles.ts';
import { amazonLinux, imageById, machineRole, machineTemplate, windowsServer } from './machine.ts';
import { metricLog } from './metric-log.ts';
import type { ServerFleetProps } from './server-fleet-props.ts';
import { checkFleet, defaultDisk, defaultTypes } from './server-fleet-rules.ts';

/** From the start of a machine until its servers take clients: boot, game, registrar. */
const WARM_UP = Duration.minutes(3);

/** Name of the hook at which a machine that is to go waits; the reaper ends the wait. */
export const DRAIN_HOOK = 'onedoor-drain';

/**
 * Machines that run the servers of one app, world and group, each with an agent beside it. Only EC2's own checks replace
 * a machine: a check of the agent would end all sessions of a box whose game is well. Nothing here ever replaces
 * machines on a deployment; new ones start from the new template.
 */
export class ServerFleet extends Construct {
  public readonly group: AutoScalingGroup;
  public readonly role: Role;
  public readonly securityGroup: SecurityGroup;
  /** Servers at most. */
  public readonly maxServers: number;
  /** The pool that its servers are in, as the dimensions of its metrics. */
  public readonly pool: Readonly<Record<'deployment' | 'app' | 'world' | 'group', string>>;

  constructor(scope: Construct, id: string, props: ServerFleetProps) {
    super(scope, id);
    const { slots = 1, minCapacity = 1, maxCapacity = 4, bundles = DIST, drainTime = Duration.hours(1) } = props;
    const { ports = { game: 7777, probe: 7000 }, instanceTypes = defaultTypes(props.platform) } = props;
    checkFleet(props, { slots, minCapacity, maxCapacity, ports, instanceTypes, bundles });
    const { deployment = 'onedoor', app, world = 'main', serverGroup = 'main' } = props;
    this.pool = { deployment, app, world, group: serverGroup };
    this.maxServers = maxCapacity * slots;
    const first = instanceTypes[0] as InstanceType;
    this.securityGroup = this.serversGroup(props.vpc, ports, slots);
    this.role = machineRole(this, 'Role');
    const boot = this.boot(props, { slots, ports, bundles, drainTime, type: first });
    this.role.addToPolicy(fetchStatement(fetchedBy(boot)));
    props.registry.grantAgent(this.role);
    const template = machineTemplate(this, 'Template', {
      instanceType: first,
      image: image(props, first),
      role: this.role,
      securityGroup: this.securityGroup,
      diskGib: props.diskGib ?? defaultDisk(props.platform),
      boot,
    });
    this.group = new AutoScalingGroup(this, 'Group', {
      vpc: props.vpc,
      vpcSubnets: { subnetType: SubnetType.PUBLIC },
      minCapacity,
      maxCapacity,
      healthChecks: HealthChecks.ec2({ gracePeriod: Duration.minutes(5) }),
      ...purchase(template, instanceTypes, props.spot ?? false),
    });
    this.group.node.addDependency(this.role);
    this.group.addLifecycleHook('Drain', {
      lifecycleTransition: LifecycleTransition.INSTANCE_TERMINATING,
      lifecycleHookName: DRAIN_HOOK,
      heartbeatTimeout: drainTime,
      defaultResult: DefaultResult.CONTINUE,
    });
    this.describeToRegistrar(props, slots, ports);
    if (maxCapacity > minCapacity) {
      this.group.scaleToTrackMetric('Use', {
        metric: this.metricUse(),
        targetValue: props.targetUsePercent ?? 70,
        estimatedInstanceWarmup: WARM_UP,
      });
    }
  }

  /** Share of the seats that are taken, in percent, as the reaper counts it every minute. */
  public metricUse(options?: MetricOptions): Metric {
    return this.metric('usePct', options);
  }

  /** Seats that nobody has taken, of servers that take clients. */
  public metricFreeSeats(options?: MetricOptions): Metric {
    return this.metric('freeSeats', options);
  }

  /** Clients on the servers. */
  public metricSessions(options?: MetricOptions): Metric {
    return this.metric('sessions', options);
  }

  /** Servers that take clients. */
  public metricReadyServers(options?: MetricOptions): Metric {
    return this.metric('readyServers', options);
  }

  /** Servers that would take clients, but whose beats have stopped. */
  public metricStaleServers(options?: MetricOptions): Metric {
    return this.metric('staleServers', { statistic: Stats.MAXIMUM, ...options });
  }

  /** Servers that do not answer who probes them. */
  public metricSuspects(options?: MetricOptions): Metric {
    return this.metric('suspects', { statistic: Stats.MAXIMUM, ...options });
  }

  /** Until the last free seat is gone, in s; no value while the pool does not fill. */
  public metricTimeToFull(options?: MetricOptions): Metric {
    return this.metric('timeToFullSeconds', { statistic: Stats.MINIMUM, ...options });
  }

  private metric(metricName: string, options?: MetricOptions): Metric {
    return new Metric({
      namespace: 'Onedoor',
      metricName,
      dimensionsMap: this.pool,
      statistic: Stats.AVERAGE,
      period: Duration.minutes(1),
      ...options,
    });
  }

  private serversGroup(vpc: IVpc, ports: Readonly<Record<string, number>>, slots: number): SecurityGroup {
    const group = new SecurityGroup(this, 'SecurityGroup', {
      vpc,
      description: 'Servers: clients reach them directly',
    });
    for (const [role, port] of Object.entries(ports)) {
      group.connections.allowFromAnyIpv4(Port.udpRange(port, port + slots - 1), `${role} of every slot`);
      group.connections.allowFromAnyIpv4(Port.tcpRange(port, port + slots - 1), `${role} of every slot over TCP`);
    }
    return group;
  }

  private boot(props: ServerFleetProps, resolved: ResolvedBoot): BootProps | WindowsBoot {
    const { slots, ports, bundles, drainTime, type } = resolved;
    const isWindows = props.platform === 'windows';
    const game = this.bootGame(props, ports);
    const common = {
      code: fetchedFile(this, 'Code', join(bundles, AGENT_BUNDLE)),
      node: fetchedFile(this, 'Node', join(bundles, nodeBundle(type.architecture, isWindows))),
      roleId: this.role.roleId,
      slots,
      environment: {
        AWS_REGION: Aws.REGION,
        ONEDOOR_TABLE: props.registry.table.tableName,
        ...(props.metricsRetention !== undefined && metricLog(this, this.role, props.metricsRetention)),
        ...(props.settings !== undefined && { ONEDOOR_CONFIG: props.settings }),
      },
      arguments: agentArguments({
        ...{ slots, ports, capacity: props.capacity, load: props.load ?? 'api' },
        ...(props.agones && { agones: props.agones }),
        drainSeconds: drainTime.toSeconds(),
        ...(props.door && { door: props.door }),
        ...(isWindows && { paths: WINDOWS_PATHS }),
      }),
      ...(game && { game }),
    };
    if (!isWindows) return { ...common, program: 'agent' };
    return {
      ...common,
      program: 'windows-agent',
      service: fetchedFile(this, 'Service', WINDOWS_SERVICE),
      minder: fetchedFile(this, 'Minder', WINDOWS_MINDER),
      openPorts: [...Object.values(ports), ...Object.values(props.door ?? {})],
    };
  }

  private bootGame(props: ServerFleetProps, ports: Readonly<Record<string, number>>): BootGame | undefined {
    const { gameCommand: command, gameFile: path, gameInstall: install } = props;
    if (command === undefined) return undefined;
    const file = path === undefined ? undefined : { ...fetchedFile(this, 'Game', path), name: basename(path) };
    const port = ports['game'] as number;
    return { command, port, ...(file && { file }), ...(install !== undefined && { install }) };
  }

  /** The registrar believes these tags and not the agent: an instance's role cannot change them. */
  private describeToRegistrar(props: ServerFleetProps, slots: number, ports: Readonly<Record<string, number>>): void {
    const tags: Readonly<Record<string, string>> = {
      app: this.pool.app,
      world: this.pool.world,
      group: this.pool.group,
      capacity: String(props.capacity),
      slots: String(slots),
      ...Object.fromEntries(Object.entries(ports).map(([role, port]) => [`port:${role}`, String(port)])),
      ...Object.fromEntries(Object.entries(props.labels ?? {}).map(([name, value]) => [`label:${name}`, value])),
    };
    for (const [name, value] of Object.entries(tags)) Tags.of(this.group).add(`onedoor:${name}`, value);
  }
}

interface ResolvedBoot {
  readonly slots: number;
  readonly ports: Readonly<Record<string, number>>;
  readonly bundles: string;
  readonly drainTime: Duration;
  readonly type: InstanceType;
}

/** What a machine fetches when it starts. */
function fetchedBy(boot: BootProps | WindowsBoot): readonly FetchedFile[] {
  const ofWindows = boot.program === 'windows-agent' ? [boot.service, boot.minder] : [];
  const game = boot.program === 'door' ? undefined : boot.game?.file;
  return [boot.code, boot.node, ...ofWindows, ...(game ? [game] : [])];
}

function image({ imageId, platform }: ServerFleetProps, { architecture }: InstanceType): IMachineImage {
  if (imageId !== undefined) return imageById(imageId);
  return platform === 'windows' ? windowsServer() : amazonLinux(architecture);
}

/** One type on demand needs the template alone; anything else is a choice that the group makes. */
function purchase(template: ILaunchTemplate, types: readonly InstanceType[], spot: boolean) {
  if (types.length === 1 && !spot) return { launchTemplate: template };
  return {
    mixedInstancesPolicy: {
      launchTemplate: template,
      launchTemplateOverrides: types.map((instanceType) => ({ instanceType })),
      instancesDistribution: {
        onDemandAllocationStrategy: OnDemandAllocationStrategy.PRIORITIZED,
        onDemandPercentageAboveBaseCapacity: spot ? 0 : 100,
        spotAllocationStrategy: SpotAllocationStrategy.PRICE_CAPACITY_OPTIMIZED,
      },
    },
    // On AWS's advice that a machine will be taken back soon, the next one starts before this one drains.
    capacityRebalance: spot,
  };
}
