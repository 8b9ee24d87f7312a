import { accessSync, constants } from 'node:fs';
import { isIP } from 'node:net';
import { hostname, networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { ipAddress, readFlags, wholeNumber } from '../adapters/cli/flags.ts';
import type { GameAddress } from '../adapters/load/load-adapter.ts';
import { AGENT_API_PORT } from '../core/config/fleet-rules.ts';
import { parseRuntimeConfig, type RuntimeConfig } from '../core/config/runtime-config.ts';
import { ConfigError } from '../core/errors.ts';
import { operatorUserId } from '../core/registry/row.ts';
import { MAX_NAME_BYTES } from '../core/wire/limits.ts';
import { type AgonesOptions, addAgonesFlags, agonesOptions } from './agones/agones-options.ts';
import type { Enrolment } from './enrol.ts';
import { portProblems } from './port-problems.ts';
import { serverDoorOptions } from './server-door-options.ts';

export interface AgentOptions {
  /** The `aws:userid` under which the rows are written; `op:<id>` if enrolled. */
  readonly identity: string;
  /** What to enrol first, by the operator's right; absent: the registrar finds the machine, or it is enrolled. */
  readonly enrolment?: Enrolment;
  /** One for each slot. */
  readonly games: readonly GameAddress[];
  readonly capacity: number;
  /** Word of a load adapter. */
  readonly load: string;
  /** Endpoint of the registry; absent: the SDK's own. */
  readonly registry?: string;
  readonly table: string;
  readonly bind: string;
  /** Ports of slot 0; slot n has them + n. */
  readonly probePort: number;
  /** Loopback address of the API for the game. */
  readonly apiBind: string;
  readonly apiPort: number;
  readonly lobbyPort?: number;
  /** Where agents answer for the door: the ports behind its load balancer. */
  readonly door?: { readonly port: number; readonly healthPort: number };
  /** Where a build made for Agones finds its SDK (docs/AGONES.md). */
  readonly agones?: AgonesOptions;
  /** Program for clients that a door announces. */
  readonly onClient?: string;
  readonly journal: string;
  readonly apiTokenFile: string;
  readonly drainMs: number;
  readonly isJson: boolean;
  /** The log group of CloudWatch that takes its metrics. Absent: nobody is told. */
  readonly metricsLog?: string;
  readonly config: RuntimeConfig;
}

type Env = Readonly<Record<string, string | undefined>>;

interface Flags
  extends Omit<
    AgentOptions,
    'agones' | 'bind' | 'door' | 'games' | 'enrolment' | 'isJson' | 'config' | 'drainMs' | 'metricsLog'
  > {
  readonly app?: string;
  readonly world: string;
  readonly group: string;
  readonly game?: readonly GameAddress[];
  readonly address?: readonly string[];
  readonly json: boolean;
  readonly drainDeadline: number;
  readonly bind?: string;
  readonly beatMs?: number;
  readonly doorPort?: number;
  readonly doorHealthPort?: number;
  readonly agonesPort?: number;
}

const DAY_SECONDS = 86_400;

const port = wholeNumber(1, 65_535);

function loopback(text: string): string {
  if (!/^127\.\d+\.\d+\.\d+$/.test(ipAddress(text)) && text !== '::1') {
    throw new InvalidArgumentError(`must be a loopback address, got: ${text}`);
  }
  return text;
}

function name(text: string): string {
  if (!/^[^\s\p{Cc}]+$/u.test(text) || Buffer.byteLength(text) > MAX_NAME_BYTES) {
    throw new InvalidArgumentError(`must be 1 to ${MAX_NAME_BYTES} bytes without spaces, got: ${text}`);
  }
  return text;
}

function url(text: string): string {
  if (!/^https?:$/.test(URL.parse(text)?.protocol ?? '')) {
    throw new InvalidArgumentError(`must be an http or https URL, got: ${text}`);
  }
  return text;
}

function addGame(text: string, games: readonly GameAddress[] = []): readonly GameAddress[] {
  const match = /^\[?([^\]]+)\]?:(\d{1,5})$/.exec(text);
  const game = { address: match?.[1] ?? '', port: Number(match?.[2]) };
  if (isIP(game.address) === 0 || game.port < 1 || game.port > 65_535) {
    throw new InvalidArgumentError(`must be IP:PORT or [IPv6]:PORT, got: ${text}`);
  }
  return [...games, game];
}

/** Reads flags and environment. Throws ConfigError with every problem; 'help' was asked for and is written. */
export function parseAgentOptions(
  argv: readonly string[],
  env: Env,
  write: (text: string) => void,
): AgentOptions | 'help' {
  const flags = parseFlags(argv, env, write);
  if (flags === 'help') return flags;
  const { game: games = [], address: addresses = [], json: isJson, drainDeadline, beatMs, ...others } = flags;
  const { app, world, group, doorPort: _, doorHealthPort: __, ...rest } = others;
  const problems: string[] = [];
  const config = readConfig(env, problems, beatMs);
  const door = serverDoorOptions(flags, config, problems);
  const agones = agonesOptions(flags, problems);
  const identity = flags.identity ?? (addresses.length > 0 ? operatorUserId(hostname().slice(0, 20)) : '');
  if (identity === '') problems.push('`--identity` must be given, or `--address` to enrol this machine, got: neither.');
  if (!/^[^#]*$/.test(identity)) problems.push(`\`--identity\` must be without #, got: ${identity}.`);
  if (games.length === 0) problems.push('`--game` must be given, once for each server process, got: none.');
  if (addresses.length > 0) problems.push(...enrolmentProblems(identity, flags.app, addresses));
  problems.push(...portProblems({ ...flags, door }, games.length));
  if (problems.length > 0 || !config) throw new ConfigError(problems);
  const apiTokenFile = flags.apiTokenFile ?? join(flags.journal, `${encodeURIComponent(identity)}.token`);
  const bind = rest.bind ?? addresses.find(isOwn) ?? '0.0.0.0';
  const drainMs = drainDeadline * 1_000;
  const options = {
    ...rest,
    bind,
    ...(door && { door }),
    ...(agones && { agones }),
    identity,
    games,
    isJson,
    config,
    apiTokenFile,
    drainMs,
    ...(env['ONEDOOR_METRICS_LOG'] && { metricsLog: env['ONEDOOR_METRICS_LOG'] }),
  };
  if (app === undefined || addresses.length === 0) return options;
  const { probePort, lobbyPort, capacity } = rest;
  const gamePorts = games.map((game) => game.port);
  const ports = { gamePorts, probePort, ...(lobbyPort === undefined ? {} : { lobbyPort }) };
  return {
    ...options,
    enrolment: { machine: identity.slice('op:'.length), addresses, app, world, group, capacity, ...ports },
  };
}

function parseFlags(argv: readonly string[], env: Env, write: (text: string) => void): Flags | 'help' {
  const command = new Command('agent')
    .description('Onedoor’s agent: stands beside one or more game servers and speaks for them.')
    .option('--game <ip:port>', 'a game server of this machine; again for each further slot', addGame)
    .requiredOption('--capacity <n>', 'most sessions of one game server', wholeNumber(1, 65_535))
    .option(
      '--load <adapter>',
      'how its sessions are known: api (the game calls), agones, agones:counter:<name>, agones:list:<name>, bzflag, teeworlds, mumble, gamedig:<game>, command:<program>',
      'api',
    )
    .option(
      '--identity <userid>',
      'aws:userid of this machine’s role session, <role id>:<instance id>, or op:<id> if enrolled',
    )
    .option(
      '--address <ip>',
      'enrol this machine with its public address first (needs the operator’s right); again for the other family',
      (text, all: readonly string[] = []) => [...all, ipAddress(text)],
    )
    .option('--app <name>', 'app to enrol for', name)
    .option('--world <name>', 'world to enrol for', name, 'main')
    .option('--group <name>', 'group to enrol in', name, 'main')
    .option('--registry <url>', 'endpoint of the registry (default: AWS_ENDPOINT_URL_DYNAMODB, else the region’s)', url)
    .option(
      '--table <name>',
      'table of the registry (default: ONEDOOR_TABLE, else onedoor)',
      env['ONEDOOR_TABLE'] ?? 'onedoor',
    )
    .option(
      '--bind <ip>',
      'address of probe port and lobby (default: --address where it is this machine’s, else 0.0.0.0)',
      ipAddress,
    )
    .option(
      '--probe-port <port>',
      'UDP and TCP port of slot 0 (default: probePort of ONEDOOR_CONFIG); slot n has it + n',
      port,
    )
    .option('--api-bind <ip>', 'loopback address of the API for the game', loopback, '127.0.0.1')
    .option('--api-port <port>', 'loopback port of slot 0’s API for the game; slot n has it + n', port, AGENT_API_PORT)
    .option(
      '--api-token-file <path>',
      'file with the API’s token; made if there is none (default: in the journal’s directory)',
    )
    .option('--lobby-port <port>', 'public HTTP port of slot 0’s lobby; slot n has it + n (default: no lobby)', port)
    .option('--on-client <program>', 'run for each announced client: program ADDRESS PORT GAME_ADDRESS GAME_PORT')
    .option('--door-port <port>', 'UDP and TCP port on which to answer for the door (default: not)', port)
    .option('--door-health-port <port>', 'HTTP port for that load balancer’s checks (default: --door-port + 80)', port)
    .option('--journal <dir>', 'directory in memory for what must outlive the process', defaultJournal(env))
    .option('--beat-ms <ms>', 'longest time between two beats (default: ONEDOOR_CONFIG)', wholeNumber(100, 60_000))
    .option(
      '--drain-deadline <seconds>',
      'how long SIGTERM waits for sessions to end',
      wholeNumber(0, 2 * DAY_SECONDS),
      3_600,
    )
    .option('--json', 'log as JSON lines', false)
    .addHelpText(
      'after',
      '\nEnvironment: ONEDOOR_TABLE, ONEDOOR_CONFIG (JSON), ONEDOOR_METRICS_LOG (a log group of CloudWatch, once a minute; default: none), and the AWS SDK’s own variables.',
    );
  addAgonesFlags(command, port);
  if (readFlags(command, argv, write, (problem) => new ConfigError([problem])) === 'help') return 'help';
  const flags = command.opts<Flags>();
  return { ...flags, probePort: flags.probePort ?? probePortOf(env) };
}

/** A wrong ONEDOOR_CONFIG is told of with the other problems. */
function probePortOf(env: Env): number {
  return readConfig(env, [])?.probePort ?? 0;
}

function readConfig(env: Env, problems: string[], beatMs?: number): RuntimeConfig | undefined {
  try {
    const config = parseRuntimeConfig(env['ONEDOOR_CONFIG']);
    return beatMs === undefined ? config : { ...config, timing: { ...config.timing, beatMs } };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.push(...error.problems.map((problem) => `ONEDOOR_CONFIG: ${problem}`));
    return undefined;
  }
}

/** Whether a socket of this machine can be bound to it; behind a NAT the public address is none of its own. */
function isOwn(ip: string): boolean {
  if (ip.startsWith('127.')) return true;
  return Object.values(networkInterfaces()).some((list) => list?.some((each) => each.address === ip));
}

function enrolmentProblems(identity: string, app: string | undefined, addresses: readonly string[]): string[] {
  const problems: string[] = [];
  const families = new Set(addresses.map(isIP));
  if (app === undefined) problems.push('`--app` must be given with `--address`, got: nothing.');
  if (!/^op:[A-Za-z0-9._-]{1,20}$/.test(identity)) {
    problems.push(`\`--identity\` must be op: and 1 to 20 letters, digits, dots or dashes to enrol, got: ${identity}.`);
  }
  if (families.size !== addresses.length) {
    problems.push(`\`--address\` must be one IPv4 and one IPv6 address at most, got: ${addresses.join(', ')}.`);
  }
  return problems;
}

/** Gone with the machine's memory, like the game's sessions: /run/onedoor (systemd makes it), or the user's own. */
function defaultJournal(env: Env): string {
  const user = process.getuid?.() ?? '';
  try {
    accessSync(user === 0 ? '/run' : '/run/onedoor', constants.W_OK);
    return '/run/onedoor';
  } catch {
    return env['XDG_RUNTIME_DIR'] ? join(env['XDG_RUNTIME_DIR'], 'onedoor') : join(tmpdir(), `onedoor-${user}`);
  }
}
