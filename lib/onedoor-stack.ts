import { basename, join } from 'node:path';
import {
  Annotations,
  CfnOutput,
  DefaultStackSynthesizer,
  Duration,
  Fn,
  type IStackSynthesizer,
  PermissionsBoundary,
  RemovalPolicy,
  Stack,
  type StackProps,
} from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { InstanceArchitecture, InstanceType, IpAddresses, type IVpc, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { HostedZone } from 'aws-cdk-lib/aws-route53';
import type { Construct } from 'constructs';
import type { DeployConfig, NetworkConfig } from '../core/config/deploy-config.ts';
import type { ExistingServersConfig, FleetConfig, LoadConfig } from '../core/config/fleet-config.ts';
import { dailyCostText } from '../core/cost/deployment-cost.ts';
import { AssignmentEndpoint } from './assignment-endpoint.ts';
import { windowsSampleCommand } from './boot/windows-boot.ts';
import { DIST, SAMPLE_GAME_BUNDLE } from './bundles.ts';
import { Door } from './door.ts';
import { ExistingServers } from './existing-servers.ts';
import { Observability } from './observability.ts';
import { ProgramVersions } from './program-versions.ts';
import { Reaper } from './reaper.ts';
import { RegistryWriters } from './registry-writers.ts';
import { ServerDoor } from './server-door.ts';
import { ServerFleet } from './server-fleet.ts';
import type { ServerFleetProps } from './server-fleet-props.ts';
import { ServerRegistry } from './server-registry.ts';
import { TicketKeys } from './ticket-keys.ts';

export interface OnedoorStackProps extends StackProps {
  /** The deployer's configuration, from `parseDeployConfig`. */
  readonly config: DeployConfig;
  /**
   * Folder of the built programs.
   *
   * @default - `dist` of this package
   */
  readonly bundles?: string;
}

/** A whole deployment, in whatever account and region it is deployed to. */
export class OnedoorStack extends Stack {
  public readonly registry: ServerRegistry;
  public readonly endpoint: AssignmentEndpoint;
  public readonly fleets: readonly ServerFleet[];

  constructor(scope: Construct, id: string, { config, bundles = DIST, ...props }: OnedoorStackProps) {
    super(scope, id, { ...stackProps(config), ...props });
    const vpc = network(this, config.network);
    const logRetention = config.logRetentionDays as RetentionDays;
    this.registry = new ServerRegistry(this, 'Registry', {
      removalPolicy: config.registryRemoval === 'retain' ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    const { registry } = this;
    const keys = new TicketKeys(this, 'TicketKeys', {
      registry,
      rotationPeriod: Duration.days(config.keyRotationDays),
      logRetention,
      bundles,
    });
    this.endpoint = this.assignmentEndpoint(config, { vpc, registry, keys, logRetention, bundles });
    const { settings } = this.endpoint;
    const writers = new RegistryWriters(this, 'Writers', { registry, logRetention, bundles, settings });
    const gateways =
      config.door === 'gateways'
        ? this.gateways(config, { vpc, registry, keys, logRetention, bundles, settings })
        : undefined;
    this.fleets = config.fleets.map((fleet) =>
      this.fleet(fleet, {
        ...{ vpc, registry, bundles, settings, deployment: config.deployment, ...doorPorts(config) },
        ...(config.agentMetrics && { metricsRetention: logRetention }),
      }),
    );
    const door = gateways ?? this.serverDoor(config, vpc);
    for (const servers of config.existingServers) this.existing(servers, { registry, bundles, settings });
    // Agents change their program when the gateways that they will meet have.
    const versions = new ProgramVersions(this, 'Versions', { registry, logRetention, bundles });
    if (gateways) versions.node.addDependency(gateways.group);
    const { endpoint, fleets } = this;
    const { deployment } = config;
    const reaper = new Reaper(this, 'Reaper', { registry, fleets, settings, deployment, logRetention, bundles });
    new Observability(this, 'Observability', {
      ...{ endpoint, door, fleets, writers, keys, reaper, deployment },
      ...(config.alarmEmail !== undefined && { alarmEmail: config.alarmEmail }),
    });
    this.outputs(config);
  }

  private gateways(
    { probePort, gateway }: DeployConfig,
    common: {
      vpc: IVpc;
      registry: ServerRegistry;
      keys: TicketKeys;
      logRetention: RetentionDays;
      bundles: string;
      settings: string;
    },
  ): Door {
    return new Door(this, 'Door', {
      ...common,
      loadBalancer: this.endpoint.loadBalancer,
      loadBalancerSecurityGroup: this.endpoint.securityGroup,
      probePort,
      targetPort: gateway.targetPort,
      healthPort: gateway.healthPort,
      instanceType: new InstanceType(gateway.instanceType),
      minCapacity: gateway.min,
      maxCapacity: gateway.max,
    });
  }

  private serverDoor({ probePort, gateway }: DeployConfig, vpc: IVpc): ServerDoor {
    return new ServerDoor(this, 'Door', {
      vpc,
      loadBalancer: this.endpoint.loadBalancer,
      loadBalancerSecurityGroup: this.endpoint.securityGroup,
      fleets: this.fleets,
      probePort,
      targetPort: gateway.targetPort,
      healthPort: gateway.healthPort,
    });
  }

  private assignmentEndpoint(
    { deployment, probePort, defaultApp, runtime, domain, assign }: DeployConfig,
    common: { vpc: IVpc; registry: ServerRegistry; keys: TicketKeys; logRetention: RetentionDays; bundles: string },
  ): AssignmentEndpoint {
    return new AssignmentEndpoint(this, 'Endpoint', {
      ...common,
      settings: { ...runtime, deployment, probePort, defaultApp },
      memorySize: assign.memoryMib,
      provisionedConcurrentExecutions: assign.provisionedConcurrency,
      ...(domain && {
        domainName: domain.name,
        certificate: Certificate.fromCertificateArn(this, 'Certificate', domain.certificateArn),
      }),
      ...(domain?.zone && {
        hostedZone: HostedZone.fromHostedZoneAttributes(this, 'Zone', {
          hostedZoneId: domain.zone.id,
          zoneName: domain.zone.name,
        }),
      }),
    });
  }

  private fleet(
    fleet: FleetConfig,
    common: Pick<
      ServerFleetProps,
      'vpc' | 'registry' | 'bundles' | 'settings' | 'deployment' | 'door' | 'metricsRetention'
    > & {
      bundles: string;
    },
  ): ServerFleet {
    return new ServerFleet(this, `Fleet-${fleet.name}`, {
      ...common,
      app: fleet.app,
      world: fleet.world,
      serverGroup: fleet.group,
      labels: fleet.labels,
      platform: fleet.platform,
      instanceTypes: fleet.instanceTypes.map((type) => new InstanceType(type)),
      spot: fleet.purchase === 'spot',
      minCapacity: fleet.min,
      maxCapacity: fleet.max,
      slots: fleet.slots,
      capacity: fleet.capacity,
      ports: fleet.ports,
      ...loadProps(fleet.load),
      diskGib: fleet.diskGib,
      drainTime: Duration.seconds(fleet.drainSeconds),
      targetUsePercent: fleet.targetUsePct,
      ...(fleet.amiId !== undefined && { imageId: fleet.amiId }),
      ...gameProps(fleet, common.bundles),
    });
  }

  private existing(
    { join: tag, architecture, slots, capacity, ports, load }: ExistingServersConfig,
    common: { registry: ServerRegistry; bundles: string; settings: string },
  ): void {
    const { policy } = new ExistingServers(this, `Existing-${tag}`, {
      ...common,
      ...{ slots, capacity, ports },
      join: tag,
      architecture: architecture === 'arm64' ? InstanceArchitecture.ARM_64 : InstanceArchitecture.X86_64,
      ...loadProps(load),
    });
    new CfnOutput(this, `Policy-${tag}`, {
      description: `To be attached to the role of machines with the tag onedoor:join=${tag}`,
      value: policy.managedPolicyArn,
    });
  }

  private outputs(config: DeployConfig): void {
    const { probePort, domain } = config;
    const { addresses, url } = this.endpoint;
    new CfnOutput(this, 'DoorAddress', {
      description: 'The one public address; each of these answers for all',
      value: addresses.join(','),
    });
    new CfnOutput(this, 'ApiUrl', {
      description: domain ? 'HTTP API' : 'HTTP API, in the clear: set `domain` before anybody plays for real',
      value: url,
    });
    new CfnOutput(this, 'ProbeCommand', {
      description: 'Sends a probe request and shows the answer',
      value: `npm run probe -- ${addresses[0]}:${probePort}`,
    });
    new CfnOutput(this, 'DailyCost', {
      description: 'What this configuration costs, part by part; docs/COST.md says how it is reckoned',
      value: dailyCostText(config),
    });
    new CfnOutput(this, 'TableName', { description: 'The registry', value: this.registry.table.tableName });
  }
}

/** What agents are told where they are the door. */
function doorPorts({ door, gateway }: DeployConfig): Pick<ServerFleetProps, 'door'> {
  return door === 'servers' ? { door: { port: gateway.targetPort, healthPort: gateway.healthPort } } : {};
}

function stackProps({ qualifier, permissionsBoundaryArn }: DeployConfig): StackProps {
  return {
    description: 'Onedoor: one public address that assigns clients to servers',
    ...(qualifier !== undefined && { synthesizer: new DefaultStackSynthesizer({ qualifier }) as IStackSynthesizer }),
    ...(permissionsBoundaryArn !== undefined && {
      permissionsBoundary: PermissionsBoundary.fromArn(permissionsBoundaryArn),
    }),
  };
}

/** A VPC with public subnets alone: servers and gateways need public addresses, and a NAT gateway would only cost. */
function network(scope: Construct, { maxAzs, vpc }: NetworkConfig): IVpc {
  if (vpc) {
    const existing = Vpc.fromVpcAttributes(scope, 'Network', {
      vpcId: vpc.id,
      availabilityZones: [...vpc.zones],
      publicSubnetIds: [...vpc.publicSubnetIds],
    });
    Annotations.of(existing).acknowledgeWarning('@aws-cdk/aws-ec2:noSubnetRouteTableId', 'no routes are added to it');
    return existing;
  }
  return new Vpc(scope, 'Network', {
    ipAddresses: IpAddresses.cidr('10.77.0.0/16'),
    // By its number alone CDK takes two at most, since it does not know the region that the template goes to.
    availabilityZones: Array.from({ length: maxAzs }, (_, index) => Fn.select(index, Fn.getAzs())),
    natGateways: 0,
    subnetConfiguration: [{ name: 'Public', subnetType: SubnetType.PUBLIC, cidrMask: 20 }],
    restrictDefaultSecurityGroup: false,
  }) as IVpc;
}

/** The agent's `--load`, and what goes with it. */
function loadProps(load: LoadConfig): Pick<ServerFleetProps, 'agones'> & { readonly load: string } {
  if (load.adapter !== 'agones') return { load: loadFlag(load) };
  const { adapter, sessions, ...agones } = load;
  if (sessions === 'tickets') return { load: 'api', agones };
  return { load: sessions === 'players' ? adapter : `${adapter}:${sessions}`, agones };
}

function loadFlag(load: Exclude<LoadConfig, { readonly adapter: 'agones' }>): string {
  switch (load.adapter) {
    case 'gamedig':
      return `gamedig:${load.type}`;
    case 'command':
      return `command:${load.command}`;
    default:
      return load.adapter;
  }
}

function gameProps(
  { game, capacity, platform }: FleetConfig,
  bundles: string,
): Pick<ServerFleetProps, 'gameFile' | 'gameInstall' | 'gameCommand'> {
  switch (game.kind) {
    case 'image':
      return {};
    case 'archive':
      return { gameFile: game.path, gameCommand: game.command };
    case 'command':
      return { gameInstall: game.install, gameCommand: game.command };
    case 'sample':
      return { gameFile: join(bundles, SAMPLE_GAME_BUNDLE), gameCommand: sampleCommand(capacity, platform) };
  }
}

function sampleCommand(capacity: number, platform: FleetConfig['platform']): string {
  if (platform === 'windows') return windowsSampleCommand(basename(SAMPLE_GAME_BUNDLE), capacity);
  const agent = '--agent "$ONEDOOR_AGENT" --agent-token-file "$ONEDOOR_TOKEN_FILE"';
  const game = `/opt/game/${basename(SAMPLE_GAME_BUNDLE)} --bind 0.0.0.0 --port "$PORT" --capacity ${capacity}`;
  return `exec /opt/onedoor/node ${game} ${agent}`;
}
