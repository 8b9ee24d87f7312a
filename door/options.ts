import { Command, InvalidArgumentError, Option } from 'commander';
import { ipAddress, readFlags } from '../adapters/cli/flags.ts';
import { TRANSPORTS, type TransportChoice } from '../adapters/udp/transport.ts';
import { parseRuntimeConfig, type RuntimeConfig } from '../core/config/runtime-config.ts';
import { ConfigError } from '../core/errors.ts';

export interface DoorOptions {
  readonly bind: string;
  /** UDP and TCP. */
  readonly port: number;
  readonly healthBind: string;
  readonly healthPort: number;
  /** How long the health port fails before the sockets close, so that the load balancer stops sending first. */
  readonly stopMs: number;
  readonly transport: TransportChoice;
  /** Gateways on the one port, each a process. */
  readonly processes: number;
  readonly table: string;
  readonly keySecret: string;
  /** Which of `config.doors` this one is; -1 where doors share no duty. */
  readonly self: number;
  /** The page for operators, on loopback. Absent: there is none. */
  readonly page?: { readonly port: number; readonly tokenFile: string };
  /** The log group of CloudWatch that takes its metrics. Absent: nobody is told. */
  readonly metricsLog?: string;
  readonly config: RuntimeConfig;
}

interface Flags extends Pick<DoorOptions, 'bind' | 'healthBind' | 'healthPort' | 'stopMs' | 'transport' | 'processes'> {
  readonly port?: number;
  readonly self?: string;
  readonly pagePort?: number;
  readonly pageTokenFile?: string;
}

const MAX_PROCESSES = 64;

function portNumber(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new InvalidArgumentError(`must be a port from 0 to 65535, got: ${text}`);
  }
  return port;
}

function processCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > MAX_PROCESSES) {
    throw new InvalidArgumentError(`must be 1 to ${MAX_PROCESSES}, got: ${text}`);
  }
  return count;
}

function milliseconds(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError(`must be milliseconds, got: ${text}`);
  return value;
}

function hostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function selfOf({ duty, doors }: RuntimeConfig, name: string, problems: string[]): number {
  if (duty === 'active') return -1;
  const self = doors.indexOf(name);
  if (self < 0) problems.push(`\`--self\` must be one of the settings' doors (${doors.join(', ')}), got: ${name}.`);
  return self;
}

/** Reads flags and environment. Throws ConfigError with every problem; 'help' was asked for and is written. */
export function parseDoorOptions(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  write: (text: string) => void,
): DoorOptions | 'help' {
  const command = new Command('door')
    .description('Onedoor’s gateway: answers probe requests over UDP and TCP with an assigned server.')
    .option('--bind <ip>', 'address of the probe port', ipAddress, '0.0.0.0')
    .option('--port <port>', 'probe port, UDP and TCP (default: probePort of ONEDOOR_CONFIG)', portNumber)
    .option('--health-bind <ip>', 'address of the health port', ipAddress, '0.0.0.0')
    .option('--health-port <port>', 'HTTP port for health and counters', portNumber, 8090)
    .option('--stop-ms <ms>', 'how long health fails before the sockets close', milliseconds, 0)
    .addOption(new Option('--transport <kind>', 'how datagrams are moved').choices(TRANSPORTS).default('auto'))
    .option('--processes <count>', 'gateways that share the port, each a process', processCount, 1)
    .option('--self <ip:port>', 'which of the settings’ doors this one is (default: its health address and port)')
    .option('--page-port <port>', 'port of the page for operators, on loopback (default: no page)', portNumber)
    .option('--page-token-file <path>', 'token that who acts on the page must show; made there if there is none')
    .addHelpText(
      'after',
      '\nEnvironment: ONEDOOR_TABLE, ONEDOOR_KEY_SECRET (file:PATH or a secret’s ARN), ONEDOOR_CONFIG (JSON), ONEDOOR_METRICS_LOG (a log group of CloudWatch, once a minute; default: none).',
    );
  if (readFlags(command, argv, write, (problem) => new ConfigError([problem])) === 'help') return 'help';
  const problems: string[] = [];
  for (const name of ['ONEDOOR_TABLE', 'ONEDOOR_KEY_SECRET']) {
    if (!env[name]) problems.push(`\`${name}\` must be set in the environment, got: nothing.`);
  }
  let config: RuntimeConfig | undefined;
  try {
    config = parseRuntimeConfig(env['ONEDOOR_CONFIG']);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.push(...error.problems.map((problem) => `ONEDOOR_CONFIG: ${problem}`));
  }
  const { self: name, pagePort, pageTokenFile, ...flags } = command.opts<Flags>();
  if (pagePort !== undefined && pageTokenFile === undefined) {
    problems.push('`--page-token-file` must be set where `--page-port` is, got: nothing.');
  }
  if (flags.processes > 1 && flags.port === 0) problems.push('`--port` must be one that processes can share, got: 0.');
  const self = config ? selfOf(config, name ?? hostPort(flags.healthBind, flags.healthPort), problems) : -1;
  if (problems.length > 0 || !config) throw new ConfigError(problems);
  return {
    ...flags,
    ...(pagePort !== undefined &&
      pageTokenFile !== undefined && { page: { port: pagePort, tokenFile: pageTokenFile } }),
    self,
    port: flags.port ?? config.probePort,
    table: env['ONEDOOR_TABLE'] as string,
    keySecret: env['ONEDOOR_KEY_SECRET'] as string,
    ...(env['ONEDOOR_METRICS_LOG'] && { metricsLog: env['ONEDOOR_METRICS_LOG'] }),
    config: perProcess(config, flags.processes),
  };
}

/** What is meant for a gateway is shared out among its processes. */
function perProcess(config: RuntimeConfig, processes: number): RuntimeConfig {
  const each = (perSecond: number): number => Math.ceil(perSecond / processes);
  return {
    ...config,
    unverifiedPerSecond: each(config.unverifiedPerSecond),
    perSourcePerSecond: each(config.perSourcePerSecond),
  };
}
