import { refuse } from '../../core/errors.ts';
import { type Answer, badRequest, type Refused } from './answer.ts';
import { parseBody, parseQueryBy } from './parse.ts';
import { ROUTES, type RouteName } from './routes.ts';
import type { Rule } from './rules.ts';
import type { HttpRequest } from './types.ts';

type Output<R, K extends string> = R extends { readonly [P in K]: Rule<infer T> } ? T : undefined;

/** A request that fits its route. */
export interface RouteInput<N extends RouteName> {
  readonly request: HttpRequest;
  readonly body: Output<(typeof ROUTES)[N], 'body'>;
  readonly query: Output<(typeof ROUTES)[N], 'query'>;
  /** The path's parameter, decoded; '' where it has none. */
  readonly param: string;
}

export type Handlers = { readonly [N in RouteName]: (input: RouteInput<N>) => Answer | Promise<Answer> };

/** Where a request goes. `route` is the template of its path, a word of few values for logs. */
interface Routed {
  readonly route: string;
  readonly answer: Answer | Promise<Answer>;
}

/** All that one path takes, by method. */
interface Target {
  readonly path: string;
  readonly methods: ReadonlyMap<string, RouteName>;
  /** `GET, HEAD, OPTIONS` */
  readonly allow: string;
}

const PREFLIGHT_SECONDS = 86_400;

/** Sends each request to its handler, parsed. */
export function createRouter(handlers: Handlers): (request: HttpRequest) => Routed {
  const targets = targetsByPath();
  const patterns = [...targets.values()].filter(({ path }) => path.includes('{')).map(toPattern);

  function find(path: string): { readonly target: Target; readonly param: string } | undefined {
    const target = targets.get(path);
    if (target) return { target, param: '' };
    for (const pattern of patterns) {
      const param = paramOf(pattern, path);
      if (param !== undefined) return { target: pattern.target, param };
    }
    return undefined;
  }

  return (request) => {
    const found = find(request.path);
    if (!found) return { route: 'unknown', answer: refuse('http.not-found') };
    const { methods, allow, path: route } = found.target;
    if (request.method === 'OPTIONS') return { route, answer: preflight(allow) };
    const name = methods.get(request.method);
    if (name === undefined) return { route, answer: { ...refuse('http.method-not-allowed'), headers: { allow } } };
    const input = readInput(name, request, found.param);
    return { route, answer: 'code' in input ? input : handlers[name](input as never) };
  };
}

function targetsByPath(): ReadonlyMap<string, Target> {
  const names = Object.keys(ROUTES) as RouteName[];
  const targets = new Map<string, Target>();
  for (const { path } of Object.values(ROUTES)) {
    const methods = new Map<string, RouteName>();
    for (const name of names.filter((candidate) => ROUTES[candidate].path === path)) {
      methods.set(ROUTES[name].method, name);
      // RFC 9110, section 9.3.2: HEAD is GET without its content; the body is taken away after the handler.
      if (ROUTES[name].method === 'GET') methods.set('HEAD', name);
    }
    targets.set(path, { path, methods, allow: [...methods.keys(), 'OPTIONS'].join(', ') });
  }
  return targets;
}

/** A path with a parameter: what stands before and after it. */
interface Pattern {
  readonly before: string;
  readonly after: string;
  readonly target: Target;
}

function toPattern(target: Target): Pattern {
  const [before = '', after = ''] = target.path.split(/\{[^}]*\}/);
  return { before, after, target };
}

/** The segment in the place of the parameter, or undefined if the path is another. */
function paramOf({ before, after }: Pattern, path: string): string | undefined {
  if (!path.startsWith(before) || !path.endsWith(after)) return undefined;
  const param = path.slice(before.length, path.length - after.length);
  return param === '' || param.includes('/') ? undefined : param;
}

/** What a browser asks before a request from another origin (Fetch standard, "CORS-preflight request"). */
function preflight(allow: string): Answer {
  const headers = {
    allow,
    'access-control-allow-methods': allow,
    'access-control-allow-headers': 'authorization, content-type, idempotency-key, if-none-match, x-request-id',
    'access-control-max-age': String(PREFLIGHT_SECONDS),
  };
  return { status: 204, headers, body: '' };
}

function readInput(name: RouteName, request: HttpRequest, rawParam: string): RouteInput<RouteName> | Refused {
  const route: (typeof ROUTES)[RouteName] = ROUTES[name];
  const param = decodeParam(rawParam);
  if (param === undefined) return badRequest([{ path: 'path', message: 'must be percent-encoded UTF-8' }]);
  const body = 'body' in route ? parseBody<object>(route.body, request.body) : undefined;
  if (body && 'code' in body) return body;
  const query = 'query' in route ? parseQueryBy<object>(route.query, request.query) : undefined;
  if (query && 'code' in query) return query;
  return { request, body: body?.value as never, query: query?.value, param };
}

function decodeParam(raw: string): string | undefined {
  if (!raw.includes('%')) return raw;
  try {
    return decodeURIComponent(raw);
  } catch {
    return undefined;
  }
}
