import { describe, expect, it } from 'vitest';
import { createHttpApi, type Send } from '../../../client/http-api.ts';

interface Scripted {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** An API that answers by path, and what it was asked. */
function anApi(answers: Readonly<Record<string, Scripted | Scripted[]>>) {
  const asked: { path: string; headers: Readonly<Record<string, string>>; body?: string | undefined }[] = [];
  const send: Send = async ({ path, headers = {}, body }) => {
    asked.push({ path, headers, body });
    const scripted = answers[path];
    const answer = Array.isArray(scripted) ? scripted.shift() : scripted;
    if (!answer) throw new Error(`no answer to ${path}`);
    const { status = 200, headers: given = {}, body: said = {} } = answer;
    return { status, header: (name) => given[name], body: typeof said === 'string' ? said : JSON.stringify(said) };
  };
  const fail = (code: string, payload: object, cause?: unknown) =>
    Object.assign(new Error(code, { cause }), { code, payload });
  return { api: createHttpApi(send, fail), asked };
}

const aServer = (id: string, more: object = {}) => ({
  ...{ id, ipv4: '203.0.113.7', ports: { game: 1, probe: 2 }, app: 'arena', world: 'w1', group: 'g1' },
  ...{ status: 'ready', sessions: 1, capacity: 4, free: 3 },
  ...more,
});

describe('the roster over HTTP', () => {
  it('comes in pages, each kept with its signature', async () => {
    const headers = { 'roster-signature': 'h..s', etag: '"1"' };
    const { api, asked } = anApi({
      '/v1/servers?app=arena': { headers, body: { rosterVersion: 7, servers: [aServer('a.0')], next: 'a.0' } },
      '/v1/servers?app=arena&after=a.0': { headers, body: { rosterVersion: 8, servers: [aServer('b.0')] } },
    });

    const { version, servers, pages } = await api.roster({ app: 'arena' });

    expect([version, servers.map(({ id }) => id), pages.map(({ signature }) => signature)]).toEqual([
      7,
      ['a.0', 'b.0'],
      ['h..s', 'h..s'],
    ]);
    expect(asked.every(({ headers }) => headers['if-none-match'] === undefined)).toBe(true);
  });

  it('does not come again as long as it has not changed, but its signature does', async () => {
    const body = { rosterVersion: 7, servers: [aServer('a.0')] };
    const { api, asked } = anApi({
      '/v1/servers': [
        { headers: { etag: '"1"', 'roster-signature': 'h..1' }, body },
        { status: 304, headers: { etag: '"1"', 'roster-signature': 'h..2' }, body: '' },
      ],
      '/v1/servers?world=w2': { body: { ...body, servers: [] } },
    });

    const first = await api.roster({});
    const second = await api.roster({});

    expect(asked.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, '"1"']);
    expect(second).toEqual({ ...first, pages: [{ body: first.pages[0]!.body, signature: 'h..2' }] });
    expect((await api.roster({ world: 'w2' })).servers).toEqual([]);
    expect(asked.at(-1)!.headers).toEqual({});
  });

  it('leaves out what cannot be read, and takes no status that it does not know for ready', async () => {
    const servers = [
      aServer('a.0', { status: 'asleep' }),
      aServer('b.0', { ipv4: 7 }),
      aServer('c.0', { ports: {} }),
      aServer('d.0', { free: -1 }),
      7,
    ];
    const { api } = anApi({ '/v1/servers': { body: { rosterVersion: 1, servers } } });

    expect((await api.roster({})).servers).toMatchObject([{ id: 'a.0', status: 'suspect' }]);
  });

  it('fails with a code: the door’s, or no answer where there is none or something else', async () => {
    const { api } = anApi({
      '/v1/servers': [
        { status: 503, headers: { 'retry-after': '2' }, body: { code: 'assign.unavailable', detail: 'later' } },
        { status: 502, body: '<html>' },
        { body: '<html>' },
        { body: { rosterVersion: 'x', servers: [] } },
      ],
    });

    await expect(api.roster({})).rejects.toMatchObject({
      code: 'assign.unavailable',
      payload: { detail: 'later', retryAfterMs: 2_000, status: 503 },
    });
    for (let n = 0; n < 4; n++) await expect(api.roster({})).rejects.toMatchObject({ code: 'client.no-answer' });
  });
});

describe('the rest of the API', () => {
  it('tells a loss', async () => {
    const { api, asked } = anApi({
      '/v1/reports': [{ status: 202 }, { status: 403, body: { code: 'ticket.forged' } }],
    });

    await api.report('t', 'refused');
    await expect(api.report('t', 'silent')).rejects.toMatchObject({ code: 'ticket.forged' });

    expect(asked[0]).toMatchObject({ body: '{"ticket":"t","reason":"refused"}' });
  });

  it('makes a menu of apps and worlds, whose names may be anything', async () => {
    const usage = { servers: 2, sessions: 3, capacity: 8, free: 5 };
    const { api } = anApi({
      '/v1/apps': { body: { apps: [{ app: 'a/b', worlds: 1, ...usage, sessions: 'many' }] } },
      '/v1/apps/a%2Fb/worlds': { body: { worlds: [{ world: 'w1', groups: ['g1', 'g2'], ...usage }] } },
    });

    expect(await api.menu()).toEqual([
      { app: 'a/b', ...usage, sessions: 0, worlds: [{ world: 'w1', groups: ['g1', 'g2'], ...usage }] },
    ]);
  });
});
