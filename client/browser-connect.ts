import { OnedoorError } from './browser-error.ts';
import { BrowserSession, type BrowserSettings } from './browser-session.ts';
import type { Choose } from './choose.ts';
import type { RosterServer } from './http-answers.ts';
import { createHttpApi, type HttpApi, type MenuApp, type RosterQuery, rosterQueryOf, type Send } from './http-api.ts';
import { type DoorKey, fromBase64Url, loadKept, type RosterStore, saveKept } from './roster-cache.ts';
import { readState } from './session-state.ts';

/** What `connect` needs to know. Only `door` is required; names are 1..32 bytes of UTF-8. */
export interface BrowserOptions {
  /** Base URL of the door's HTTP API. A page that came by https needs one that begins with https. */
  readonly door: string;
  /** @default the deployment's default app */
  readonly app?: string;
  /** @default any */
  readonly world?: string;
  /** Preferred group of servers; others follow when it is full. @default none */
  readonly group?: string;
  /** This client's stable identity: the account. Tickets are bound to it. @default random, new for each session */
  readonly client?: string;
  /** IP version of the server's address. @default 4 */
  readonly family?: 4 | 6;
  /** How long `connect` keeps trying before it rejects, in ms. @default 30000 */
  readonly timeoutMs?: number;
  /**
   * Lets the client choose: `'fewest-users'`, `'random'`, or a function that gets all servers and gives ids, best first.
   * A page cannot send pings: `'latency'` counts as `'fewest-users'`. @default the door chooses
   */
  readonly choose?: Choose;
  /** What `session.state()` gave before: that server and seat, without a call to the door. @default none */
  readonly resume?: unknown;
  /** Where a signed roster is kept, for a start while the door is away. @default nowhere */
  readonly cache?: RosterStore;
  /** How old the signature of a kept roster may be, in ms. @default 86400000, a day */
  readonly cacheMaxAgeMs?: number;
  /** Public keys of the door. @default those kept beside the roster */
  readonly keys?: readonly DoorKey[];
  /** Aborting it rejects `connect`, and closes the session afterwards. */
  readonly signal?: AbortSignal;
}

/** The servers of an app and world. */
export interface Roster {
  readonly version: number;
  readonly servers: readonly RosterServer[];
}

const CALL_MS = 10_000;
const DAY_MS = 86_400_000;

/**
 * Asks the door for a server and resolves with a session on it. As long as no server can be had it keeps asking, until
 * `timeoutMs` is over.
 * @throws OnedoorError with the door's code, or `client.no-answer`
 */
export async function connect(options: BrowserOptions): Promise<BrowserSession> {
  options.signal?.throwIfAborted();
  return await BrowserSession.open(readOptions(options));
}

/** The servers of the app and world in `options`. @throws OnedoorError with the door's code, or `client.no-answer` */
export async function roster(options: BrowserOptions): Promise<Roster> {
  const { version, servers } = await apiOf(options, options.signal).roster(rosterQueryOf(options));
  return { version, servers };
}

/** All apps with their worlds, players and capacity. @throws OnedoorError with the door's code, or `client.no-answer` */
export async function menu(options: BrowserOptions): Promise<readonly MenuApp[]> {
  return await apiOf(options, options.signal).menu();
}

function readOptions(options: BrowserOptions): BrowserSettings {
  const {
    app,
    world,
    group,
    family,
    choose,
    timeoutMs = 30_000,
    signal,
    cache,
    keys,
    cacheMaxAgeMs = DAY_MS,
  } = options;
  const resume = readState(options.resume);
  const client = options.client ?? resume?.client ?? randomName();
  const end = new AbortController();
  const api = apiOf(options, end.signal);
  const query = rosterQueryOf(options);
  const kept = async (): Promise<readonly RosterServer[]> => {
    const checks = { verify: verifyHere, pinned: keys, maxAgeMs: cacheMaxAgeMs, wallMs: Date.now() };
    const read = await loadKept(cache, checks);
    return 'problem' in read ? [] : read.filter((each) => fits(each, query));
  };
  const keep = async (): Promise<void> => {
    if (!cache) return;
    const [found, jwks] = await Promise.all([api.roster(query), api.keys()]);
    await saveKept(cache, found.pages, jwks, { verify: verifyHere, pinned: keys, wallMs: Date.now() });
  };
  return {
    api,
    end,
    fields: { app, world, group, family },
    client,
    choose,
    timeoutMs,
    signal,
    resume: resume?.client === client ? resume : undefined,
    list: async () => (await api.roster(query)).servers,
    kept,
    keep,
  };
}

function apiOf({ door }: BrowserOptions, signal?: AbortSignal): HttpApi {
  const base = door.replace(/\/+$/, '');
  const send: Send = async ({ method, path, headers, body }) => {
    const limit = AbortSignal.timeout(CALL_MS);
    const response = await fetch(base + path, {
      method,
      headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body }),
      cache: 'no-store',
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
    const header = (name: string): string | undefined => response.headers.get(name) ?? undefined;
    return { status: response.status, header, body: await response.text() };
  };
  return createHttpApi(send, (code, payload, cause) => new OnedoorError(code, payload, cause));
}

function fits(server: RosterServer, { app, world }: RosterQuery): boolean {
  return (app === undefined || server.app === app) && (world === undefined || server.world === world);
}

/** Web Cryptography knows Ed25519 in Chromium 137, Firefox 129, Safari 17 and newer, on https pages and localhost. */
async function verifyHere({ x }: DoorKey, data: Uint8Array, signature: Uint8Array): Promise<boolean> {
  const bytes = fromBase64Url(x) ?? new Uint8Array(0);
  const key = await crypto.subtle.importKey('raw', bytes, 'Ed25519', false, ['verify']);
  return await crypto.subtle.verify('Ed25519', key, Uint8Array.from(signature), Uint8Array.from(data));
}

function randomName(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
