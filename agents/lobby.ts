import { problemResponse } from '../adapters/http/problem.ts';
import type { HttpHandler, HttpResponse } from '../adapters/http/types.ts';
import type { LoadReading } from '../adapters/load/load-adapter.ts';
import type { Placement, ServerState } from '../core/registry/row.ts';
import { type LobbyPage, paginateLobby } from '../core/wire/lobby-page.ts';

/** What a server tells anybody of itself. */
export interface LobbyFacts {
  /** Short id of the server. */
  readonly id: string;
  readonly app: string;
  readonly world: string;
  readonly group: string;
  readonly sessions: number;
  readonly capacity: number;
  readonly state: ServerState;
  /** The session in progress in the app's own words; "" where the game tells nothing. */
  readonly description: string;
  readonly participants: readonly string[];
}

/** What is told of a server: where it stands, what its agent and its game say. */
export function lobbyFacts(
  { id, app, world, group }: Placement,
  sessions: number,
  { capacity, state }: { readonly capacity: number; readonly state: ServerState },
  { participants = [], description = '' }: Pick<LoadReading, 'participants' | 'description'>,
): LobbyFacts {
  return { id, app, world, group, sessions, capacity, state, description, participants };
}

const PATHS = ['/', '/events', '/healthz'];

/** The public lobby over HTTP: `GET /` for people and programs, `GET /events` for what changes, `GET /healthz`. */
export function createLobbyHandler(
  facts: () => LobbyFacts | undefined,
  feed: { answer(headers: Readonly<Record<string, string>>): HttpResponse },
): HttpHandler {
  return ({ path, method }) => {
    if (!PATHS.includes(path)) return problemResponse('http.not-found');
    if (method !== 'GET' && method !== 'HEAD') {
      return problemResponse('http.method-not-allowed', { headers: { allow: 'GET, HEAD' } });
    }
    const lobby = facts();
    if (!lobby) return problemResponse('agent.not-ready', { headers: OPEN });
    if (path === '/') return json(200, lobby);
    if (path === '/events') return feed.answer(OPEN);
    return json(lobby.state === 'ready' ? 200 : 503, { state: lobby.state });
  };
}

/** Pages of a browser may read it wherever they came from: it is public, and nothing can be done with it. */
const OPEN = { 'access-control-allow-origin': '*' };

function json(status: number, value: unknown): HttpResponse {
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store', ...OPEN };
  return { status, headers, body: JSON.stringify(value) };
}

/** The lobby as pages of the probe protocol, made anew only when something in it has changed. */
export function createLobbyPages(facts: () => LobbyFacts | undefined): () => readonly LobbyPage[] {
  let last = '';
  let version = 0;
  let pages: readonly LobbyPage[] = [];
  return () => {
    const lobby = facts();
    const text = JSON.stringify(lobby);
    if (lobby && text !== last) {
      last = text;
      const { app, world, sessions, capacity, description } = lobby;
      const participants = lobby.participants.map((name) => ({ name, info: '' }));
      pages = paginateLobby({ version: ++version, app, world, sessions, capacity, description, participants });
    }
    return pages;
  };
}
