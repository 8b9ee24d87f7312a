import type { HttpHandler, HttpRequest, HttpResponse } from '../../adapters/http/types.ts';
import { type CallBody, readCallBody, readInt, readText, readTexts } from './call-body.ts';
import {
  addListValue,
  type Changed,
  connectPlayer,
  disconnectPlayer,
  own,
  removeListValue,
  setPlayerCapacity,
  updateCounter,
  updateList,
} from './counts.ts';
import type { AgonesDesk } from './desk.ts';
import { answer, errorResponse, isRpcError, type RpcError, rpcError } from './rpc-error.ts';
import { createAgonesWatch } from './watch.ts';

/** What a call answers: a JSON document, a refusal, or a whole response. */
type Result = { readonly json: unknown } | RpcError | HttpResponse;
type Call = (body: CallBody, name: string) => Result;
type Calls = Readonly<Record<string, Call>>;

const DONE: Result = { json: {} };
const MAX_RESERVE_SECONDS = 7 * 86_400;
const MAX_LABELS = 64;

/**
 * The REST calls of Agones' game server SDK: paths, methods and fields of sdks/swagger/{sdk,beta,alpha}.swagger.json in
 * googleforgames/agones. No token, as there: the port is on loopback. Pages of a browser on this machine can reach that
 * too, so that a request with an origin is refused.
 */
export function createAgonesApi(desk: AgonesDesk): HttpHandler {
  const routes: readonly (readonly [RegExp, Calls])[] = [
    ...lifecycle(desk),
    ...metadata(desk),
    ...players(desk),
    ...counters(desk),
    ...lists(desk),
  ];
  return (request) => {
    if (request.headers['origin'] !== undefined) {
      return errorResponse(rpcError('PERMISSION_DENIED', 'this API is not for pages of a browser'));
    }
    for (const [path, calls] of routes) {
      const match = path.exec(request.path);
      if (match) return respond(request, calls, match[1] ?? '');
    }
    return errorResponse(rpcError('NOT_FOUND', 'Not Found'));
  };
}

function respond(request: HttpRequest, calls: Calls, rawName: string): HttpResponse {
  const call = Object.hasOwn(calls, request.method) ? calls[request.method] : undefined;
  // Agones' gateway answers a wrong method so (google.rpc.Code UNIMPLEMENTED).
  if (!call) return errorResponse(rpcError('UNIMPLEMENTED', 'Method Not Allowed'));
  const name = decode(rawName);
  if (name === undefined) return errorResponse(rpcError('INVALID_ARGUMENT', 'the path must be percent-encoded UTF-8'));
  const body = readCallBody(request);
  if (isRpcError(body)) return errorResponse(body);
  const result = call(body, name);
  if (isRpcError(result)) return errorResponse(result);
  return 'json' in result ? answer(200, result.json) : result;
}

function lifecycle(desk: AgonesDesk): (readonly [RegExp, Calls])[] {
  const watch = createAgonesWatch(() => desk.document());
  desk.onChange(() => watch.look());
  const done = (act: () => void): Calls => ({
    POST: () => {
      act();
      return DONE;
    },
  });
  return [
    [/^\/ready$/, done(() => desk.ready())],
    [/^\/health$/, done(() => desk.health())],
    [/^\/allocate$/, done(() => desk.allocate())],
    [/^\/shutdown$/, done(() => desk.shutdown())],
    [
      /^\/reserve$/,
      {
        POST: (body) => {
          const seconds = readInt(body, 'seconds') ?? 0;
          if (typeof seconds !== 'number') return seconds;
          if (seconds < 0 || seconds > MAX_RESERVE_SECONDS) {
            return rpcError('INVALID_ARGUMENT', `seconds must be from 0 to ${MAX_RESERVE_SECONDS}`);
          }
          desk.reserve(seconds);
          return DONE;
        },
      },
    ],
    [/^\/gameserver$/, { GET: () => ({ json: desk.document() }) }],
    [/^\/watch\/gameserver$/, { GET: () => watch.answer() }],
  ];
}

function metadata(desk: AgonesDesk): (readonly [RegExp, Calls])[] {
  const put = (known: () => object, set: (key: string, value: string) => void): Calls => ({
    PUT: (body) => {
      const key = readText(body, 'key');
      if (typeof key !== 'string') return key;
      const value = body['value'] === '' || body['value'] === undefined ? '' : readText(body, 'value');
      if (typeof value !== 'string') return value;
      if (Object.keys(known()).length >= MAX_LABELS) return rpcError('RESOURCE_EXHAUSTED', `at most ${MAX_LABELS}`);
      set(key, value);
      return DONE;
    },
  });
  return [
    [
      /^\/metadata\/label$/,
      put(
        () => desk.facts.labels,
        (key, value) => desk.setLabel(key, value),
      ),
    ],
    [
      /^\/metadata\/annotation$/,
      put(
        () => desk.facts.annotations,
        (key, value) => desk.setAnnotation(key, value),
      ),
    ],
  ];
}

function players(desk: AgonesDesk): (readonly [RegExp, Calls])[] {
  const isThere = (id: string): boolean => desk.facts.players.ids.includes(id);
  /** Done only where somebody comes who was not there, or goes who was. */
  const move = (change: (facts: AgonesDesk['facts'], id: string) => Changed, fits: (id: string) => boolean): Calls => ({
    POST: (body) => {
      const id = readText(body, 'playerID');
      if (typeof id !== 'string') return id;
      if (!fits(id)) return { json: { bool: false } };
      return desk.count(change(desk.facts, id)) ?? { json: { bool: true } };
    },
  });
  return [
    [/^\/alpha\/player\/connect$/, move(connectPlayer, (id) => !isThere(id))],
    [/^\/alpha\/player\/disconnect$/, move(disconnectPlayer, isThere)],
    [/^\/alpha\/player\/connected$/, { GET: () => ({ json: { list: desk.facts.players.ids } }) }],
    [/^\/alpha\/player\/connected\/([^/]+)$/, { GET: (_, id) => ({ json: { bool: isThere(id) } }) }],
    [/^\/alpha\/player\/count$/, { GET: () => ({ json: { count: String(desk.facts.players.ids.length) } }) }],
    [
      /^\/alpha\/player\/capacity$/,
      {
        GET: () => ({ json: { count: String(desk.facts.players.capacity) } }),
        PUT: (body) => {
          const count = readInt(body, 'count') ?? 0;
          return typeof count === 'number' ? (desk.count(setPlayerCapacity(desk.facts, count)) ?? DONE) : count;
        },
      },
    ],
  ];
}

function counters(desk: AgonesDesk): (readonly [RegExp, Calls])[] {
  const shown = (name: string): Result => {
    const counter = own(desk.facts.counters, name);
    if (!counter) return rpcError('NOT_FOUND', `counter not found: ${name}`);
    return { json: { name, count: String(counter.count), capacity: String(counter.capacity) } };
  };
  const patch: Call = (body, name) => {
    const update: Record<string, number> = {};
    for (const field of ['count', 'capacity', 'countDiff']) {
      const value = readInt(body, field);
      if (typeof value === 'object') return value;
      if (value !== undefined) update[field] = value;
    }
    return desk.count(updateCounter(desk.facts, name, update)) ?? shown(name);
  };
  return [[/^\/v1(?:alpha|beta)1\/counters\/([^/:]+)$/, { GET: (_, name) => shown(name), PATCH: patch }]];
}

function lists(desk: AgonesDesk): (readonly [RegExp, Calls])[] {
  const shown = (name: string): Result => {
    const list = own(desk.facts.lists, name);
    if (!list) return rpcError('NOT_FOUND', `list not found: ${name}`);
    return { json: { name, capacity: String(list.capacity), values: list.values } };
  };
  const patch: Call = (body, name) => {
    const capacity = readInt(body, 'capacity');
    if (typeof capacity === 'object') return capacity;
    const values = readTexts(body, 'values');
    if (values !== undefined && 'error' in values) return values;
    const update = { ...(capacity !== undefined && { capacity }), ...(values && { values }) };
    return desk.count(updateList(desk.facts, name, update)) ?? shown(name);
  };
  const change = (by: (facts: AgonesDesk['facts'], name: string, value: string) => Changed): Calls => ({
    POST: (body, name) => {
      const value = readText(body, 'value');
      return typeof value === 'string' ? (desk.count(by(desk.facts, name, value)) ?? shown(name)) : value;
    },
  });
  return [
    [/^\/v1(?:alpha|beta)1\/lists\/([^/:]+)$/, { GET: (_, name) => shown(name), PATCH: patch }],
    [/^\/v1(?:alpha|beta)1\/lists\/([^/:]+):addValue$/, change(addListValue)],
    [/^\/v1(?:alpha|beta)1\/lists\/([^/:]+):removeValue$/, change(removeListValue)],
  ];
}

function decode(name: string): string | undefined {
  try {
    return decodeURIComponent(name);
  } catch {
    return undefined;
  }
}
