import { describe, expect, it } from 'vitest';
import type { HttpRequest } from '../../../adapters/http/types.ts';
import { createMemoryStore } from '../../../adapters/memory/registry-store.ts';
import { parseRuntimeConfig } from '../../../core/config/runtime-config.ts';
import { createPolicy } from '../../../core/select/create-policy.ts';
import { createPage } from '../../../page/server/page.ts';
import type { ActionRequest, ExplainAnswer } from '../../../page/wire.ts';
import { aServer, aView } from '../../support/builders.ts';
import { fakeClock } from '../../support/fake-clock.ts';
import { seededRng } from '../../support/seeded-rng.ts';

const TOKEN = 'sixteen-characters';
const HOST = 'localhost:8090';
const HEADERS = { host: HOST, 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` };

/** Two servers of one group and one of another, all with an agent; crashes are only written down. */
async function aPage() {
  const servers = [aServer({ id: 'a.0' }), aServer({ id: 'b.0' }), aServer({ id: 'c.0', group: 'g2' })];
  const scene = { view: aView(servers), crashed: [] as string[] };
  const store = createMemoryStore();
  for (const { key } of servers) await store.write(key, { kind: 'create', gen: '00000000000000a1', nowMs: 1 });
  const page = createPage({
    title: 'test',
    policy: createPolicy('least-loaded'),
    config: parseRuntimeConfig(JSON.stringify({ defaultApp: 'arena' })),
    freshMs: 15_000,
    assets: { html: '<p>page', js: 'void 0', css: 'p {}' },
    token: TOKEN,
    view: () => scene.view,
    rosterAgeMs: () => 100,
    look: async () => undefined,
    store,
    crash: (id) => id === 'a.0' && scene.crashed.push(id) > 0,
    clock: fakeClock(),
    rng: seededRng(1),
  });
  const ask = async (request: Partial<HttpRequest>) => {
    const defaults = { method: 'GET', path: '/', headers: HEADERS, sourceAddress: '127.0.0.1' };
    const reply = await page.handler({ ...defaults, ...request });
    return { ...reply, text: String(reply.body) };
  };
  const act = async (action: Partial<ActionRequest>, headers: Readonly<Record<string, string>> = HEADERS) => {
    const reply = await ask({ method: 'POST', path: '/actions', body: JSON.stringify(action), headers });
    return { ...(JSON.parse(reply.text) as { code?: string; detail?: string }), status: reply.status };
  };
  const drains = async () => (await store.list()).map(({ drain = false }) => drain);
  return { scene, ask, act, drains };
}

describe('the page', () => {
  it('is given with a policy that lets it load nothing from elsewhere', async () => {
    const { ask } = await aPage();
    for (const path of ['/', '/page.js', '/page.css']) {
      const { status, headers } = await ask({ path });
      expect([path, status]).toEqual([path, 200]);
      expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    }
    expect((await ask({ path: '/constructor' })).status).toBe(404);
    expect((await ask({ method: 'DELETE' })).status).toBe(405);
    expect((await ask({ path: '/actions' })).status).toBe(405);
  });

  it('is packed for who can unpack it', async () => {
    const { ask } = await aPage();
    const { headers, body } = await ask({ headers: { ...HEADERS, 'accept-encoding': 'gzip, br' } });
    expect(headers['content-encoding']).toBe('gzip');
    expect(body).toBeInstanceOf(Uint8Array);
  });

  it.each([
    ['by a name that is not of loopback', { host: 'evil.example' }],
    ['by no name', { host: '' }],
    ['by a name that only begins like a loopback address', { host: '127.0.0.1.evil.example' }],
    ['for a page of another site', { 'sec-fetch-site': 'cross-site' }],
    ['for a page of another port', { origin: 'http://localhost:3000' }],
  ])('refuses to be asked %s, whatever for', async (_, change) => {
    const { ask, act, drains } = await aPage();
    const headers = { ...HEADERS, ...change };
    for (const path of ['/', '/page.js', '/events']) expect((await ask({ path, headers })).status).toBe(403);
    expect((await ask({ method: 'POST', path: '/explain', headers, body: '{"app":"arena"}' })).status).toBe(403);
    expect((await act({ action: 'drain', server: 'a.0' }, headers)).code).toBe('page.forbidden');
    expect(await drains()).toEqual([false, false, false]);
  });

  it.each(['127.0.0.1', '127.0.9.1:1234', '[::1]:8090', 'LOCALHOST'])('may be asked as %s', async (host) => {
    const { ask } = await aPage();
    expect((await ask({ headers: { host, origin: `http://${host}`, 'sec-fetch-site': 'same-origin' } })).status).toBe(
      200,
    );
  });

  it.each([
    ['without the token', { host: HOST, 'content-type': 'application/json' }],
    ['with another one', { ...HEADERS, authorization: 'Bearer sixteen-charactes!' }],
    ['by a form', { ...HEADERS, 'content-type': 'text/plain' }],
  ])('does nothing %s', async (_, headers) => {
    const { act, drains } = await aPage();
    expect(await act({ action: 'drain', server: 'a.0' }, headers)).toMatchObject({
      status: 403,
      code: 'page.forbidden',
    });
    expect(await drains()).toEqual([false, false, false]);
  });
});

describe('what may be done on the page', () => {
  it('drains a server and takes it back', async () => {
    const { act, drains } = await aPage();
    expect((await act({ action: 'drain', server: 'b.0' })).status).toBe(202);
    expect(await drains()).toEqual([false, true, false]);
    expect((await act({ action: 'resume', server: 'b.0' })).status).toBe(202);
    expect(await drains()).toEqual([false, false, false]);
  });

  it('drains the last ready server of a pool only for who knows it', async () => {
    const { act, drains } = await aPage();
    const refused = await act({ action: 'drain', server: 'c.0' });
    expect(refused).toMatchObject({ status: 409, code: 'page.last-ready' });
    expect(refused.detail).toContain('c.0 is the last ready server of arena / w1 / g2.');
    expect(await drains()).toEqual([false, false, false]);
    expect((await act({ action: 'drain', server: 'c.0', knowsItIsLast: true })).status).toBe(202);
    expect(await drains()).toEqual([false, false, true]);
  });

  it('says that a drain which nobody asked for here cannot be taken back here', async () => {
    const { act } = await aPage();
    expect(await act({ action: 'resume', server: 'a.0' })).toMatchObject({ status: 409, code: 'page.not-asked' });
  });

  it('crashes servers where that is possible, and knows which are there', async () => {
    const { act, scene } = await aPage();
    expect((await act({ action: 'crash', server: 'a.0' })).status).toBe(202);
    expect(scene.crashed).toEqual(['a.0']);
    expect((await act({ action: 'crash', server: 'x.0' })).status).toBe(404);
    expect((await act({ action: 'drain', server: 'x.0' })).status).toBe(404);
  });

  it.each([{}, { action: 'toString', server: 'a.0' }, { action: 'drain' }, { action: 'drain', server: 7 }])(
    'refuses what is no action: %j',
    async (action) => {
      const { act } = await aPage();
      expect((await act(action as object)).status).toBe(400);
    },
  );
});

describe('the explain box', () => {
  it('says which server a client would get, and changes nothing', async () => {
    const { ask, scene } = await aPage();
    const free = [...scene.view.free];
    const body = JSON.stringify({ client: 'ann', app: 'arena', world: 'w1', group: 'g2' });
    const answer = JSON.parse((await ask({ method: 'POST', path: '/explain', body })).text) as ExplainAnswer;
    expect(answer).toMatchObject({
      ...{ policy: 'least-loaded', chosen: 'c.0', rosterVersion: 1, rosterAgeMs: 100 },
      steps: [{ where: 'group g2', servers: 1, open: 1 }],
    });
    expect([...scene.view.free]).toEqual(free);
  });

  it('refuses what is no question', async () => {
    const { ask } = await aPage();
    for (const body of ['', '[]', '{"client":1,"app":"a"}', JSON.stringify({ app: 'a', client: 'x'.repeat(33) })]) {
      expect((await ask({ method: 'POST', path: '/explain', body })).status).toBe(400);
    }
  });
});
