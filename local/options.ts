import { isIPv4 } from 'node:net';
import { Command, InvalidArgumentError, Option } from 'commander';
import { readFlags, UsageError, wholeNumber } from '../adapters/cli/flags.ts';
import { MAX_NAME_BYTES } from '../core/wire/limits.ts';

/** Settings of the whole system on one machine. */
export interface LocalOptions {
  readonly servers: number;
  readonly crowd: number;
  /** Loopback address of door and API; servers get the addresses 10, 11, … after it. */
  readonly bind: string;
  readonly httpPort: number;
  /** Port of the door, and of every agent on its own address. */
  readonly probePort: number;
  readonly registryPort: number;
  /** App of classic probes, and of all other requests that name none; absent: the sample servers'. */
  readonly defaultApp?: string;
  /** Who is the door: a gateway, or every agent for itself and the others. */
  readonly door: 'gateways' | 'servers';
  /** Who answers clients that ask by UDP. */
  readonly answers: 'door' | 'server';
  /** The door tells servers of clients before they come. */
  readonly notify: boolean;
  /** What the page shows to act; absent: a new one. */
  readonly pageToken?: string;
  /** Stop by itself after this time. */
  readonly forMs?: number;
  readonly json: boolean;
}

/** As many as there are addresses for. */
export const MAX_SERVERS = 200;
const MAX_CROWD = 5_000;
const DEFAULT_CROWD = 12;
/** First server's address after the door's. */
const FIRST_SERVER_OFFSET = 10;

function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0) || value > 86_400)
    throw new InvalidArgumentError(`must be a number of seconds up to 86400, got: ${text}`);
  return value;
}

function loopback(text: string): string {
  const last = Number(text.split('.')[3]);
  if (!isIPv4(text) || !text.startsWith('127.') || last < 1 || last > 40) {
    throw new InvalidArgumentError(`must be an address from 127.0.0.1 to 127.255.255.40 ending in 1..40, got: ${text}`);
  }
  return text;
}

function tokenText(text: string): string {
  if (!/^[\w-]{16,64}$/.test(text)) throw new InvalidArgumentError('must be 16 to 64 letters, digits, - and _');
  return text;
}

function appName(text: string): string {
  if (!/^[^\s\p{Cc}]+$/u.test(text) || Buffer.byteLength(text) > MAX_NAME_BYTES) {
    throw new InvalidArgumentError(`must be 1 to ${MAX_NAME_BYTES} bytes without spaces, got: ${text}`);
  }
  return text;
}

/** The address of server number `index` (from 0): the 10th address after `bind`, and on. */
export function serverAddress(bind: string, index: number): string {
  const [a, b, c, d] = bind.split('.').map(Number) as [number, number, number, number];
  return [a, b, c, d + FIRST_SERVER_OFFSET + index].join('.');
}

/** Reads the command line. Throws UsageError with one line that names the flag, the value and what it must be. */
export function parseLocalOptions(argv: readonly string[], write: (text: string) => void): LocalOptions | 'help' {
  const command = new Command('npm start --')
    .description(
      'The whole of Onedoor on this machine: registry, door, API, agents, sample servers and a crowd of clients.',
    )
    .option('--servers <n>', 'servers to start; 0: door, API and registry alone', wholeNumber(0, MAX_SERVERS), 3)
    .option(
      '--crowd <n>',
      'clients that join, play and leave (default: 12; without servers 0)',
      wholeNumber(0, MAX_CROWD),
    )
    .option('--bind <ip>', 'loopback address of door and API; servers follow at +10, +11, …', loopback, '127.0.0.1')
    .option(
      '--http-port <port>',
      'port of the HTTP API; the door’s health port is the next one',
      wholeNumber(1, 65_534),
      8080,
    )
    .option(
      '--probe-port <port>',
      'port of the door, and of each agent on its own address',
      wholeNumber(1, 65_000),
      7000,
    )
    .option('--registry-port <port>', 'port of the DynamoDB engine', wholeNumber(1, 65_535), 8000)
    .option('--default-app <name>', 'app of classic probes and of requests that name none (default: world)', appName)
    .addOption(
      new Option('--door <who>', 'who is the door: a gateway, or the servers’ agents, without seats and tickets')
        .choices(['gateways', 'servers'])
        .default('gateways'),
    )
    .addOption(
      new Option('--answers <who>', 'who answers clients that ask by UDP').choices(['door', 'server']).default('door'),
    )
    .option('--notify', 'the door tells servers of clients before they come', false)
    .addOption(
      new Option('--page-token <text>', 'token of the page (default: a new one)')
        .argParser(tokenText)
        .env('ONEDOOR_PAGE_TOKEN'),
    )
    .option('--for <seconds>', 'stop after this time with exit code 0', seconds)
    .option('--json', 'events as JSON lines instead of the table', false);
  if (readFlags(command, argv, write, (problem) => new UsageError(problem.replaceAll('\n', ' '))) === 'help')
    return 'help';
  const flags = command.opts<Omit<LocalOptions, 'forMs' | 'crowd'> & { for?: number; crowd?: number }>();
  const { for: forSeconds, crowd = flags.servers === 0 ? 0 : DEFAULT_CROWD, ...rest } = flags;
  if (flags.door === 'servers' && (flags.servers === 0 || flags.answers === 'server' || flags.notify)) {
    throw new UsageError('--door servers needs at least one of --servers, and neither --answers server nor --notify');
  }
  return { ...rest, crowd, ...(forSeconds === undefined ? {} : { forMs: forSeconds * 1000 }) };
}
