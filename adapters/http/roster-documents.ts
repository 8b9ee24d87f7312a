import { createHash } from 'node:crypto';
import type { Signer } from '../../core/ports.ts';
import { type RosterView, STATES } from '../../core/registry/roster.ts';
import { toServerAnswer } from './assign-route.ts';
import { MAX_PAGE } from './request-limits.ts';
import type { AppsAnswer, RosterAnswer, RosterQuery, WorldsAnswer } from './schemas.ts';

type ListedServer = RosterAnswer['servers'][number];

/** A page of the roster, ready to send. */
export interface RosterPage {
  readonly body: string;
  readonly etag: string;
  /** Detached JWS of the body. */
  readonly signature: string;
  readonly signedAtMs: number;
}

/** What the API says of the roster; made when first asked for, kept until the next version. */
export interface RosterDocuments {
  page(view: RosterView, query: RosterQuery): RosterPage;
  apps(view: RosterView): AppsAnswer;
  /** Undefined if there is no such app. */
  worlds(view: RosterView, app: string): WorldsAnswer | undefined;
}

/** Pages kept of one version: queries are the clients' to choose, memory is not. */
const MAX_KEPT_PAGES = 16;
/** Clients keep a page for a start while the door is away, and judge its age by the time in the signature. */
const SIGN_AGAIN_MS = 60_000;

interface Edition {
  readonly view: RosterView;
  readonly revision: number;
  readonly servers: readonly ListedServer[];
  readonly pages: Map<string, RosterPage>;
}

export function createRosterDocuments(signer: Signer, wallMs: () => number = Date.now): RosterDocuments {
  let newest: Edition | undefined;

  function editionOf(view: RosterView): Edition {
    const { revision } = view;
    if (newest?.view !== view || newest.revision !== revision) {
      newest = { view, revision, servers: listServers(view), pages: new Map() };
    }
    return newest;
  }

  return {
    page(view, query) {
      const { servers, pages } = editionOf(view);
      const key = JSON.stringify(query);
      const kept = pages.get(key);
      const nowMs = wallMs();
      if (kept && nowMs - kept.signedAtMs < SIGN_AGAIN_MS) return kept;
      const page = signPage(kept?.body ?? JSON.stringify(pageOf(view.version, servers, query)), signer, nowMs);
      if (kept || pages.size < MAX_KEPT_PAGES) pages.set(key, page);
      return page;
    },
    apps: (view) => ({
      rosterVersion: view.version,
      apps: [...groupBy(editionOf(view).servers, ({ app }) => app)].map(([app, servers]) => ({
        app,
        worlds: new Set(servers.map(({ world }) => world)).size,
        ...usageOf(servers),
      })),
    }),
    worlds(view, app) {
      const servers = editionOf(view).servers.filter((server) => server.app === app);
      if (servers.length === 0) return undefined;
      return {
        rosterVersion: view.version,
        app,
        worlds: [...groupBy(servers, ({ world }) => world)].map(([world, inWorld]) => ({
          world,
          groups: [...new Set(inWorld.map(({ group }) => group))].sort(),
          ...usageOf(inWorld),
        })),
      };
    },
  };
}

/** Ordered by id, as the view is. Servers that are gone are left out: nobody can go there. */
function listServers(view: RosterView): ListedServer[] {
  return view.entries.flatMap(({ server }, index) => {
    const status = statusOf(view, index);
    if (!status) return [];
    return [
      {
        ...toServerAnswer(server),
        status,
        sessions: view.sessions[index]!,
        capacity: view.capacity[index]!,
        free: status === 'ready' ? view.listedFree[index]! : 0,
      },
    ];
  });
}

function statusOf({ state, open }: RosterView, index: number): ListedServer['status'] | undefined {
  const name = STATES[state[index]!]!;
  if (name === 'gone') return undefined;
  return name === 'ready' && open[index] !== 1 ? 'suspect' : name;
}

function pageOf(rosterVersion: number, servers: readonly ListedServer[], query: RosterQuery): RosterAnswer {
  const { app, world, group, after, limit = MAX_PAGE } = query;
  const wanted = servers.filter(
    (server) =>
      (app === undefined || server.app === app) &&
      (world === undefined || server.world === world) &&
      (group === undefined || server.group === group) &&
      (after === undefined || server.id > after),
  );
  const page = wanted.slice(0, limit);
  return { rosterVersion, servers: page, ...(page.length < wanted.length && { next: page.at(-1)!.id }) };
}

function usageOf(servers: readonly ListedServer[]) {
  const sum = (of: (server: ListedServer) => number): number => servers.reduce((total, each) => total + of(each), 0);
  return {
    servers: servers.length,
    sessions: sum(({ sessions }) => sessions),
    capacity: sum(({ capacity }) => capacity),
    free: sum(({ free }) => free),
  };
}

/** By name, in the order of the names. */
function groupBy<T>(items: readonly T[], nameOf: (item: T) => string): readonly (readonly [string, readonly T[]])[] {
  return [...Map.groupBy(items, nameOf)].sort(([a], [b]) => (a < b ? -1 : 1));
}

/**
 * A JWS with detached content (RFC 7515, appendix F): the middle part is left out, since the body is it. `typ` keeps a
 * roster from being taken for a ticket of the same key (RFC 8725, section 3.11); `iat` tells how old a kept one is.
 */
function signPage(body: string, signer: Signer, wallMs: number): RosterPage {
  const iat = Math.floor(wallMs / 1_000);
  const header = base64Url(JSON.stringify({ alg: 'EdDSA', kid: signer.kid, typ: 'roster', iat }));
  const signature = signer.sign(Buffer.from(`${header}.${base64Url(body)}`));
  return {
    body,
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
    signature: `${header}..${Buffer.from(signature).toString('base64url')}`,
    signedAtMs: wallMs,
  };
}

function base64Url(text: string): string {
  return Buffer.from(text).toString('base64url');
}
