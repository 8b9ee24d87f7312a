import { flattenedVerify, importJWK } from 'jose';
import { describe, expect, it } from 'vitest';
import type { RosterAnswer } from '../../../adapters/http/schemas.ts';
import type { HttpResponse } from '../../../adapters/http/types.ts';
import { type ApiBench, anApiBench, bodyOf } from '../../support/api-bench.ts';
import { aServer, servers } from '../../support/builders.ts';

const idsIn = (response: HttpResponse): string[] => bodyOf<RosterAnswer>(response).servers.map(({ id }) => id);

const mixedServers = () => [
  aServer({ id: 'a.0', capacity: 10, free: 4 }),
  aServer({ id: 'b.0', world: 'w2', group: 'g2' }),
  aServer({ id: 'c.0', app: 'chess' }),
  aServer({ id: 'd.0', world: 'w2', state: 'draining', free: 3 }),
];

/** The payload of the detached signature, checked by an implementation that is not ours. */
async function verified(bench: ApiBench, response: HttpResponse): Promise<string> {
  const [header = '', middle, signature = ''] = (response.headers['roster-signature'] ?? '').split('.');
  expect(middle).toBe('');
  const key = await importJWK({ kty: 'OKP', crv: 'Ed25519', ...bench.publicKey }, 'EdDSA');
  const payload = Buffer.from(response.body).toString('base64url');
  const jws = await flattenedVerify({ protected: header, payload, signature }, key);
  expect(jws.protectedHeader).toEqual({
    alg: 'EdDSA',
    kid: bench.publicKey.kid,
    typ: 'roster',
    iat: expect.any(Number),
  });
  return Buffer.from(jws.payload).toString();
}

describe('GET /v1/servers', () => {
  it('lists the servers with what a client chooses by, ordered by id', async () => {
    const bench = await anApiBench(mixedServers());

    const response = await bench.get('/v1/servers');

    const body = bodyOf<RosterAnswer>(response);
    expect(response.status).toBe(200);
    expect(body.rosterVersion).toBe(1);
    expect(body.servers[0]).toEqual({
      id: 'a.0',
      ipv4: '203.0.113.7',
      ports: { game: 27_000, probe: 7_000 },
      app: 'arena',
      world: 'w1',
      group: 'g1',
      status: 'ready',
      sessions: 6,
      capacity: 10,
      free: 4,
    });
    expect(idsIn(response)).toEqual(['a.0', 'b.0', 'c.0', 'd.0']);
    expect(body).not.toHaveProperty('next');
  });

  it('promises no seat on a server that gives none', async () => {
    const bench = await anApiBench([
      aServer({ id: 'a.0', state: 'draining', free: 3 }),
      aServer({ id: 'b.0', state: 'starting', free: 3 }),
      aServer({ id: 'c.0', state: 'gone', free: 3 }),
      aServer({ id: 'd.0', free: 3 }),
    ]);
    await bench.store.suspect('SRV#AROAEXAMPLE:d#0', true);
    await bench.refreshRoster();

    const { servers: listed } = bodyOf<RosterAnswer>(await bench.get('/v1/servers'));

    expect(listed.map(({ id, status, free }) => [id, status, free])).toEqual([
      ['a.0', 'draining', 0],
      ['b.0', 'starting', 0],
      ['d.0', 'suspect', 0],
    ]);
  });

  it('cuts what an agent claims to what the registrar allows', async () => {
    const bench = await anApiBench([aServer({ capacity: 500, maxCapacity: 100 })]);

    const { servers: listed } = bodyOf<RosterAnswer>(await bench.get('/v1/servers'));

    expect(listed).toMatchObject([{ capacity: 100, free: 100 }]);
  });

  it.each([
    ['?app=chess', ['c.0']],
    ['?world=w2', ['b.0', 'd.0']],
    ['?app=arena&group=g1', ['a.0', 'd.0']],
    ['?app=none', []],
    ['?after=b.0', ['c.0', 'd.0']],
  ])('filters by %s', async (query, expected) => {
    const bench = await anApiBench(mixedServers());

    expect(idsIn(await bench.get(`/v1/servers${query}`))).toEqual(expected);
  });

  it('goes page by page, each page signed', async () => {
    const bench = await anApiBench(servers(5));
    const seen: string[] = [];

    let next: string | undefined = '';
    for (let pages = 0; next !== undefined && pages < 5; pages++) {
      const response = await bench.get(`/v1/servers?limit=2${next && `&after=${next}`}`);
      seen.push(...idsIn(response));
      next = bodyOf<RosterAnswer>(response).next;
      await verified(bench, response);
    }

    expect(seen).toEqual(['s-00000.0', 's-00001.0', 's-00002.0', 's-00003.0', 's-00004.0']);
  });

  it('gives no more on a page than a load balancer carries, however long the names are', async () => {
    const word = '\u{1f600}'.repeat(8);
    const ports = Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`role-${index}-of-a-long-name`, 65_535]));
    const bench = await anApiBench(
      servers(1_001, () => ({
        app: word,
        world: word,
        group: word,
        ports,
        ipv6: '2001:db8:1111:2222:3333:4444:5555:6666',
      })),
    );

    const response = await bench.get('/v1/servers');

    expect(idsIn(response)).toHaveLength(1_000);
    expect(bodyOf<RosterAnswer>(response).next).toBe('s-00999.0');
    expect(Buffer.byteLength(response.body)).toBeLessThan(1_000_000);
  });

  it('is signed by the deployment’s key', async () => {
    const bench = await anApiBench();

    const response = await bench.get('/v1/servers');

    expect(await verified(bench, response)).toBe(response.body);
  });

  it('answers 304 to whoever has this version, and 200 after a change', async () => {
    const bench = await anApiBench();
    const first = await bench.get('/v1/servers');
    const etag = first.headers['etag'] as string;
    const ask = () => bench.get('/v1/servers', { 'if-none-match': `"other", W/${etag}` });

    const unchanged = await ask();
    await bench.assign();
    await bench.refreshRoster();
    const changed = await ask();

    expect(etag).toMatch(/^"[\w-]{22}"$/);
    expect(unchanged).toMatchObject({ status: 304, body: '', headers: { etag, 'cache-control': 'no-cache' } });
    expect(changed.status).toBe(200);
    expect(changed.headers['etag']).not.toBe(etag);
  });

  it.each([
    ['*', 304],
    ['"another"', 200],
    ['nonsense', 200],
  ])('takes If-None-Match %s', async (field, status) => {
    const bench = await anApiBench();

    expect((await bench.get('/v1/servers', { 'if-none-match': field })).status).toBe(status);
  });

  it('signs once for each version, whoever asks and whatever seats are taken meanwhile', async () => {
    const bench = await anApiBench();

    const first = await bench.get('/v1/servers');
    await bench.assign();
    const second = await bench.get('/v1/servers');

    expect(second.body).toBe(first.body);
    expect(second.headers['roster-signature']).toBe(first.headers['roster-signature']);
  });

  it('answers rightly beyond the pages that it keeps', async () => {
    const bench = await anApiBench(servers(40));

    for (let index = 0; index < 40; index++) {
      const after = `s-${String(index).padStart(5, '0')}.0`;
      expect(idsIn(await bench.get(`/v1/servers?after=${after}`))).toHaveLength(39 - index);
    }
  });

  const limit = 'must be a whole number from 1 to 1000';
  it.each([
    ['?wrld=w1', '?wrld', 'is not known here; see docs/openapi.yaml'],
    ['?app=a&app=b', '?app', 'must be given once'],
    ['?app=', '?app', 'must be text of 1 to 32 bytes of UTF-8'],
    ['?limit=0', '?limit', limit],
    ['?limit=1001', '?limit', limit],
    ['?limit=2.5', '?limit', limit],
    ['?limit=all', '?limit', limit],
  ])('refuses the query %s', async (query, path, message) => {
    const bench = await anApiBench();

    const response = await bench.get(`/v1/servers${query}`);

    expect(response.status).toBe(400);
    expect(bodyOf(response)).toMatchObject({ code: 'http.bad-request', errors: [{ path, message }] });
  });
});

describe('GET /v1/apps', () => {
  it('lists the apps with what is there and free', async () => {
    const bench = await anApiBench(mixedServers());

    const response = await bench.get('/v1/apps');

    expect(response.status).toBe(200);
    expect(bodyOf(response)).toEqual({
      rosterVersion: 1,
      apps: [
        { app: 'arena', worlds: 2, servers: 3, sessions: 13, capacity: 30, free: 14 },
        { app: 'chess', worlds: 1, servers: 1, sessions: 0, capacity: 10, free: 10 },
      ],
    });
  });
});

describe('GET /v1/apps/{app}/worlds', () => {
  it('lists the worlds of an app', async () => {
    const bench = await anApiBench(mixedServers());

    const response = await bench.get('/v1/apps/arena/worlds');

    expect(bodyOf(response)).toEqual({
      rosterVersion: 1,
      app: 'arena',
      worlds: [
        { world: 'w1', groups: ['g1'], servers: 1, sessions: 6, capacity: 10, free: 4 },
        { world: 'w2', groups: ['g1', 'g2'], servers: 2, sessions: 7, capacity: 20, free: 10 },
      ],
    });
  });

  it('takes names that a path must encode', async () => {
    const bench = await anApiBench([aServer({ app: 'ä/b' })]);

    const response = await bench.get(`/v1/apps/${encodeURIComponent('ä/b')}/worlds`);

    expect(bodyOf(response)).toMatchObject({ app: 'ä/b' });
  });

  it('answers 404 to an app that is not there', async () => {
    const bench = await anApiBench();

    const response = await bench.get('/v1/apps/__proto__/worlds');

    expect(bodyOf(response)).toMatchObject({ status: 404, code: 'assign.unknown-app' });
  });

  it('answers 400 to a path that is not percent-encoded UTF-8', async () => {
    const bench = await anApiBench();

    const response = await bench.send({ path: '/v1/apps/%ff/worlds' });

    expect(bodyOf(response)).toMatchObject({ status: 400, errors: [{ path: 'path', message: expect.any(String) }] });
  });
});

it.each(['/v1/apps', '/v1/apps/arena/worlds', '/v1/servers'])(
  '%s answers 503 without a usable roster',
  async (path) => {
    const bench = await anApiBench();
    bench.rosterUsable = false;

    const response = await bench.get(path);

    expect(response.status).toBe(503);
    expect(response.headers['retry-after']).toBe('1');
    expect(bodyOf(response)).toMatchObject({ code: 'assign.unavailable' });
  },
);
