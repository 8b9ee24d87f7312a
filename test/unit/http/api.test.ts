import { createLocalJWKSet, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { createApi } from '../../../adapters/http/api.ts';
import type { AssignmentAnswer } from '../../../adapters/http/schemas.ts';
import type { HttpRequest } from '../../../adapters/http/types.ts';
import { OnedoorError } from '../../../core/errors.ts';
import { anApiBench, bodyOf } from '../../support/api-bench.ts';
import { aView } from '../../support/builders.ts';
import { keysOf } from '../../support/tickets.ts';

/** An API whose assigner fails with `error`. */
function aFailingApi(error: unknown) {
  const records: unknown[] = [];
  const { signer } = keysOf();
  const api = createApi({
    assigner: { assign: () => Promise.reject(error) },
    same: { assign: () => Promise.reject(error) },
    roster: { view: () => aView(), refresh: async () => true },
    signer,
    publicKeys: async () => [],
    releases: { release: () => Promise.reject(error) },
    reports: { report: () => Promise.reject(error) },
    keepalive: { intervalSeconds: 20, transmissions: 10, timeoutMs: 700 },
    report: (record) => records.push(record),
  });
  const request: HttpRequest = { method: 'POST', path: '/v1/assignments', headers: {}, sourceAddress: '198.51.100.7' };
  return { records, ask: async () => await api(request) };
}

describe('GET /.well-known/jwks.json', () => {
  it('has the key that tickets are signed with', async () => {
    const bench = await anApiBench();

    const response = await bench.get('/.well-known/jwks.json');

    const { ticket } = bodyOf<AssignmentAnswer>(await bench.assign());
    expect(response.headers['cache-control']).toBe('public, max-age=300');
    const keys = createLocalJWKSet(bodyOf(response) as unknown as Parameters<typeof createLocalJWKSet>[0]);
    const { payload } = await jwtVerify(ticket, keys, { currentDate: new Date(bench.clock.wallMs()) });
    expect(payload.iss).toBe('test');
  });
});

describe('GET /healthz', () => {
  it('answers whatever the roster does', async () => {
    const bench = await anApiBench();
    bench.rosterUsable = false;

    const response = await bench.get('/healthz');

    expect(response.status).toBe(200);
    expect(bodyOf(response)).toEqual({ status: 'ok' });
    expect(response.headers['cache-control']).toBe('no-store');
  });
});

describe('the router', () => {
  it.each(['/', '/v1', '/v1/assignments/', '/v1/apps//worlds', '/v1/apps/a/b/worlds', '/v1/apps/worlds', ''])(
    'answers 404 to %j',
    async (path) => {
      const bench = await anApiBench();

      const response = await bench.send({ path });

      expect(bodyOf(response)).toMatchObject({ status: 404, code: 'http.not-found' });
      expect(bench.records).toMatchObject([{ route: 'unknown', status: 404, code: 'http.not-found' }]);
    },
  );

  it.each([
    ['GET', '/v1/assignments', 'POST, OPTIONS'],
    ['POST', '/v1/servers', 'GET, HEAD, OPTIONS'],
    ['DELETE', '/v1/apps/arena/worlds', 'GET, HEAD, OPTIONS'],
    ['get', '/healthz', 'GET, HEAD, OPTIONS'],
  ])('answers 405 to %s %s, with what it takes', async (method, path, allow) => {
    const bench = await anApiBench();

    const response = await bench.send({ method, path });

    expect(response.status).toBe(405);
    expect(response.headers['allow']).toBe(allow);
    expect(bodyOf(response)).toMatchObject({ code: 'http.method-not-allowed' });
  });

  it('answers HEAD as GET, without the body', async () => {
    const bench = await anApiBench();

    const get = await bench.get('/v1/servers');
    const head = await bench.send({ method: 'HEAD', path: '/v1/servers' });

    expect(head).toMatchObject({ status: 200, body: '' });
    expect(head.headers['content-length']).toBe(String(Buffer.byteLength(get.body)));
    expect(head.headers['etag']).toBe(get.headers['etag']);
  });

  it('tells browsers before they ask from another origin', async () => {
    const bench = await anApiBench();

    const response = await bench.send({ method: 'OPTIONS', path: '/v1/assignments' });

    expect(response.status).toBe(204);
    expect(response.headers).toMatchObject({
      allow: 'POST, OPTIONS',
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'POST, OPTIONS',
      'access-control-allow-headers': 'authorization, content-type, idempotency-key, if-none-match, x-request-id',
      'access-control-max-age': '86400',
    });
  });

  it.each([
    ['POST', '/v1/assignments'],
    ['GET', '/v1/servers'],
    ['GET', '/nowhere'],
  ])('lets pages of any origin read the answer to %s %s', async (method, path) => {
    const bench = await anApiBench();

    const { headers } = await bench.send({ method, path });

    expect(headers['access-control-allow-origin']).toBe('*');
    expect(headers['access-control-expose-headers']).toBe('etag, retry-after, roster-signature, x-request-id');
  });
});

describe('the request id', () => {
  const idFor = async (headers: Record<string, string>): Promise<string | undefined> => {
    const bench = await anApiBench();
    return (await bench.get('/healthz', headers)).headers['x-request-id'];
  };

  it('is the client’s own', async () => {
    expect(await idFor({ 'x-request-id': 'run-7.try_2' })).toBe('run-7.try_2');
  });

  it('is else the load balancer’s, so that both logs name the request alike', async () => {
    expect(await idFor({ 'x-amzn-trace-id': 'Root=1-67891233-abcdef012345678912345678' })).toBe(
      '1-67891233-abcdef012345678912345678',
    );
    expect(await idFor({ 'x-amzn-trace-id': 'Self=1-67891234-12456789abcdef012345678;Root=1-6-ab' })).toBe('1-6-ab');
  });

  it.each([{}, { 'x-request-id': 'a'.repeat(65) }, { 'x-request-id': 'line\nbreak' }, { 'x-amzn-trace-id': 'x' }])(
    'is else a new one: %j',
    async (headers) => {
      expect(await idFor(headers)).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
    },
  );
});

describe('an unexpected failure', () => {
  it('answers 500 without a word of it, and reports it with the request id', async () => {
    const error = new Error('at secret.ts:42');
    const { ask, records } = aFailingApi(error);

    const response = await ask();

    expect(response.status).toBe(500);
    expect(bodyOf(response)).toMatchObject({ code: 'http.internal' });
    expect(JSON.stringify(response)).not.toContain('secret');
    const requestId = response.headers['x-request-id'];
    expect(records).toEqual([
      { requestId, method: 'POST', route: '/v1/assignments', status: 500, code: 'http.internal', err: error },
    ]);
  });

  it('of the registry is answered as what a client can do about it', async () => {
    const { ask } = aFailingApi(new OnedoorError('registry.unreachable', { table: 'internal-name' }));

    const response = await ask();

    expect(bodyOf(response)).toMatchObject({ status: 503, code: 'assign.unavailable', retryAfterMs: 1_000 });
    expect(JSON.stringify(response)).not.toContain('internal-name');
  });
});
