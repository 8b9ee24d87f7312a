import type { ExistingServersConfig, FleetConfig } from './fleet-config.ts';
import type { RuntimeConfig } from './runtime-config.ts';

/**
 * What a deployer may set, in `onedoor.config.ts`. Everything has a default, so `{}` deploys two small servers that run
 * the sample world. Each field says what turning it costs.
 */
export interface DeployConfig {
  /**
   * Name of the deployment, 1..24 characters of a-z, 0-9 and `-`: the stack's name and the issuer of its tickets.
   * Changing it makes another deployment; tickets of the old one are refused by the new one.
   * @default 'onedoor'
   */
  readonly deployment: string;
  /**
   * Port of the one address for datagrams, and of probes on the servers. Clients in the field know it: choose once.
   * @default 7000
   */
  readonly probePort: number;
  /**
   * The name of the HTTP API and its certificate: turns on 443 and closes 80. Without it requests and tickets travel
   * in the clear.
   * @default - HTTP on port 80
   */
  readonly domain?: DomainConfig;
  /**
   * App of requests that name none, and of every classic request.
   * @default - the app of the first fleet
   */
  readonly defaultApp: string;
  /**
   * What functions, gateways and agents are told beside the above; docs/CONFIGURATION.md has each field.
   * @default {}
   */
  readonly runtime: RuntimeSettings;
  readonly network: NetworkConfig;
  readonly assign: AssignConfig;
  /**
   * Who answers probe requests. `gateways`: a small group of machines (about 33 dollars a month for two t4g.small).
   * `servers`: the agents of at most 400 servers themselves, which costs no machine, and gives classic and extended
   * clients neither seats nor tickets: docs/DOORS.md says what is given up.
   * @default 'gateways'
   */
  readonly door: 'gateways' | 'servers';
  /** Where the servers are the door, the two ports are theirs and the rest does nothing. */
  readonly gateway: GatewayConfig;
  /**
   * Groups of servers that Onedoor starts, one per app, world and group.
   * @default - two t4g.small that run the sample world
   */
  readonly fleets: readonly FleetConfig[];
  /**
   * Machines that Onedoor does not start, but brings its agent to.
   * @default []
   */
  readonly existingServers: readonly ExistingServersConfig[];
  /**
   * Days between two signing keys. Shorter limits what a leaked key is good for; each change costs nothing, but the
   * next key is published this long before it signs, so below a day agents may not know it in time.
   * @default 30
   */
  readonly keyRotationDays: number;
  /**
   * Where alarms go; SNS asks the address to confirm.
   * @default - a topic without subscribers
   */
  readonly alarmEmail?: string;
  /**
   * Whether agents tell CloudWatch what they count (docs/METRICS.md). Their machines may then write into a log group of which
   * metrics are made, any metrics: whoever takes over a server can then lie about those that fleets scale by.
   * @default false
   */
  readonly agentMetrics: boolean;
  /**
   * What happens to the registry when the stack is deleted. `retain` leaves a table behind that costs storage only;
   * `destroy` is for trials.
   * @default 'retain'
   */
  readonly registryRemoval: 'retain' | 'destroy';
  /**
   * Days that logs of functions are kept, one of the periods that CloudWatch Logs knows. Longer costs storage.
   * @default 30
   */
  readonly logRetentionDays: number;
  /**
   * ARN of a managed policy that bounds every role of the stack.
   * @default - none
   */
  readonly permissionsBoundaryArn?: string;
  /**
   * Qualifier of the bootstrap stack to use.
   * @default - CDK's own
   */
  readonly qualifier?: string;
}

/** Fields of `ONEDOOR_CONFIG` that follow from the deployment itself. */
export type DerivedSetting = 'deployment' | 'defaultApp' | 'serviceAddress' | 'probePort';
export type RuntimeSettings = DeepPartial<Omit<RuntimeConfig, DerivedSetting>>;

export interface DomainConfig {
  /** Fully qualified name, e.g. `door.example.com`. */
  readonly name: string;
  /** ARN of an ACM certificate for that name in the region of the stack. */
  readonly certificateArn: string;
  /**
   * The Route 53 zone in which the name is written.
   * @default - the deployer points the name at the output `DoorAddress`
   */
  readonly zone?: { readonly id: string; readonly name: string };
}

export interface NetworkConfig {
  /**
   * Availability zones, 2 or 3, each with one public address (an account has 5 to begin with). A third costs one
   * address and survives two zones' failure.
   * @default 2
   */
  readonly maxAzs: number;
  /**
   * A VPC that exists, with as many public subnets in different zones.
   * @default - a new VPC with public subnets and no NAT gateway
   */
  readonly vpc?: {
    readonly id: string;
    readonly zones: readonly string[];
    readonly publicSubnetIds: readonly string[];
  };
}

export interface AssignConfig {
  /**
   * Memory of the assign function in MiB. CPU grows with it: less answers later when cold.
   * @default 1024
   */
  readonly memoryMib: number;
  /**
   * Environments kept warm: each costs about 9 dollars a month at 1,024 MiB and saves the first requests a cold start.
   * @default 0
   */
  readonly provisionedConcurrency: number;
}

export interface GatewayConfig {
  /** @default 't4g.small' */
  readonly instanceType: string;
  /**
   * Gateways always there. One is cheaper and leaves HTTP alone to answer while it is replaced.
   * @default 2
   */
  readonly min: number;
  /** @default 4 */
  readonly max: number;
  /**
   * Port on the gateways behind the load balancer. It must differ from every port that clients reach on a server
   * directly, or two flows share one 5-tuple.
   * @default 17000
   */
  readonly targetPort: number;
  /**
   * Port of the health check, HTTP.
   * @default 17080
   */
  readonly healthPort: number;
}

type DeepPartial<T> = T extends readonly (infer E)[]
  ? readonly DeepPartial<E>[]
  : T extends object
    ? { readonly [K in keyof T]?: DeepPartial<T[K]> }
    : T;

/** A configuration as written: whatever is left out takes its default. */
export type DeployInput = DeepPartial<DeployConfig>;
