import {
  fieldsOf,
  isCount,
  listOf,
  type PlainGrant,
  parseJson,
  type RosterServer,
  readGrant,
  readRoster,
} from './http-answers.ts';

/** One HTTP exchange, however it is carried. Rejects if there is no answer. */
export type Send = (request: {
  readonly method: 'GET' | 'POST';
  /** Begins with `/`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}) => Promise<{
  readonly status: number;
  header(name: string): string | undefined;
  readonly body: string;
}>;

/** Makes the error of a code. */
export type Fail = (code: string, payload: Readonly<Record<string, unknown>>, cause?: unknown) => Error;

/** Which servers. */
export interface RosterQuery {
  readonly app?: string;
  readonly world?: string;
}

/** The query of whoever plays this app and world, where they are said. */
export function rosterQueryOf(names: {
  readonly app?: string | undefined;
  readonly world?: string | undefined;
}): RosterQuery {
  const { app, world } = names;
  return { ...(app !== undefined && { app }), ...(world !== undefined && { world }) };
}

/** A page of the roster as it came, for keeping. */
export interface SignedPage {
  readonly body: string;
  /** `Roster-Signature`: a detached JWS of the body; "" if the door sent none. */
  readonly signature: string;
}

export interface HttpRoster {
  readonly version: number;
  readonly servers: readonly RosterServer[];
  readonly pages: readonly SignedPage[];
}

/** The last roster of one page, so that it need not come again as long as it has not changed. */
export interface RosterMemory {
  last?: { readonly path: string; readonly etag: string; readonly roster: HttpRoster };
}

/** Sums over servers. */
export interface Usage {
  readonly servers: number;
  /** Clients there now. */
  readonly sessions: number;
  readonly capacity: number;
  readonly free: number;
}
export interface MenuWorld extends Usage {
  readonly world: string;
  readonly groups: readonly string[];
}
export interface MenuApp extends Usage {
  readonly app: string;
  readonly worlds: readonly MenuWorld[];
}

export type AssignAnswer =
  | { readonly ok: true; readonly grant: PlainGrant }
  | {
      readonly ok: false;
      readonly code: string;
      readonly retryAfterMs?: number;
      readonly detail?: string;
      readonly wait?: string;
    };

/** Pages of a roster that are fetched at most: 10,000 servers. */
const MAX_PAGES = 10;

export interface HttpApi {
  /** POST /v1/assignments; undefined if the answer cannot be understood. Rejects if there is none. */
  assign(fields: object): Promise<AssignAnswer | undefined>;
  /** All pages of GET /v1/servers; those that have not changed do not come again. */
  roster(query: RosterQuery): Promise<HttpRoster>;
  menu(): Promise<readonly MenuApp[]>;
  report(ticket: string, reason: 'silent' | 'refused'): Promise<void>;
  /** The public keys, as the JSON text of a JWKS. */
  keys(): Promise<string>;
}

/** The HTTP API of the door. */
export function createHttpApi(send: Send, fail: Fail, memory: RosterMemory = {}): HttpApi {
  const call = async (request: Parameters<Send>[0]) => {
    try {
      return await send(request);
    } catch (cause) {
      throw fail('client.no-answer', { path: request.path }, cause);
    }
  };
  const get = async (path: string, headers: Readonly<Record<string, string>> = {}) => {
    const reply = await call({ method: 'GET', path, headers });
    if (reply.status !== 200 && reply.status !== 304) throw failed(reply, fail);
    return reply;
  };
  const getList = async (path: string, name: string): Promise<readonly Record<string, unknown>[]> =>
    listOf(fieldsOf(parseJson((await get(path)).body))[name]).map(fieldsOf);

  return {
    async assign(fields) {
      const reply = await send({ method: 'POST', path: '/v1/assignments', body: JSON.stringify(fields) });
      if (reply.status !== 201) return problemOf(reply);
      const grant = readGrant(parseJson(reply.body));
      return grant && { ok: true, grant };
    },
    async roster(query) {
      const pages: SignedPage[] = [];
      const servers: RosterServer[] = [];
      const first = `/v1/servers${queryOf({ ...query })}`;
      const { last } = memory;
      const known = last?.path === first ? last : undefined;
      let version = 0;
      for (let path: string | undefined = first; path !== undefined && pages.length < MAX_PAGES; ) {
        const reply: Reply = await get(path, known && path === first ? { 'if-none-match': known.etag } : {});
        const signature = reply.header('roster-signature') ?? '';
        // The same body, signed anew.
        if (reply.status === 304 && known) {
          return { ...known.roster, pages: known.roster.pages.map(({ body }) => ({ body, signature })) };
        }
        const page = readRoster(parseJson(reply.body));
        if (!page) throw fail('client.no-answer', { path, got: reply.body.slice(0, 80) });
        if (path === first) version = page.version;
        pages.push({ body: reply.body, signature });
        servers.push(...page.servers);
        const etag = reply.header('etag');
        const { next } = page;
        path = next === undefined ? undefined : `/v1/servers${queryOf({ ...query, after: next })}`;
        // Only a roster of one page is known by one tag.
        if (path === undefined && pages.length === 1 && etag !== undefined) {
          memory.last = { path: first, etag, roster: { version, servers, pages } };
        }
      }
      return { version, servers, pages };
    },
    async menu() {
      const apps = await getList('/v1/apps', 'apps');
      const worldsOf = async (app: string): Promise<readonly MenuWorld[]> =>
        (await getList(`/v1/apps/${encodeURIComponent(app)}/worlds`, 'worlds')).map((world) => ({
          world: String(world['world']),
          groups: listOf(world['groups']).map(String),
          ...usageOf(world),
        }));
      return Promise.all(
        apps.map(async (fields) => {
          const app = String(fields['app']);
          return { app, ...usageOf(fields), worlds: await worldsOf(app) };
        }),
      );
    },
    async report(ticket, reason) {
      const reply = await call({ method: 'POST', path: '/v1/reports', body: JSON.stringify({ ticket, reason }) });
      if (reply.status >= 300) throw failed(reply, fail);
    },
    keys: async () => (await get('/.well-known/jwks.json')).body,
  };
}

function usageOf({ servers, sessions, capacity, free }: Record<string, unknown>): Usage {
  const count = (value: unknown): number => (isCount(value) ? value : 0);
  return { servers: count(servers), sessions: count(sessions), capacity: count(capacity), free: count(free) };
}

function queryOf(fields: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`;
}

type Reply = Awaited<ReturnType<Send>>;

/** A problem document (RFC 9457); the wait stands in it, or in whole seconds in Retry-After. */
function problemOf(reply: Reply): (AssignAnswer & { readonly ok: false }) | undefined {
  const { code, detail, retryAfterMs, wait } = fieldsOf(parseJson(reply.body));
  if (typeof code !== 'string') return undefined;
  const waitMs = isCount(retryAfterMs) ? retryAfterMs : Number(reply.header('retry-after')) * 1_000;
  return {
    ok: false,
    code,
    ...(waitMs >= 0 && { retryAfterMs: waitMs }),
    ...(typeof detail === 'string' && { detail }),
    ...(typeof wait === 'string' && { wait }),
  };
}

function failed(reply: Reply, fail: Fail): Error {
  const { code, ok: _, ...payload } = problemOf(reply) ?? { ok: false, code: 'client.no-answer' };
  return fail(code, { ...payload, status: reply.status });
}
