/** A group of alike machines that run the servers of one app, world and group. */
export interface FleetConfig {
  /** Unique in the deployment, 1..24 characters of a-z, 0-9 and `-`. Changing it replaces the machines. */
  readonly name: string;
  /** The app that its servers run, 1..32 characters. */
  readonly app: string;
  /** @default 'main' */
  readonly world: string;
  /** @default 'main' */
  readonly group: string;
  /**
   * What requests may ask of a server, at most 8.
   * @default {}
   */
  readonly labels: Readonly<Record<string, string>>;
  /**
   * What the machines run. `windows` costs a licence for each vCPU and is not proven: docs/DEPLOY.md.
   * @default 'linux'
   */
  readonly platform: 'linux' | 'windows';
  /**
   * Instance types of one architecture, in order of preference; x64 for Windows. More types find capacity sooner, above
   * all on spot.
   * @default ['t4g.small'], or ['t3.medium'] for Windows
   */
  readonly instanceTypes: readonly string[];
  /**
   * `spot` costs a third to a half; AWS takes machines back with two minutes' notice, so sessions that last longer than
   * that move or end.
   * @default 'on-demand'
   */
  readonly purchase: 'on-demand' | 'spot';
  /**
   * Machines always there. With 0 none starts by itself: scaling goes by the seats taken on those that run.
   * @default 1
   */
  readonly min: number;
  /** Machines at most: the limit of the bill. @default 4 */
  readonly max: number;
  /**
   * Server processes on each machine. Each has a row in the registry and one write a heartbeat.
   * @default 1
   */
  readonly slots: number;
  /** Clients that one server process may have. Readers cut what an agent claims to this. */
  readonly capacity: number;
  /**
   * The port of each role on slot 0; slot n has that port + n. `probe` is the agent's, the others are the game's. Fleets
   * of different apps need different `game` ports: a classic answer carries none.
   * @default - `game` 7777 and `probe` as the deployment's probe port
   */
  readonly ports: Readonly<Record<string, number>>;
  /** How the agent learns who plays. @default { adapter: 'api' } */
  readonly load: LoadConfig;
  /** How the game gets on the machine and starts. @default { kind: 'sample' } */
  readonly game: GameConfig;
  /**
   * An image with systemd, the AWS CLI and bash; for Windows with EC2Launch and the AWS Tools for PowerShell.
   * @default - the newest Amazon Linux 2023 of the architecture, or Windows Server 2022 Core
   */
  readonly amiId?: string;
  /** Size of the disk in GiB. @default 8, or 30 (the least) for Windows */
  readonly diskGib: number;
  /**
   * How long a machine that is to go waits for its sessions to end, in seconds (at most 2 h, the longest wait of a
   * lifecycle hook). Longer is kinder to players and keeps paying for the machine.
   * @default 3600
   */
  readonly drainSeconds: number;
  /**
   * Share of seats, in percent, that scaling tries to have taken. Higher is cheaper; lower leaves room for a rush while
   * machines start (one to two minutes).
   * @default 70
   */
  readonly targetUsePct: number;
}

/** Machines that are there already; the agent comes to them by Systems Manager. */
export interface ExistingServersConfig {
  /**
   * Unique in the deployment, 1..24 characters of a-z, 0-9 and `-`: the value of the tag `onedoor:join` on the machines.
   * The registrar wants more tags there: `onedoor:capacity`, `onedoor:port:game`, and where they differ from the
   * defaults `onedoor:app`, `onedoor:world`, `onedoor:group`, `onedoor:slots`, `onedoor:label:<name>`.
   */
  readonly join: string;
  /** @default 'x64' */
  readonly architecture: 'x64' | 'arm64';
  /** Server processes on each machine. @default 1 */
  readonly slots: number;
  /** Clients that one server process may have, as in the tag. */
  readonly capacity: number;
  /** As in the tags. @default - `game` 7777 and `probe` as the deployment's probe port */
  readonly ports: Readonly<Record<string, number>>;
  /** How the agent learns who plays. @default { adapter: 'api' } */
  readonly load: LoadConfig;
}

/** Who tells the agent the number of sessions; the words are those of the agent's `--load`. */
export type LoadConfig =
  | { readonly adapter: 'api' }
  | { readonly adapter: 'bzflag' | 'teeworlds' | 'mumble' }
  | { readonly adapter: 'gamedig'; readonly type: string }
  | AgonesLoadConfig
  /** The path of a program on the machine; it is started as `program ADDRESS PORT`, with no arguments of its own. */
  | { readonly adapter: 'command'; readonly command: string };

/** A build made for Agones tells it by that SDK's REST calls: docs/AGONES.md. */
export interface AgonesLoadConfig extends AgonesConfig {
  readonly adapter: 'agones';
  /**
   * Which of its figures is the number of sessions: `players`, `counter:<name>`, `list:<name>`; or `tickets`, for builds
   * that count nobody.
   * @default 'players'
   */
  readonly sessions: string;
}

/** Where and how the agent answers that SDK. */
export interface AgonesConfig {
  /** Port of slot 0 on loopback; slot n has it + n, and wants it as `AGONES_SDK_HTTP_PORT`. @default 9358 */
  readonly port: number;
  /** A build that has not called Health for so long is dead. @default 15 */
  readonly healthSeconds: number;
  /** Counters that the build expects, as `count/capacity`. @default {} */
  readonly counters: Readonly<Record<string, string>>;
  /** Lists that the build expects, with their capacity. @default {} */
  readonly lists: Readonly<Record<string, number>>;
}

export type GameConfig =
  /** The sample world that comes with Onedoor. */
  | { readonly kind: 'sample' }
  /** The image has it and starts it by itself. */
  | { readonly kind: 'image' }
  /**
   * A `.tar.gz` (for Windows also a `.zip`) on the deployer's disk, unpacked to /opt/game, and the shell command (for
   * Windows: PowerShell) that starts one server process there; it finds its port in `$PORT`, its slot in `$SLOT`.
   */
  | { readonly kind: 'archive'; readonly path: string; readonly command: string }
  /**
   * A command that brings it, run once in /opt/game as the game's user (for Windows: as Administrator), and the one that
   * starts a server process. What it fetches it must check itself, and machines start as slowly and as surely as it.
   */
  | { readonly kind: 'command'; readonly install: string; readonly command: string };
