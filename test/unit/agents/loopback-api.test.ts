import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { HttpResponse } from '../../../adapters/http/types.ts';
import { isAuthorized, loadApiToken } from '../../../adapters/system/api-token.ts';
import { createLobbyHandler, createLobbyPages, type LobbyFacts } from '../../../agents/lobby.ts';
import { createLobbyFeed } from '../../../agents/lobby-feed.ts';
import { createLoopbackApi, type GameFacing, type GameReport } from '../../../agents/loopback-api.ts';
import { OnedoorError, refuse } from '../../../core/errors.ts';
import { aServer, aView } from '../../support/builders.ts';
import { plantTree } from '../../support/temp-tree.ts';

const TOKEN = 'a-token-of-the-api';

interface Api {
  readonly calls: string[];
  readonly reports: GameReport[];
  call(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<{ status: number; body: Record<string, unknown> }>;
}

function anApi(
  slot: Partial<GameFacing> = {},
  roster = async () => aView([aServer({ sessions: 2, free: 8 })], 3),
): Api {
  const calls: string[] = [];
  const reports: GameReport[] = [];
  const handler = createLoopbackApi({
    token: TOKEN,
    roster,
    slot: {
      isCounted: false,
      enter: (ticket, shown) => {
        calls.push(`enter ${ticket} ${shown}`);
        return { ok: true, session: { id: 'g:1', sub: 'YW5u' }, resumed: ticket === 'again' };
      },
      end: (id) => id === 'g:1',
      sessions: () => [{ id: 'g:1', sub: 'YW5u', serial: 1 }],
      report: (report) => void reports.push(report),
      ready: () => void calls.push('ready'),
      drain: () => void calls.push('drain'),
      metrics: () => [],
      health: () => ({ isGood: true, facts: { state: 'ready' } }),
      ...slot,
    },
  });
  return {
    calls,
    reports,
    async call(method, path, body, headers = { authorization: `Bearer ${TOKEN}` }) {
      const text = typeof body === 'string' ? body : body === undefined ? undefined : JSON.stringify(body);
      const reply: HttpResponse = await handler({ method, path, headers, body: text, sourceAddress: '127.0.0.1' });
      return { status: reply.status, body: reply.body === '' ? {} : JSON.parse(String(reply.body)) };
    },
  };
}

describe('the API for the game', () => {
  it('admits with a ticket and without, and says who came back', async () => {
    const api = anApi();
    expect(await api.call('POST', '/sessions', { ticket: 't', client: 'ann' })).toEqual({
      status: 201,
      body: { id: 'g:1', sub: 'YW5u', resumed: false },
    });
    expect((await api.call('POST', '/sessions', { ticket: 'again' })).status).toBe(200);
    expect((await api.call('POST', '/sessions')).status).toBe(201);
    expect(api.calls).toEqual(['enter t YW5u', 'enter again undefined', 'enter undefined undefined']);
  });

  it('answers refusals as problems with their code', async () => {
    const api = anApi({ enter: async () => refuse('agent.full', { retryAfterMs: 1_000 }) });
    const { status, body } = await api.call('POST', '/sessions');
    expect([status, body['code'], body['retryAfterMs']]).toEqual([503, 'agent.full', 1_000]);
  });

  it('lists and ends sessions', async () => {
    const api = anApi();
    expect((await api.call('GET', '/sessions')).body).toEqual({ sessions: [{ id: 'g:1', sub: 'YW5u' }] });
    expect((await api.call('DELETE', '/sessions/g%3A1')).status).toBe(204);
    expect((await api.call('DELETE', '/sessions/g:2')).body['code']).toBe('agent.unknown-session');
    expect((await api.call('DELETE', '/sessions/%ff')).status).toBe(404);
    expect((await api.call('DELETE', '/sessions/')).status).toBe(404);
  });

  it('takes reports, and names everything that is wrong with one', async () => {
    const api = anApi();
    const report = {
      sessions: [{ id: 'g:1', sub: 'YW5u' }, { id: 'g:2' }],
      capacity: 5,
      participants: ['ann', ''],
      ready: false,
    };
    expect((await api.call('PUT', '/load', report)).status).toBe(204);
    expect(api.reports).toEqual([report]);
    const wrong = await api.call('PUT', '/load', { sessions: ['g:1'], capacity: -1, more: 1 });
    expect(wrong.status).toBe(400);
    expect((wrong.body['errors'] as { path: string }[]).map(({ path }) => path)).toEqual([
      'more',
      'sessions[0]',
      'capacity',
    ]);
    expect((await api.call('PUT', '/load')).status).toBe(400);
    expect((await api.call('PUT', '/load', '{')).body['errors']).toEqual([{ path: 'body', message: 'must be JSON' }]);
    expect(api.reports).toHaveLength(1);
  });

  it('hears that the game is ready, and that it wants to go', async () => {
    const api = anApi();
    for (const path of ['/ready', '/drain']) expect((await api.call('POST', path)).status).toBe(204);
    expect(api.calls).toEqual(['ready', 'drain']);
  });

  it('keeps no sessions where the game is only counted', async () => {
    const api = anApi({ isCounted: true });
    expect((await api.call('POST', '/sessions')).status).toBe(400);
    expect((await api.call('PUT', '/load', { sessions: [] })).status).toBe(400);
  });

  it('shows the other servers, or why it cannot', async () => {
    const { body } = await anApi().call('GET', '/servers');
    expect(body).toMatchObject({
      rosterVersion: 3,
      servers: [{ id: 'i-a.0', status: 'ready', sessions: 2, capacity: 10, free: 8 }],
    });
    const away = anApi({}, () => Promise.reject(new OnedoorError('registry.unreachable')));
    expect((await away.call('GET', '/servers')).body['code']).toBe('registry.unreachable');
  });

  it('tells its health to anybody, and the rest to nobody without the token', async () => {
    const api = anApi();
    expect(await api.call('GET', '/healthz', undefined, {})).toEqual({ status: 200, body: { state: 'ready' } });
    for (const headers of [{}, { authorization: 'Bearer wrong' }, { authorization: `Basic ${TOKEN}` }]) {
      for (const path of ['/sessions', '/load', '/nowhere']) {
        expect((await api.call('GET', path, undefined, headers as Record<string, string>)).status).toBe(401);
      }
    }
    const sick = anApi({ health: () => ({ isGood: false, facts: {} }) });
    expect((await sick.call('GET', '/healthz')).status).toBe(503);
  });

  it('knows its routes and their methods', async () => {
    const api = anApi();
    expect((await api.call('GET', '/nowhere')).status).toBe(404);
    expect((await api.call('GET', '/toString')).status).toBe(404);
    expect((await api.call('DELETE', '/load')).status).toBe(405);
    expect((await api.call('toString', '/load')).status).toBe(405);
  });
});

describe('the token of the API', () => {
  it('is made once, for its user alone', () => {
    const path = join(plantTree({}), 'made/token');
    const token = loadApiToken(path);
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(loadApiToken(path)).toBe(token);
    expect(readFileSync(path, 'utf8').trim()).toBe(token);
  });

  it('may be the operator’s, open to a group, but neither short nor open to everybody', () => {
    const path = join(plantTree({}), 'token');
    writeFileSync(path, 'x'.repeat(16));
    chmodSync(path, 0o640);
    expect(loadApiToken(path)).toBe('x'.repeat(16));
    chmodSync(path, 0o644);
    expect(() => loadApiToken(path)).toThrow(/must not be open to everybody.*got: mode 644/);
    chmodSync(path, 0o600);
    writeFileSync(path, 'short');
    expect(() => loadApiToken(path)).toThrow(/at least 16 characters, got: 5/);
  });

  it('is asked for as a bearer', () => {
    expect(isAuthorized(`bearer  ${TOKEN}`, TOKEN)).toBe(true);
    for (const field of [undefined, '', TOKEN, `Bearer ${TOKEN}x`, 'Bearer '])
      expect(isAuthorized(field, TOKEN)).toBe(false);
  });
});

describe('the lobby', () => {
  const facts: LobbyFacts = {
    id: 'i-a.0',
    app: 'arena',
    world: 'w1',
    group: 'g1',
    sessions: 1,
    capacity: 4,
    state: 'ready',
    description: '',
    participants: ['ann'],
  };
  const get = (path: string, of: LobbyFacts | undefined, method = 'GET') =>
    createLobbyHandler(
      () => of,
      createLobbyFeed(() => of),
    )({ method, path, headers: {}, sourceAddress: '198.51.100.1' }) as HttpResponse;

  it('tells who and what is on the server, also to pages of any site', () => {
    const reply = get('/', facts);
    expect(JSON.parse(String(reply.body))).toEqual(facts);
    expect(reply.headers['access-control-allow-origin']).toBe('*');
  });

  it('says to a load balancer whether new clients may come', () => {
    expect(get('/healthz', facts).status).toBe(200);
    expect(get('/healthz', { ...facts, state: 'draining' }).status).toBe(503);
    expect(get('/healthz', undefined).status).toBe(503);
  });

  it('has nothing else', () => {
    expect(get('/sessions', facts).status).toBe(404);
    expect(get('/', facts, 'POST').status).toBe(405);
  });

  it('gets a new version as pages when it changes, and only then', () => {
    let now: LobbyFacts | undefined;
    const pages = createLobbyPages(() => now);
    expect(pages()).toEqual([]);
    now = facts;
    const first = pages();
    expect(first).toMatchObject([{ version: 1, participants: [{ name: 'ann' }] }]);
    now = { ...facts };
    expect(pages()).toBe(first);
    now = { ...facts, participants: [] };
    expect(pages()).toMatchObject([{ version: 2, participants: [] }]);
  });
});
