import { randomUUID } from 'node:crypto';
import type { Assigner } from '../../core/assign/assigner.ts';
import type { ReleaseDesk } from '../../core/assign/release-desk.ts';
import type { SameAnswer } from '../../core/assign/same-answer.ts';
import { type ErrorCode, OnedoorError, refuse } from '../../core/errors.ts';
import type { PublicKey, Signer } from '../../core/ports.ts';
import type { RosterView } from '../../core/registry/roster.ts';
import type { SourceLimit } from '../../core/source-limit.ts';
import type { ReportDesk } from '../../core/suspect/reports.ts';
import { jwks } from '../../core/ticket/jwks.ts';
import { parseAddress } from '../../core/wire/address.ts';
import type { KeepaliveTiming } from '../../core/wire/packet.ts';
import { type Answer, jsonAnswer } from './answer.ts';
import { createAssignRoute } from './assign-route.ts';
import { problemResponse } from './problem.ts';
import { createReleaseRoute } from './release-route.ts';
import { createReportRoute } from './report-route.ts';
import { createRosterRoutes } from './roster-routes.ts';
import { createRouter, type Handlers } from './router.ts';
import type { HttpHandler, HttpRequest, HttpResponse } from './types.ts';

export interface ApiOptions {
  readonly assigner: Pick<Assigner, 'assign'>;
  /** For requests with a key. */
  readonly same: SameAnswer;
  readonly roster: {
    view(): RosterView;
    /** Makes the view as new as it need be; false if there is none that can be answered from. */
    refresh(): boolean | Promise<boolean>;
  };
  /** Signs the roster. */
  readonly signer: Signer;
  /** The keys to publish. */
  readonly publicKeys: () => Promise<readonly PublicKey[]>;
  readonly releases: ReleaseDesk;
  readonly reports: ReportDesk;
  /** How much one source may ask for. @default as much as it likes */
  readonly limit?: SourceLimit;
  /** What clients are told about keepalives. */
  readonly keepalive: KeepaliveTiming;
  /** Told of every request once it is answered. @default nobody */
  readonly report?: (record: RequestRecord) => void;
}

/** One line of an access log. Holds no ticket and nothing of the body. */
export interface RequestRecord {
  readonly requestId: string;
  readonly method: string;
  /** The template of the path, or `unknown`. */
  readonly route: string;
  readonly status: number;
  readonly code?: ErrorCode;
  /** What was thrown: never for the client's eyes. */
  readonly err?: unknown;
}

const RETRY_UNAVAILABLE_MS = 1_000;
const UNAVAILABLE = refuse('assign.unavailable', { retryAfterMs: RETRY_UNAVAILABLE_MS });
/** The next key is published long before it signs, so this may be stale for a while. */
const KEYS_CACHE = 'public, max-age=300';
const HEALTHY = jsonAnswer(200, { status: 'ok' });

const EVERYWHERE = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'etag, retry-after, roster-signature, x-request-id',
  'x-content-type-options': 'nosniff',
};

/** The HTTP API of docs/openapi.yaml: total, no request makes it throw. */
export function createApi(options: ApiOptions): HttpHandler {
  const { report = () => {} } = options;
  const route = limited(createRouter(createHandlers(options)), options.limit);
  return (request) => {
    const { method } = request;
    const requestId = requestIdOf(request);
    let template = 'unknown';
    const done = (answer: Answer, failure?: { readonly err: unknown }): HttpResponse => {
      const refused = 'code' in answer ? answer : undefined;
      const response = 'code' in answer ? problemResponse(answer.code, answer) : answer;
      const code = refused && { code: refused.code };
      report({ requestId, method, route: template, ...failure, status: response.status, ...code });
      return finish(request, response, requestId);
    };
    const failed = (err: unknown): HttpResponse => done(answerTo(err), { err });
    try {
      const routed = route(request);
      template = routed.route;
      const { answer } = routed;
      return answer instanceof Promise ? answer.then((given) => done(given), failed) : done(answer);
    } catch (err) {
      return failed(err);
    }
  };
}

function createHandlers({
  assigner,
  same,
  roster,
  signer,
  publicKeys,
  keepalive,
  releases,
  reports,
}: ApiOptions): Handlers {
  const fresh = <N extends keyof Handlers>(handler: Handlers[N]): Handlers[N] =>
    ((input: Parameters<Handlers[N]>[0]) => {
      const handle = (isFresh: boolean) => (isFresh ? handler(input as never) : UNAVAILABLE);
      const isFresh = roster.refresh();
      return typeof isFresh === 'boolean' ? handle(isFresh) : isFresh.then(handle);
    }) as Handlers[N];
  const { apps, worlds, servers } = createRosterRoutes({ view: roster.view, signer });
  return {
    assign: fresh<'assign'>(createAssignRoute({ assigner, same, keepalive })),
    release: fresh<'release'>(createReleaseRoute(releases)),
    apps: fresh<'apps'>(apps),
    worlds: fresh<'worlds'>(worlds),
    servers: fresh<'servers'>(servers),
    report: fresh<'report'>(createReportRoute(reports)),
    keys: async () => jsonAnswer(200, jwks(await publicKeys()), KEYS_CACHE),
    health: () => HEALTHY,
  };
}

type Route = ReturnType<typeof createRouter>;

/** Requests without an address, as the load balancer asks for the health, are not counted. */
function limited(route: Route, limit: SourceLimit | undefined): Route {
  if (!limit) return route;
  return (request) => {
    const address = parseAddress(request.sourceAddress);
    const retryAfterMs = address === undefined ? 0 : limit.waitMs(address);
    return retryAfterMs === 0
      ? route(request)
      : { route: 'limited', answer: refuse('door.rate-limited', { retryAfterMs }) };
  };
}

/** The registry's own codes would tell clients about our insides; for them it is one thing. */
function answerTo(err: unknown): Answer {
  const away = err instanceof OnedoorError && err.code.startsWith('registry.');
  return away ? UNAVAILABLE : refuse('http.internal');
}

function finish(request: HttpRequest, response: HttpResponse, requestId: string): HttpResponse {
  const headers = { ...response.headers, ...EVERYWHERE, 'x-request-id': requestId };
  if (request.method !== 'HEAD') return { status: response.status, headers, body: response.body };
  const length = String(Buffer.byteLength(response.body));
  return { status: response.status, headers: { ...headers, 'content-length': length }, body: '' };
}

/** The client's own id, else that of the load balancer, so that its log and ours speak of the same request. */
function requestIdOf({ headers }: HttpRequest): string {
  const given = headers['x-request-id'];
  if (given !== undefined && /^[\w.-]{1,64}$/.test(given)) return given;
  const traced = /^(?:Self=[\w;-]+;)?Root=([\w-]{1,64})/.exec(headers['x-amzn-trace-id'] ?? '');
  return traced?.[1] ?? randomUUID();
}
