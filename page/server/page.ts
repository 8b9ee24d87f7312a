import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { problemResponse } from '../../adapters/http/problem.ts';
import type { HttpHandler, HttpRequest, HttpResponse } from '../../adapters/http/types.ts';
import type { Clock } from '../../core/ports.ts';
import type { DoorFacts, EventKind, PageInfo } from '../wire.ts';
import type { PageAssets } from './assets.ts';
import { createExplainDesk, type ExplainDeps } from './explain.ts';
import { createFeed } from './feed.ts';
import { guardActing, guardReading } from './guard.ts';
import { createSteering, type SteerDeps } from './steer.ts';
import { rowsOf } from './view-rows.ts';

export interface PageDeps extends ExplainDeps, Omit<SteerDeps, 'onAsked'> {
  readonly title: string;
  readonly freshMs: number;
  readonly assets: PageAssets;
  /** What who acts must show. */
  readonly token: string;
  /** Brings `view` up to date, and gives what the door says of itself; undefined: it does not answer. Must not reject. */
  readonly look: () => Promise<DoorFacts | undefined>;
  readonly clock: Clock;
}

/** The page for operators: its files, its stream, and what it may ask for. Whoever has it opens it on loopback alone. */
export interface PageServer {
  /** Paths begin at `/`. */
  readonly handler: HttpHandler;
  /** Shows that something has happened. */
  tell(kind: EventKind, text: () => string): void;
  /** Serves these files from now on, and has those who look load them. */
  replace(assets: PageAssets): void;
  /** Looks around once a second from now on; gives what ends it. */
  start(): () => void;
}

/** For the HTTP server that the page is on: the first picture of many servers is long, and a tunnel is slow. */
export const PAGE_LIMITS = { maxUnreadBytes: 8 * 1024 * 1024, maxConnections: 64 } as const;

const TICK_MS = 1_000;
/** After a lost connection the browser comes again at once, then we say when. */
const STREAM_START = 'retry: 1000\n\n';
/** Everything comes from here, nothing is run but our own file, and no other page may frame or read it. */
const CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');
const FIELDS = {
  'cache-control': 'no-store',
  'content-security-policy': CSP,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

export function createPage(deps: PageDeps): PageServer {
  const { clock, title, policy, freshMs, view } = deps;
  const infoOf = (assets: PageAssets): PageInfo => ({
    ...{ build: buildOf(assets), title, policy: policy.name, freshMs, mayCrash: deps.crash !== undefined },
  });
  const feed = createFeed({ info: infoOf(deps.assets), rows: () => rowsOf(view()), look: deps.look, clock });
  const explain = createExplainDesk(deps);
  const steer = createSteering({ ...deps, onAsked: (text) => feed.tell('asked', () => text) });
  const acting = guardActing(deps.token);
  let files = filesOf(deps.assets);
  const stream: HttpResponse = {
    status: 200,
    headers: { ...FIELDS, 'content-type': 'text/event-stream' },
    body: STREAM_START,
    goOn: (write) => feed.watch(write),
  };
  const posts: Readonly<Record<string, (request: HttpRequest) => HttpResponse | Promise<HttpResponse>>> = {
    '/explain': explain,
    '/actions': steer,
  };

  const read = (request: HttpRequest): HttpResponse => {
    const problem = guardReading(request);
    if (problem !== undefined) return forbidden(problem);
    if (request.path === '/events') return stream;
    return answerFile(files[request.path]!, request);
  };

  return {
    async handler(request) {
      const { method, path } = request;
      if (Object.hasOwn(posts, path)) {
        if (method !== 'POST') return problemResponse('http.method-not-allowed', { headers: { allow: 'POST' } });
        const problem = path === '/actions' ? acting(request) : guardReading(request);
        return problem === undefined ? posts[path]!(request) : forbidden(problem);
      }
      if (path !== '/events' && !Object.hasOwn(files, path)) {
        return problemResponse('http.not-found', { detail: 'the page is at /' });
      }
      if (method !== 'GET' && method !== 'HEAD') {
        return problemResponse('http.method-not-allowed', { headers: { allow: 'GET, HEAD' } });
      }
      return read(request);
    },
    tell: (kind, text) => feed.tell(kind, text),
    replace(assets) {
      files = filesOf(assets);
      feed.begin(infoOf(assets));
    },
    start() {
      let isUnderWay = false;
      const tick = (): void => {
        if (isUnderWay) return;
        isUnderWay = true;
        void feed.tick().finally(() => {
          isUnderWay = false;
        });
      };
      tick();
      const timer = setInterval(tick, TICK_MS);
      return () => clearInterval(timer);
    },
  };
}

interface File {
  readonly type: string;
  readonly plain: string;
  readonly packed: Uint8Array;
}

function filesOf({ html, js, css }: PageAssets): Readonly<Record<string, File>> {
  return {
    '/': fileOf('text/html; charset=utf-8', html),
    '/page.js': fileOf('text/javascript; charset=utf-8', js),
    '/page.css': fileOf('text/css; charset=utf-8', css),
  };
}

function buildOf({ html, js, css }: PageAssets): string {
  return createHash('sha256')
    .update(JSON.stringify([html, js, css]))
    .digest('base64url')
    .slice(0, 12);
}

function fileOf(type: string, plain: string): File {
  return { type, plain, packed: gzipSync(plain, { level: 9 }) };
}

function answerFile({ type, plain, packed }: File, { headers }: HttpRequest): HttpResponse {
  const isPacked = /\bgzip\b/.test(headers['accept-encoding'] ?? '');
  return {
    status: 200,
    headers: {
      ...FIELDS,
      'content-type': type,
      vary: 'accept-encoding',
      ...(isPacked && { 'content-encoding': 'gzip' }),
    },
    body: isPacked ? packed : plain,
  };
}

function forbidden(detail: string): HttpResponse {
  return problemResponse('page.forbidden', { detail });
}
