import { problemResponse } from '../adapters/http/problem.ts';
import type { HttpResponse } from '../adapters/http/types.ts';
import type { LobbyFacts } from './lobby.ts';

/** The lobby's changes as server-sent events (HTML Standard, section 9.2; docs/AGENT.md, "What it tells anybody"). */
export interface LobbyFeed {
  /** The answer to one listener, with these header fields beside its own. */
  answer(headers: Readonly<Record<string, string>>): HttpResponse;
}

/** How soon a change is told. */
const LOOK_MS = 100;
/** A comment for proxies and for the server's own idle limit, which would close a connection without traffic. */
const COMMENT_MS = 10_000;
/** Each change is written to all of them. */
const MAX_LISTENERS = 256;
const RETRY_MS = 1_000;

/** Nobody looks while nobody listens. */
export function createLobbyFeed(facts: () => LobbyFacts | undefined): LobbyFeed {
  const listeners = new Set<(text: string) => void>();
  let last: LobbyFacts | undefined;
  let looker: NodeJS.Timeout | undefined;
  let quietMs = 0;

  const tell = (text: string): void => {
    quietMs = 0;
    for (const write of listeners) write(text);
  };
  const look = (): void => {
    quietMs += LOOK_MS;
    const now = facts();
    if (now && last) for (const text of changes(last, now)) tell(text);
    last = now ?? last;
    if (quietMs >= COMMENT_MS) tell(':\n\n');
  };
  return {
    answer(headers) {
      if (listeners.size >= MAX_LISTENERS) return problemResponse('agent.full', { headers, retryAfterMs: RETRY_MS });
      // Those who listen already hear of what changed until now as changes, the new one as it is.
      look();
      return {
        status: 200,
        headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store', ...headers },
        body: `retry: ${RETRY_MS}\n\n${last ? event('lobby', last) : ''}`,
        goOn(write) {
          listeners.add(write);
          looker ??= setInterval(look, LOOK_MS);
          return () => {
            listeners.delete(write);
            if (listeners.size > 0) return;
            clearInterval(looker);
            looker = undefined;
            last = undefined;
          };
        },
      };
    },
  };
}

/** `left` and `joined`, then `lobby` with all there is, if anything but the names has changed. */
function* changes(before: LobbyFacts, now: LobbyFacts): Generator<string> {
  const { participants: old, ...rest } = before;
  const { participants, ...others } = now;
  for (const name of without(old, participants)) yield event('left', { name });
  for (const name of without(participants, old)) yield event('joined', { name });
  if (JSON.stringify(rest) !== JSON.stringify(others)) yield event('lobby', now);
}

/** The names of `all` that are not among `others`; each of several of one name counts. */
function without(all: readonly string[], others: readonly string[]): string[] {
  const left = [...others];
  return all.filter((name) => {
    const at = left.indexOf(name);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

function event(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
