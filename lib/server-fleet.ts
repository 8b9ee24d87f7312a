import { join } from 'node:path';
import { Aws, Duration, Tags } from 'aws-cdk-lib';
import {
  AutoScalingGroup,
  DefaultResult,
  HealthChecks,
  LifecycleTransition,
  OnDemandAllocationStrategy,
  SpotAllocationStrategy,
} from 'aws-cdk-lib/aws-autoscaling';
import { type ILaunchTemplate, InstanceType, type IVpc, Port, SecurityGroup, SubnetType } from 'aws-cdk-lib/aws-ec2';
import type { Role } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { BootGame } from './boot/boot-script.ts';
import { AGENT_BUNDLE, DIST, fetchedFile, grantFetch, nodeBundle } from './bundles.ts';
import { amazonLinux, imageById, machineRole, machineTemplate } from './machine.ts';
import type { ServerFleetProps } from './server-fleet-props.ts';
import { checkFleet } from './server-fleet-rules.ts';

/**
 * Machines that run the servers of one app, world and group, each with an agent beside it. Only EC2's own checks replace
 * a machine: a check of the agent would end all sessions of a box whose game is well. Nothing here ever replaces
 * machines on a deployment; new ones start from the new template.
 */
export class ServerFleet extends Construct {
  public readonly group: AutoScalingGroup;
  public readonly role: Role;
  public readonly securityGroup: SecurityGroup;

  constructor(scope: Construct, id: string, props: ServerFleetProps) {
    super(scope, id);
    const { slots = 1, minCapacity = 1, maxCapacity = 4, bundles = DIST } = props;
    const { ports = { game: 7777, probe: 7000 }, instanceTypes = [new InstanceType('t4g.small')] } = props;
    checkFleet(props, { slots, minCapacity, maxCapacity, ports, instanceTypes, bundles });
    const first = instanceTypes[0] as InstanceType;
    this.securityGroup = this.serversGroup(props.vpc, ports, slots);
    this.role = machineRole(this, 'Role');
    const code = fetchedFile(this, 'Code', join(bundles, AGENT_BUNDLE));
    const node = fetchedFile(this, 'Node', join(bundles, nodeBundle(first.architecture)));
    const game = this.bootGame(props, slots, ports);
    grantFetch(this.role, [code, node, ...(game?.file ? [game.file] : [])]);
    props.registry.grantAgent(this.role);
    const template = machineTemplate(this, 'Template', {
      instanceType: first,
      image: props.imageId === undefined ? amazonLinux(first.architecture) : imageById(props.imageId),
      role: this.role,
      securityGroup: this.securityGroup,
      diskGib: props.diskGib ?? 8,
      boot: {
        program: 'agent',
        code,
        node,
        environment: {
          AWS_REGION: Aws.REGION,
          ONEDOOR_TABLE: props.registry.table.tableName,
          ...(props.settings !== undefined && { ONEDOOR_CONFIG: props.settings }),
        },
        arguments: agentArguments(props, slots, ports),
        ...(game && { game }),
      },
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
      heartbeatTimeout: props.drainTime ?? Duration.hours(1),
      defaultResult: DefaultResult.CONTINUE,
    });
    this.describeToRegistrar(props, slots, ports);
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

  private bootGame(
    props: ServerFleetProps,
    slots: number,
    ports: Readonly<Record<string, number>>,
  ): BootGame | undefined {
    const { gameCommand: command, gameArchive: path } = props;
    if (command === undefined) return undefined;
    const file = path === undefined ? undefined : { ...fetchedFile(this, 'Game', path), name: 'game.tar.gz' };
    return { slots, command, port: ports['game'] as number, ...(file && { file }) };
  }

  /** The registrar believes these tags and not the agent: an instance's role cannot change them. */
  private describeToRegistrar(props: ServerFleetProps, slots: number, ports: Readonly<Record<string, number>>): void {
    const tags: Readonly<Record<string, string>> = {
      app: props.app,
      world: props.world ?? 'main',
      group: props.serverGroup ?? 'main',
      capacity: String(props.capacity),
      slots: String(slots),
      ...Object.fromEntries(Object.entries(ports).map(([role, port]) => [`port:${role}`, String(port)])),
      ...Object.fromEntries(Object.entries(props.labels ?? {}).map(([name, value]) => [`label:${name}`, value])),
    };
    for (const [name, value] of Object.entries(tags)) Tags.of(this.group).add(`onedoor:${name}`, value);
  }
}

function agentArguments(
  props: ServerFleetProps,
  slots: number,
  ports: Readonly<Record<string, number>>,
): readonly string[] {
  const game = ports['game'] as number;
  const games = Array.from({ length: slots }, (_, slot) => ['--game', `127.0.0.1:${game + slot}`]);
  return [...games.flat(), '--capacity', String(props.capacity), '--load', ...(props.load ?? ['api'])];
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
