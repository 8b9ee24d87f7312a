import { isIPv6 } from 'node:net';
import { Command, InvalidArgumentError } from 'commander';
import { readFlags, wholeNumber } from '../../adapters/cli/flags.ts';
import { MAX_NAME_BYTES } from '../../core/wire/limits.ts';
import { UsageError } from '../options.ts';

export interface ProbeOptions {
  readonly host: string;
  readonly port: number;
  readonly count: number;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly app?: string;
  readonly world?: string;
  readonly group?: string;
  readonly client?: string;
  readonly tcp: boolean;
  readonly explain: boolean;
  /** Base URL of the HTTP API, for --explain. */
  readonly http?: string;
}

const DEFAULT_PORT = 7000;

function positive(most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!(value > 0) || value > most)
      throw new InvalidArgumentError(`must be a number above 0 up to ${most}, got: ${text}`);
    return value;
  };
}

function identity(text: string): string {
  if (text === '' || Buffer.byteLength(text) > MAX_NAME_BYTES) {
    throw new InvalidArgumentError(`must be 1 to ${MAX_NAME_BYTES} bytes, got: ${text}`);
  }
  return text;
}

/** `host`, `host:port` or `[ipv6]:port`. */
function splitAddress(text: string): { readonly host: string; readonly port: number } | undefined {
  const bracketed = /^\[([^\]]+)\](?::(\d+))?$/.exec(text);
  const plain = /^([^:]+)(?::(\d+))?$/.exec(text);
  const match = bracketed ?? plain ?? (isIPv6(text) ? [text, text, undefined] : null);
  const host = match?.[1];
  const port = match?.[2] === undefined ? DEFAULT_PORT : Number(match[2]);
  return host === undefined || port < 1 || port > 65_535 ? undefined : { host, port };
}

/** Reads the command line. Throws UsageError with one line that says what is wrong. */
export function parseProbeOptions(argv: readonly string[], write: (text: string) => void): ProbeOptions | 'help' {
  const command = new Command('npm run probe --')
    .description(
      'Sends probe requests to a door, like ping. With any of --app, --world, --group or --client each probe takes a seat and gives it back at once; without, it is the 8-byte classic request, which takes none.',
    )
    .argument('<address>', 'the door: host[:port], port 7000 if left out')
    .option('--count <n>', 'probes to send', wholeNumber(1, 1_000_000), 4)
    .option('--interval <seconds>', 'time between two', positive(3_600), 1)
    .option('--timeout <seconds>', 'how long to wait for an answer', positive(60), 1)
    .option('--app <name>', 'app to ask for', identity)
    .option('--world <name>', 'world of the app', identity)
    .option('--group <name>', 'preferred group', identity)
    .option('--client <text>', 'stable identity of the client', identity)
    .option('--tcp', 'over TCP instead of UDP', false)
    .option('--explain', 'ask the HTTP API once, why this server', false)
    .option('--http <url>', 'HTTP API for --explain (default: http://<host>:8080)');
  if (readFlags(command, argv, write, (problem) => new UsageError(problem.replaceAll('\n', ' '))) === 'help')
    return 'help';
  const address = command.args[0] as string;
  const door = splitAddress(address);
  if (!door) throw new UsageError(`address must be host[:port], got: ${address}`);
  const { interval, timeout, ...rest } = command.opts<
    Omit<ProbeOptions, 'host' | 'port' | 'intervalMs' | 'timeoutMs'> & { interval: number; timeout: number }
  >();
  return { ...rest, ...door, intervalMs: interval * 1000, timeoutMs: timeout * 1000 };
}
