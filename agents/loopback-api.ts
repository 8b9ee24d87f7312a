import { metricsResponse } from '../adapters/http/metrics-response.ts';
import { problemResponse } from '../adapters/http/problem.ts';
import type { HttpHandler, HttpRequest, HttpResponse } from '../adapters/http/types.ts';
import { isAuthorized } from '../adapters/system/api-token.ts';
import { flag, integer, list, mistake, optional, shape, text } from '../core/config/schema.ts';
import { OnedoorError, type Refusal } from '../core/errors.ts';
import type { Sample } from '../core/metrics/catalogue.ts';
import { prometheusText } from '../core/metrics/prometheus.ts';
import type { SeatSession } from '../core/registry/journal-entry.ts';
import { type RosterView, STATES } from '../core/registry/roster.ts';
import { toBase64Url } from '../core/ticket/base64url.ts';
import { MAX_DESCRIPTION_BYTES } from '../core/wire/limits.ts';
import type { Entry } from './entry.ts';
import { readJson } from './json-body.ts';
import type { ListedSession } from './session-watch.ts';

/** What a game tells with `PUT /load`; the call itself is its sign of life. */
export interface GameReport {
  readonly sessions: readonly ListedSession[];
  readonly capacity?: number;
  readonly participants?: readonly string[];
  /** What the lobby says of the session in progress. */
  readonly description?: string;
  /** False: alive, but not to be given to anybody yet. */
  readonly ready?: boolean;
}

/** The part of a slot that its game may use. */
export interface GameFacing {
  readonly isCounted: boolean;
  enter(ticket: string | undefined, shown: string | undefined): Entry | Promise<Entry>;
  end(id: string): boolean;
  sessions(): readonly SeatSession[];
  report(report: GameReport): void;
  ready(): void;
  drain(): void;
  /** How it stands, for /metrics. */
  metrics(): readonly Sample[];
  /** Everything to see at /healthz; `isGood` decides the status. */
  health(): { readonly isGood: boolean; readonly facts: Readonly<Record<string, unknown>> };
}

export interface LoopbackApiOptions {
  readonly slot: GameFacing;
  readonly token: string;
  /** What the machine counts beside its slots, for /metrics. */
  readonly more?: () => readonly Sample[];
  readonly roster: () => Promise<RosterView>;
}

/** A list of all sessions of a large game is longer than any body that strangers may send. */
export const MAX_API_BODY_BYTES = 1024 * 1024;
const MAX_SESSIONS = 10_000;
const MAX_PARTICIPANTS = 255;

const anyText = text('a text of 1 to 1000 characters', /^.{1,1000}$/s);
const anyDescription = (value: unknown, path: string, problems: string[]): string => {
  const fits = typeof value === 'string' && value.isWellFormed() && Buffer.byteLength(value) <= MAX_DESCRIPTION_BYTES;
  if (!fits) problems.push(mistake(path, `a text of up to ${MAX_DESCRIPTION_BYTES} bytes`, value));
  return value as string;
};
const sessionsBody = shape<{ readonly ticket?: string; readonly client?: string }>({
  ticket: optional(anyText),
  client: optional(text('1 to 32 characters', /^.{1,32}$/s)),
});
const loadBody = shape<GameReport>({
  sessions: list(shape<ListedSession>({ id: anyText, sub: optional(anyText) }), 0, MAX_SESSIONS),
  capacity: optional(integer(0, 65_535)),
  participants: optional(list(text('a name of up to 100 characters', /^.{0,100}$/s), 0, MAX_PARTICIPANTS)),
  description: optional(anyDescription),
  ready: optional(flag),
});

/** What no token is needed for: it says how the server stands and nothing of who is on it. */
const OPEN: ReadonlySet<string> = new Set(['/healthz', '/metrics']);

type Route = (request: HttpRequest, id: string) => HttpResponse | Promise<HttpResponse>;

/** The API that an agent offers the game beside it, on loopback (docs/AGENT.md, "API for the game"). */
export function createLoopbackApi({ slot, token, roster, more = () => [] }: LoopbackApiOptions): HttpHandler {
  const routes: Readonly<Record<string, Readonly<Record<string, Route>>>> = {
    '/sessions': {
      GET: () => json(200, { sessions: slot.sessions().map(({ id, sub }) => ({ id, sub })) }),
      POST: (request) => postSession(slot, request),
    },
    '/sessions/': {
      DELETE: (_request, id) => (slot.end(id) ? empty() : problemResponse('agent.unknown-session')),
    },
    '/load': { PUT: (request) => putLoad(slot, request) },
    '/ready': { POST: () => done(() => slot.ready()) },
    '/drain': { POST: () => done(() => slot.drain()) },
    '/servers': { GET: () => getServers(roster) },
    '/metrics': { GET: () => metricsResponse(prometheusText([...more(), ...slot.metrics()])) },
    '/healthz': {
      GET: () => {
        const { isGood, facts } = slot.health();
        return json(isGood ? 200 : 503, facts);
      },
    },
  };
  return async (request) => {
    const [, path = '', id = ''] = /^(\/sessions\/)([^/]+)$/.exec(request.path) ?? ['', request.path];
    const methods = Object.hasOwn(routes, path) ? routes[path] : undefined;
    if (!OPEN.has(path) && !isAuthorized(request.headers['authorization'], token)) {
      return problemResponse('http.unauthorized', { headers: { 'www-authenticate': 'Bearer' } });
    }
    if (!methods || (path === '/sessions/' && id === '')) return problemResponse('http.not-found');
    const route = Object.hasOwn(methods, request.method) ? methods[request.method] : undefined;
    if (!route) {
      return problemResponse('http.method-not-allowed', { headers: { allow: Object.keys(methods).join(', ') } });
    }
    const decoded = decode(id);
    return decoded === undefined ? problemResponse('http.not-found') : await route(request, decoded);
  };
}

async function postSession(slot: GameFacing, request: HttpRequest): Promise<HttpResponse> {
  if (slot.isCounted) return onlyCounted();
  const body = readJson(request, sessionsBody);
  if (!body.ok) return problemResponse('http.bad-request', { errors: body.errors });
  const { ticket, client } = body.value;
  const entry = await slot.enter(ticket, client === undefined ? undefined : toBase64Url(Buffer.from(client)));
  if (!entry.ok) return refused(entry);
  const { id, sub } = entry.session as SeatSession;
  return json(entry.resumed ? 200 : 201, { id, sub, resumed: entry.resumed });
}

function putLoad(slot: GameFacing, request: HttpRequest): HttpResponse {
  if (slot.isCounted) return onlyCounted();
  const body = readJson(request, loadBody);
  if (!body.ok) return problemResponse('http.bad-request', { errors: body.errors });
  return done(() => slot.report(body.value));
}

async function getServers(roster: LoopbackApiOptions['roster']): Promise<HttpResponse> {
  try {
    const { version, entries, state, suspect, sessions, capacity, free } = await roster();
    const servers = entries.map(({ server: { zone: _zone, maxCapacity: _most, ...server } }, index) => ({
      ...server,
      status: suspect[index] === 1 ? 'suspect' : STATES[state[index]!],
      sessions: sessions[index],
      capacity: capacity[index],
      free: free[index],
    }));
    return json(200, { rosterVersion: version, servers });
  } catch (error) {
    if (error instanceof OnedoorError) return problemResponse(error.code);
    throw error;
  }
}

function onlyCounted(): HttpResponse {
  return problemResponse('http.bad-request', {
    detail: 'this game is counted by a query; only --load api keeps sessions',
  });
}

function refused({ code, detail, retryAfterMs }: Refusal): HttpResponse {
  return problemResponse(code, { detail, retryAfterMs });
}

function done(act: () => void): HttpResponse {
  act();
  return empty();
}

function empty(): HttpResponse {
  return { status: 204, headers: {}, body: '' };
}

function json(status: number, value: unknown): HttpResponse {
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
  return { status, headers, body: JSON.stringify(value) };
}

function decode(id: string): string | undefined {
  try {
    return decodeURIComponent(id);
  } catch {
    return undefined;
  }
}
