import { isIPv6 } from 'node:net';
import { type Command, InvalidArgumentError } from 'commander';
import { MAX_NAME_BYTES } from '../core/wire/limits.ts';

/** Where a packet goes. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

const DEFAULT_PORT = 7000;

/** Reads the value of a flag: a number above 0, at most `most`. */
export function positive(most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (value > 0 && value <= most) return value;
    throw new InvalidArgumentError(`must be a number above 0 up to ${most}, got: ${text}`);
  };
}

/** Reads the value of a flag: the name of an app, a world, a group or a client. */
export function name(text: string): string {
  if (text !== '' && Buffer.byteLength(text) <= MAX_NAME_BYTES) return text;
  throw new InvalidArgumentError(`must be 1 to ${MAX_NAME_BYTES} bytes, got: ${text}`);
}

/** Reads the value of a flag that may stand several times. */
export function names(text: string, all: readonly string[] = []): readonly string[] {
  return [...all, name(text)];
}

/** Reads `NAME=VALUE`, which may stand several times. */
export function pairs(text: string, all: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const at = text.indexOf('=');
  if (at > 0 && at < text.length - 1) return { ...all, [text.slice(0, at)]: text.slice(at + 1) };
  throw new InvalidArgumentError(`must be NAME=VALUE, got: ${text}`);
}

/** Reads `host`, `host:port` or `[ipv6]:port`; the port is 7000 if left out. */
export function address(text: string): Address {
  const bracketed = /^\[([^\]]+)\](?::(\d+))?$/.exec(text);
  const plain = /^([^:]+)(?::(\d+))?$/.exec(text);
  const match = bracketed ?? plain ?? (isIPv6(text) ? [text, text, undefined] : null);
  const host = match?.[1];
  const port = match?.[2] === undefined ? DEFAULT_PORT : Number(match[2]);
  if (host !== undefined && port >= 1 && port <= 65_535) return { host, port };
  throw new InvalidArgumentError(`must be host[:port], got: ${text}`);
}

/** Reads the value of a flag: an address of an HTTP API. */
export function url(text: string): string {
  if (/^https?:\/\/[^/]+/.test(text) && URL.canParse(text)) return text.replace(/\/+$/, '');
  throw new InvalidArgumentError(`must begin with http:// or https://, got: ${text}`);
}

/** The flags by which a person names the deployment to talk to; all may be left out beside a running `npm start`. */
export function withTarget(command: Command): Command {
  return command
    .option(
      '--stack <name>',
      'a deployed stack (default: the local system if one runs, else that of onedoor.config.ts)',
    )
    .option('--http <url>', 'the HTTP API (default: ONEDOOR_HTTP)', url)
    .option('--door <host:port>', 'the door (default: ONEDOOR_DOOR)')
    .option('--table <name>', 'table of the registry (default: ONEDOOR_TABLE)')
    .option(
      '--registry <url>',
      'endpoint of the registry (default: AWS_ENDPOINT_URL_DYNAMODB, else the region’s)',
      url,
    );
}

/** The flags that say what a client wants. */
export function withWishes(command: Command): Command {
  return command
    .option('--app <name>', 'app to play', name)
    .option('--world <name>', 'world of the app', name)
    .option('--group <name>', 'preferred group', name)
    .option('--client <text>', 'stable identity of the client', name);
}
