import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';

/** What the game asks of the agent beside it (docs/AGENT.md, "API for the game"). */
export interface AgentLink {
  /** A player is at the door. Refused with the agent's code, `agent.not-ready` while there is no agent to ask. */
  join(ticket: string | undefined): Promise<{ ok: true; session: Session } | { ok: false; code: string }>;
  /** The session is over. False: the agent could not be told, tell it again. */
  leave(session: string): Promise<boolean>;
  /** The other servers of this app and world; none while the agent cannot be asked. */
  servers(): Promise<readonly NeighbourServer[]>;
  /** Sign of life, with all that the agent cannot know by itself. */
  report(load: GameLoad): Promise<void>;
}

/** A session as the agent named it; the game gives both back with every report. */
export interface Session {
  readonly id: string;
  /** Whose ticket it came by; absent without a ticket. */
  readonly sub?: string;
}

/** Another server of the same world, in this group or another one. */
export interface NeighbourServer {
  readonly id: string;
  readonly group: string;
  /** Where its lobby is. */
  readonly lobby: string;
}

export interface GameLoad {
  /** The sessions whose players are here. */
  readonly sessions: readonly Session[];
  readonly capacity: number;
  readonly participants: readonly string[];
  /** For the lobby. */
  readonly description?: string;
}

/** An agent that does not answer for this long counts as absent: a player waits for it. */
const TIMEOUT_MS = 2_000;
const MAX_ANSWER_BYTES = 1_048_576;

/** What is looked at of a server in the agent's list. */
interface Listed {
  readonly id: string;
  readonly app: string;
  readonly world: string;
  readonly group: string;
  readonly ipv4?: string;
  readonly ports: Readonly<Record<string, number>>;
}

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/**
 * @param url where the agent's loopback API is, e.g. `http://127.0.0.1:7100`
 * @param tokenFile file with the API's bearer token; read for each call, since the agent may start after the game
 */
export function createAgentLink(url: string, tokenFile: string): AgentLink {
  const keepAlive = new Agent({ keepAlive: true });
  const call = (method: string, path: string, body?: unknown): Promise<Answer> => {
    const payload = body === undefined ? '' : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${readFileSync(tokenFile, 'utf8').trim()}`,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(payload),
      };
      const sent = request(new URL(path, url), { method, headers, agent: keepAlive, timeout: TIMEOUT_MS }, (reply) => {
        let text = '';
        reply.setEncoding('utf8');
        reply.on('data', (chunk: string) => {
          text += chunk;
          if (text.length > MAX_ANSWER_BYTES) sent.destroy(new Error('answer too long'));
        });
        reply.on('end', () => resolve({ status: reply.statusCode ?? 0, body: parseObject(text) }));
        reply.on('error', reject);
      });
      sent.on('timeout', () => sent.destroy(new Error('no answer')));
      sent.on('error', reject);
      sent.end(payload);
    });
  };
  return {
    async join(ticket) {
      const answer = await call('POST', '/sessions', ticket === undefined ? {} : { ticket }).catch(() => undefined);
      const { id, sub, code } = answer?.body ?? {};
      if (answer && answer.status < 300 && typeof id === 'string') {
        return { ok: true, session: { id, ...(typeof sub === 'string' && { sub }) } };
      }
      return { ok: false, code: typeof code === 'string' ? code : 'agent.not-ready' };
    },
    async leave(session) {
      const answer = await call('DELETE', `/sessions/${encodeURIComponent(session)}`).catch(() => undefined);
      return answer !== undefined && (answer.status < 300 || answer.status === 404);
    },
    async servers() {
      const [self, all] = await Promise.all([call('GET', '/healthz'), call('GET', '/servers')]).catch(() => []);
      return neighbours(self?.body['serverId'], all?.body['servers']);
    },
    async report(load) {
      // An agent that is away is no trouble of the game's: the next report finds it, or the one after.
      await call('PUT', '/load', load).catch(() => undefined);
    },
  };
}

/** Servers with a lobby, of the app and world that `self` serves, without itself. */
function neighbours(self: unknown, servers: unknown): NeighbourServer[] {
  const all = Array.isArray(servers) ? (servers as readonly Listed[]) : [];
  const own = all.find(({ id }) => id === self);
  return all.flatMap(({ id, app, world, group, ipv4, ports }) => {
    const isOther = own !== undefined && id !== self && app === own.app && world === own.world;
    if (!isOther || ipv4 === undefined || ports['lobby'] === undefined) return [];
    return [{ id, group, lobby: `http://${ipv4}:${ports['lobby']}` }];
  });
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
