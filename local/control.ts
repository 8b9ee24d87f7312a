import { problemResponse } from '../adapters/http/problem.ts';
import type { HttpRequest, HttpResponse } from '../adapters/http/types.ts';
import type { Machine } from './fleet.ts';

/** What a person may do to a server of the local system: `POST /local/servers/{id}/{action}`. */
const ACTIONS: Readonly<Record<string, (machine: Machine) => void>> = {
  /** The whole machine: agent and game at once, never a polite close. */
  crash: ({ agent, game }) => {
    agent.kill('SIGKILL');
    game.kill('SIGKILL');
  },
  'crash-game': ({ game }) => game.kill('SIGKILL'),
  'crash-agent': ({ agent }) => agent.kill('SIGKILL'),
  /** Both stand still: packets vanish without a word, as behind a broken network. */
  freeze: ({ agent, game }) => {
    agent.kill('SIGSTOP');
    game.kill('SIGSTOP');
  },
  drain: ({ agent }) => agent.kill('SIGTERM'),
};

export const CONTROL_PREFIX = '/local/';

const json = (status: number, body: object): HttpResponse => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

/** Answers requests under `/local/`. 202: it is under way. `POST /local/servers` starts one more server. */
export function createControl(deps: {
  readonly machines: () => readonly Machine[];
  readonly add: () => Machine | undefined;
}): (request: HttpRequest) => HttpResponse {
  const { machines, add } = deps;
  return ({ method, path }) => {
    if (path === '/local/servers' && method === 'POST') {
      const machine = add();
      if (machine) return json(202, { id: machine.serverId });
      return problemResponse('http.bad-request', { detail: 'no address is left for another server' });
    }
    const match = /^\/local\/servers\/([^/]+)\/([a-z-]+)$/.exec(path);
    const action = match?.[2] !== undefined && Object.hasOwn(ACTIONS, match[2]) ? ACTIONS[match[2]] : undefined;
    if (!match || !action) {
      const known = Object.keys(ACTIONS).join(', ');
      return problemResponse('http.not-found', {
        detail: `known: POST /local/servers, POST /local/servers/{id}/ and one of ${known}`,
      });
    }
    if (method !== 'POST') return problemResponse('http.method-not-allowed', { headers: { allow: 'POST' } });
    // Ids need no percent-encoding, so what has any is no id.
    const machine = machines().find(({ serverId }) => serverId === match[1]);
    if (!machine) {
      const ids = machines().map(({ serverId }) => serverId);
      return problemResponse('http.not-found', { detail: `no such server; there are ${ids.join(', ') || 'none'}` });
    }
    action(machine);
    return json(202, { id: machine.serverId });
  };
}
