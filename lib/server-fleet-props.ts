import type { Duration } from 'aws-cdk-lib';
import type { InstanceType, IVpc } from 'aws-cdk-lib/aws-ec2';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { AgonesConfig } from '../core/config/fleet-config.ts';
import type { ServerRegistry } from './server-registry.ts';

export interface ServerFleetProps {
  /** Servers get their public addresses in its public subnets. */
  readonly vpc: IVpc;
  readonly registry: ServerRegistry;
  /** The app that the servers run. */
  readonly app: string;
  /** Clients that one server process may have; readers cut what an agent claims to this. */
  readonly capacity: number;
  /**
   * The incarnation of the app.
   *
   * @default 'main'
   */
  readonly world?: string;
  /**
   * Cluster or region, as clients may prefer it.
   *
   * @default 'main'
   */
  readonly serverGroup?: string;
  /**
   * What requests may ask of a server.
   *
   * @default - none
   */
  readonly labels?: Readonly<Record<string, string>>;
  /**
   * What the machines run. `windows` is not proven: docs/DEPLOY.md says what was tried.
   *
   * @default 'linux'
   */
  readonly platform?: 'linux' | 'windows';
  /**
   * Types of one architecture, the preferred first; x64 for Windows.
   *
   * @default - t4g.small, t3.medium for Windows
   */
  readonly instanceTypes?: readonly InstanceType[];
  /**
   * Spare capacity of AWS, cheaper and taken back with two minutes' notice.
   *
   * @default false
   */
  readonly spot?: boolean;
  /**
   * Machines at least.
   *
   * @default 1
   */
  readonly minCapacity?: number;
  /**
   * Machines at most.
   *
   * @default 4
   */
  readonly maxCapacity?: number;
  /**
   * Server processes on each machine, 1 to 100.
   *
   * @default 1
   */
  readonly slots?: number;
  /**
   * Port of each role on slot 0; slot n has it + n. `game` and `probe` must be there.
   *
   * @default - game 7777, probe 7000
   */
  readonly ports?: Readonly<Record<string, number>>;
  /**
   * How the agent learns who plays: its `--load`, without quotes.
   *
   * @default 'api'
   */
  readonly load?: string;
  /**
   * Where a build made for Agones finds that SDK's REST calls; `load` says which of its figures counts.
   *
   * @default - nowhere
   */
  readonly agones?: AgonesConfig;
  /**
   * A file of the game, put into /opt/game; a `.tar.gz` is unpacked there.
   *
   * @default - the image has it
   */
  readonly gameFile?: string;
  /**
   * Shell command that brings the game to the machine, run once in /opt/game as the game's user (for Windows: PowerShell,
   * as Administrator). What it fetches is its own to check.
   *
   * @default - none
   */
  readonly gameInstall?: string;
  /**
   * Shell command (for Windows: PowerShell) that starts one server process. It finds its slot in `$SLOT`, its port in `$PORT`, and, for `load`
   * `api`, the agent's API and the file with its token in `$ONEDOOR_AGENT` and `$ONEDOOR_TOKEN_FILE`.
   *
   * @default - the image starts the game by itself
   */
  readonly gameCommand?: string;
  /**
   * Id of an image with systemd, bash, curl and the AWS CLI; for Windows with EC2Launch and the AWS Tools for PowerShell.
   *
   * @default - the newest Amazon Linux 2023, or Windows Server 2022 Core
   */
  readonly imageId?: string;
  /**
   * Size of the disk in GiB, at least 30 for Windows.
   *
   * @default - 8, 30 for Windows
   */
  readonly diskGib?: number;
  /**
   * How long a machine that is to go waits for its sessions to end, 30 s to 2 h.
   *
   * @default Duration.hours(1)
   */
  readonly drainTime?: Duration;
  /**
   * Name of the deployment, as in its settings: a dimension of the fleet's metrics.
   *
   * @default 'onedoor'
   */
  readonly deployment?: string;
  /**
   * Agents tell CloudWatch what they count; the log lines of it are kept for so long.
   *
   * @default - agents tell nothing
   */
  readonly metricsRetention?: RetentionDays;
  /**
   * Share of seats, in percent, that scaling tries to have taken, 10 to 95.
   *
   * @default 70
   */
  readonly targetUsePercent?: number;
  /**
   * Ports on which the agents answer for the door, see `ServerDoor`; `settings` must then have a stateless policy.
   *
   * @default - gateways are the door
   */
  readonly door?: { readonly port: number; readonly healthPort: number };
  /**
   * ONEDOOR_CONFIG of the agents, see `AssignmentEndpoint.settings`.
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
