import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { ConfigError } from '../core/errors.ts';
import { MAX_CLIENT_BYTES, MAX_NAME_BYTES } from '../core/wire/limits.ts';
import type { Choose } from './choose.ts';
import { type DoorAddress, parseDoor, urlHost } from './door-address.ts';
import { type Resolve, systemResolve } from './resolve.ts';
import type { DoorKey, RosterStore } from './roster-cache.ts';
import { readState, type SavedGrant } from './session-state.ts';

/** What `connect` needs to know. Only `door` is required. */
export interface ConnectOptions {
  /**
   * The one public address of the deployment: `host` or `host:port`, where the port is the door's probe port.
   * IPv6 addresses stand in brackets if there is a port: `[2001:db8::1]:7000`.
   * @default port 7000
   */
  readonly door: string;
  /** App to play, 1..32 bytes of UTF-8. @default the deployment's default app */
  readonly app?: string;
  /** World of the app, 1..32 bytes. @default any */
  readonly world?: string;
  /** Preferred group of servers, 1..32 bytes; others follow when it is full. @default none */
  readonly group?: string;
  /**
   * This client's stable identity, 1..32 bytes: the account or the device. Tickets are bound to it, so whoever knows it
   * can ask for seats in its name, but cannot use the client's ticket. @default random, new for each session
   */
  readonly client?: string;
  /**
   * Base URL of the HTTP API, asked when neither UDP nor TCP is answered; `false`: never.
   * @default `http://` and the host of `door`
   */
  readonly http?: string | false;
  /** Which addresses of the door to use, and so the family of the server's address. @default 'auto': both */
  readonly family?: 'auto' | 4 | 6;
  /** How long `connect` keeps trying before it rejects, in ms. @default 30000 */
  readonly timeoutMs?: number;
  /**
   * Lets the client choose its server from the roster, and a seat is taken there: `'fewest-users'`, `'latency'` (pings to
   * the best four), `'random'`, or a function that gets all servers and gives ids, best first. @default the door chooses
   */
  readonly choose?: Choose;
  /**
   * What `session.state()` gave before a restart: the client goes back to its server and seat without the door, if both
   * are still there. What cannot be read counts as nothing. @default none
   */
  readonly resume?: unknown;
  /** Where a signed roster is kept, for a start while the door is away. Needs `http`. @default nowhere */
  readonly cache?: RosterStore;
  /** How old the signature of a kept roster may be, in ms. @default 86400000, a day */
  readonly cacheMaxAgeMs?: number;
  /** Public keys of the door, where the ones kept beside the roster are not to be trusted. @default those of the cache */
  readonly keys?: readonly DoorKey[];
  /** Resolves the door's name to numeric addresses, best first. @default the system's resolver */
  readonly resolve?: Resolve;
  /** The deployment's packet type, 0..65535. @default 0xFFFF */
  readonly type?: number;
  /** Aborting it rejects `connect`, and closes the session afterwards. */
  readonly signal?: AbortSignal;
}

/** Options with defaults filled in. */
export interface Settings {
  readonly door: DoorAddress;
  readonly names: { readonly app?: string; readonly world?: string; readonly group?: string };
  readonly client: string;
  /** Without a slash at the end. */
  readonly http: string | undefined;
  readonly family: 'auto' | 4 | 6;
  readonly timeoutMs: number;
  readonly choose: Choose | undefined;
  readonly resume: SavedGrant | undefined;
  readonly cache: RosterStore | undefined;
  readonly cacheMaxAgeMs: number;
  readonly keys: readonly DoorKey[] | undefined;
  readonly resolve: Resolve;
  readonly type: number | undefined;
  readonly signal: AbortSignal | undefined;
}

const DEFAULT_TIMEOUT_MS = 30_000;
/** The longest that Node's timers can wait. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;
const DEFAULT_CACHE_AGE_MS = 86_400_000;
const KNOWN = [
  ...['door', 'app', 'world', 'group', 'client', 'http', 'family', 'timeoutMs', 'type', 'signal'],
  ...['choose', 'resume', 'cache', 'cacheMaxAgeMs', 'keys', 'resolve'],
];
const CHOICES: readonly unknown[] = ['fewest-users', 'latency', 'random'];

/** @throws ConfigError with a line for every problem */
export function readOptions(options: ConnectOptions): Settings {
  const problems: string[] = [];
  const complain = (name: string, must: string, got: unknown): void => {
    problems.push(`\`${name}\` must be ${must}, got: ${show(got)}`);
  };
  if (typeof options !== 'object' || options === null)
    throw new ConfigError([`\`options\` must be an object, got: ${show(options)}`]);
  for (const name of Object.keys(options)) {
    if (!KNOWN.includes(name)) problems.push(`\`${name}\` is not an option; there are: ${KNOWN.join(', ')}`);
  }
  const door = typeof options.door === 'string' ? parseDoor(options.door) : undefined;
  if (!door) complain('door', 'host[:port]', options.door);
  const names: { app?: string; world?: string; group?: string } = {};
  for (const name of ['app', 'world', 'group'] as const) {
    const value = options[name];
    if (value === undefined) continue;
    if (isShortText(value, MAX_NAME_BYTES)) names[name] = value;
    else complain(name, `text of 1..${MAX_NAME_BYTES} bytes of UTF-8`, value);
  }
  const resume = readState(options.resume);
  const { client = resume?.client ?? randomBytes(16).toString('base64url') } = options;
  const { family = 'auto', timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  if (!isShortText(client, MAX_CLIENT_BYTES))
    complain('client', `text of 1..${MAX_CLIENT_BYTES} bytes of UTF-8`, client);
  const { http = door && `http://${urlHost(door.host)}`, type, signal } = options;
  if (http !== undefined && http !== false && !isHttpUrl(http)) complain('http', 'an http(s) URL or false', http);
  if (family !== 'auto' && family !== 4 && family !== 6) complain('family', "'auto', 4 or 6", family);
  else if (door && isOtherFamily(door.host, family)) complain('door', `a name or an IPv${family} address`, door.host);
  if (!isWhole(timeoutMs, 1, MAX_TIMEOUT_MS))
    complain('timeoutMs', `a whole number of 1..${MAX_TIMEOUT_MS}`, timeoutMs);
  if (type !== undefined && !isWhole(type, 0, 0xffff)) complain('type', 'a whole number of 0..65535', type);
  if (signal !== undefined && !(signal instanceof AbortSignal)) complain('signal', 'an AbortSignal', signal);
  const { choose, cache, cacheMaxAgeMs = DEFAULT_CACHE_AGE_MS, keys, resolve = systemResolve } = options;
  if (choose !== undefined && typeof choose !== 'function' && !CHOICES.includes(choose))
    complain('choose', "'fewest-users', 'latency', 'random' or a function", choose);
  if (cache !== undefined && (typeof cache?.load !== 'function' || typeof cache.save !== 'function'))
    complain('cache', 'an object with `load` and `save`', cache);
  if (cache !== undefined && http === false) complain('http', 'given where there is a `cache`', http);
  if (!isWhole(cacheMaxAgeMs, 1, Number.MAX_SAFE_INTEGER)) complain('cacheMaxAgeMs', 'a whole number', cacheMaxAgeMs);
  if (keys !== undefined && !Array.isArray(keys)) complain('keys', 'a list of {kid, x}', keys);
  if (typeof resolve !== 'function') complain('resolve', 'a function', resolve);
  if (problems.length > 0 || !door) throw new ConfigError(problems);
  const base = http ? http.replace(/\/+$/, '') : undefined;
  const asked = { door, names, client, http: base, family, timeoutMs, type, signal };
  // A seat belongs to its client: another one has no use for it.
  const mine = resume?.client === client ? resume : undefined;
  return { ...asked, choose, resume: mine, cache, cacheMaxAgeMs, keys, resolve };
}

function isShortText(value: unknown, maxBytes: number): value is string {
  if (typeof value !== 'string' || value.length === 0 || value.length > maxBytes) return false;
  return value.isWellFormed() && Buffer.byteLength(value) <= maxBytes;
}

function isHttpUrl(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false;
  const { protocol, search, hash } = new URL(value);
  return (protocol === 'http:' || protocol === 'https:') && search === '' && hash === '';
}

function isOtherFamily(host: string, family: 'auto' | 4 | 6): boolean {
  const actual = isIP(host);
  return family !== 'auto' && actual !== 0 && actual !== family;
}

function isWhole(value: unknown, least: number, most: number): boolean {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}

/** What was given, on one line and not too long. */
function show(value: unknown): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
