import { decodeJwt, decodeProtectedHeader, importJWK, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import type { AssignmentAnswer } from '../../../adapters/http/schemas.ts';
import { createPolicy } from '../../../core/select/create-policy.ts';
import { anApiBench, bodyOf } from '../../support/api-bench.ts';
import { aServer } from '../../support/builders.ts';

const ASSIGNED = { method: 'POST', route: '/v1/assignments', status: 201 };

describe('POST /v1/assignments', () => {
  it('gives a seat on a server, with a ticket that proves it', async () => {
    const bench = await anApiBench([aServer({ id: 'i-a.0', ipv6: '2001:db8::7', labels: { mode: 'ctf' } })]);

    const response = await bench.assign({ app: 'arena', client: 'Zoë' });

    const body = bodyOf<AssignmentAnswer>(response);
    expect(response.status).toBe(201);
    expect(response.headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-store' });
    expect(body).toEqual({
      id: expect.stringMatching(/^i-a\.0:00000000000000a1:\d+$/),
      server: {
        id: 'i-a.0',
        ipv4: '203.0.113.7',
        ipv6: '2001:db8::7',
        ports: { game: 27_000, probe: 7_000 },
        app: 'arena',
        world: 'w1',
        group: 'g1',
      },
      ticket: expect.any(String),
      activateBy: expect.any(Number),
      keepalive: { intervalSeconds: 20, transmissions: 10, timeoutMs: 700 },
      alternates: [],
    });
    const key = await importJWK({ kty: 'OKP', crv: 'Ed25519', ...bench.publicKey }, 'EdDSA');
    const { payload } = await jwtVerify(body.ticket, key, { currentDate: new Date(bench.clock.wallMs()) });
    expect(payload).toMatchObject({ aud: 'i-a.0', jti: body.id, exp: body.activateBy });
    expect(payload.sub).toBe(Buffer.from('Zoë').toString('base64url'));
    expect(decodeProtectedHeader(body.ticket).kid).toBe(bench.publicKey.kid);
    expect(bench.records).toEqual([{ ...ASSIGNED, requestId: response.headers['x-request-id'] }]);
  });

  it('names the two servers to go to when that one dies, as the ticket does', async () => {
    const bench = await anApiBench(['a', 'b', 'c'].map((zone) => aServer({ id: `i-${zone}.0`, zone })));
    const { server, alternates, ticket } = bodyOf<AssignmentAnswer>(await bench.assign({ app: 'arena' }));
    expect([server, ...alternates].map(({ id }) => id).sort()).toEqual(['i-a.0', 'i-b.0', 'i-c.0']);
    expect(decodeJwt(ticket)['alt']).toEqual(alternates.map(({ id }) => id));
  });

  it('needs no body: default app, and a ticket that is bound to nobody else', async () => {
    const bench = await anApiBench();

    const response = await bench.assign();

    const [, claims = ''] = bodyOf<AssignmentAnswer>(response).ticket.split('.');
    const { sub } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { sub: string };
    expect(response.status).toBe(201);
    expect(Buffer.from(sub, 'base64url')).toHaveLength(16);
  });

  it('takes the body as bytes too', async () => {
    const bench = await anApiBench();

    const response = await bench.send({
      method: 'POST',
      path: '/v1/assignments',
      body: new TextEncoder().encode('{"app":"arena"}'),
    });

    expect(response.status).toBe(201);
  });

  it.each([
    ['world', { world: 'w2' }, 'b.0'],
    ['group', { group: 'g2' }, 'c.0'],
    ['server', { server: 'd.0' }, 'd.0'],
    ['labels', { labels: { mode: 'ctf' } }, 'e.0'],
    ['family', { family: 6 }, 'f.0'],
    ['avoid', { avoid: ['a.0', 'c.0', 'd.0'], world: 'w1', family: 4 }, 'e.0'],
  ])('heeds %s', async (_, request, expected) => {
    const bench = await anApiBench([
      aServer({ id: 'a.0', capacity: 100 }),
      aServer({ id: 'b.0', world: 'w2' }),
      aServer({ id: 'c.0', group: 'g2' }),
      aServer({ id: 'd.0' }),
      aServer({ id: 'e.0', labels: { mode: 'ctf' } }),
      aServer({ id: 'f.0', ipv4: undefined, ipv6: '2001:db8::f' }),
    ]);

    const response = await bench.assign(request);

    expect(bodyOf<AssignmentAnswer>(response).server.id).toBe(expected);
  });

  it('gives the nearest by the latencies that the client measured', async () => {
    const servers = [aServer({ id: 'a.0', group: 'eu' }), aServer({ id: 'b.0', group: 'us' })];
    const bench = await anApiBench(servers, { policy: createPolicy('nearest') });

    const response = await bench.assign({ latencies: { eu: 90, us: 21.5 }, explain: true });

    const { server, explain } = bodyOf<AssignmentAnswer>(response);
    expect([server.id, explain?.policy, explain?.candidates]).toEqual(['b.0', 'nearest', 2]);
  });

  it('says why when it is asked to explain', async () => {
    const bench = await anApiBench();

    const { explain } = bodyOf<AssignmentAnswer>(await bench.assign({ explain: true }));

    expect(explain).toEqual({
      policy: 'least-loaded',
      candidates: 2,
      rosterVersion: 1,
      rosterAgeMs: 0,
      refused: [],
      fromStock: false,
    });
  });

  it('answers 503 with Retry-After when every seat is taken', async () => {
    const bench = await anApiBench([aServer({ free: 0 })]);

    const response = await bench.assign();

    expect(response.status).toBe(503);
    expect(response.headers).toMatchObject({ 'content-type': 'application/problem+json', 'retry-after': '2' });
    expect(bodyOf(response)).toMatchObject({ status: 503, code: 'assign.no-capacity', retryAfterMs: 2_000 });
  });

  it.each([
    ['assign.unknown-app', { app: 'chess' }],
    ['assign.unknown-world', { world: 'moon' }],
  ])('answers 404 %s', async (code, request) => {
    const bench = await anApiBench();

    const response = await bench.assign(request);

    expect(response.status).toBe(404);
    expect(bodyOf(response)).toMatchObject({ status: 404, code });
    expect(bench.records).toMatchObject([{ status: 404, code }]);
  });

  it('answers 503 when the registry takes no seats', async () => {
    const bench = await anApiBench();
    bench.fates.push('never-arrives', 'never-arrives');

    const response = await bench.assign();

    expect(bodyOf(response)).toMatchObject({ status: 503, code: 'assign.unavailable', retryAfterMs: 1_000 });
  });

  it('answers 503 without asking for a seat while there is no roster that may be used', async () => {
    const bench = await anApiBench();
    bench.rosterUsable = false;

    const response = await bench.assign();

    expect(bodyOf(response)).toMatchObject({ status: 503, code: 'assign.unavailable' });
    expect(bench.landed).toEqual([]);
  });
});

describe('a request that does not fit', () => {
  const MANY_LATENCIES = Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`s${index}`, index]));
  const MANY_LABELS = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`l${index}`, 'x']));
  const text = (bytes: number): string => `must be text of 1 to ${bytes} bytes of UTF-8`;
  const labels = 'must be an object of at most 8 labels';
  const latencies = 'must be an object of at most 32 latencies';
  const latency = 'must be a number of milliseconds from 0 to 60000';

  it.each<[string, unknown, readonly { path: string; message: string }[]]>([
    ['no object', [], [{ path: 'body', message: 'must be an object' }]],
    ['null', null, [{ path: 'body', message: 'must be an object' }]],
    ['an unknown field', { aqq: 1 }, [{ path: 'aqq', message: 'is not known here; see docs/openapi.yaml' }]],
    ['a name of the prototype', { toString: 1 }, [{ path: 'toString', message: expect.any(String) }]],
    ['a wrong type', { app: 5 }, [{ path: 'app', message: text(32) }]],
    ['an empty text', { world: '' }, [{ path: 'world', message: text(32) }]],
    ['too many units', { client: 'a'.repeat(33) }, [{ path: 'client', message: text(32) }]],
    ['too many bytes', { client: 'ä'.repeat(17) }, [{ path: 'client', message: text(32) }]],
    ['half a character', { client: '\ud800' }, [{ path: 'client', message: text(32) }]],
    ['a long id', { server: 'i'.repeat(25) }, [{ path: 'server', message: text(24) }]],
    ['avoid as text', { avoid: 'a.0' }, [{ path: 'avoid', message: 'must be a list of at most 3 server ids' }]],
    [
      'four to avoid',
      { avoid: ['a', 'b', 'c', 'd'] },
      [{ path: 'avoid', message: 'must be a list of at most 3 server ids' }],
    ],
    ['no text to avoid', { avoid: ['a', 7] }, [{ path: 'avoid[1]', message: text(24) }]],
    ['labels as a list', { labels: [] }, [{ path: 'labels', message: labels }]],
    ['nine labels', { labels: MANY_LABELS }, [{ path: 'labels', message: labels }]],
    ['a reserved label', { labels: JSON.parse('{"__proto__":"x"}') }, [{ path: 'labels', message: labels }]],
    ['latencies as a list', { latencies: [1] }, [{ path: 'latencies', message: latencies }]],
    ['33 latencies', { latencies: MANY_LATENCIES }, [{ path: 'latencies', message: latencies }]],
    ['a reserved latency', { latencies: JSON.parse('{"constructor":1}') }, [{ path: 'latencies', message: latencies }]],
    ['a latency below 0', { latencies: { eu: -1 } }, [{ path: 'latencies.eu', message: latency }]],
    ['a latency that is no number', { latencies: { eu: '1' } }, [{ path: 'latencies.eu', message: latency }]],
    ['a label that is no text', { labels: { mode: 1 } }, [{ path: 'labels.mode', message: text(32) }]],
    ['a family', { family: 5 }, [{ path: 'family', message: 'must be 4 or 6' }]],
    ['explain as text', { explain: 'yes' }, [{ path: 'explain', message: 'must be true or false' }]],
    [
      'two mistakes',
      { app: '', family: '4' },
      [
        { path: 'app', message: text(32) },
        { path: 'family', message: 'must be 4 or 6' },
      ],
    ],
  ])('is told where: %s', async (_, request, errors) => {
    const bench = await anApiBench();

    const response = await bench.assign(request);

    expect(response.status).toBe(400);
    expect(response.headers['content-type']).toBe('application/problem+json');
    expect(bodyOf(response)).toEqual({
      type: 'urn:onedoor:error:http.bad-request',
      title: 'the request does not fit the schema',
      status: 400,
      detail: 'see `errors` for each path',
      code: 'http.bad-request',
      errors,
    });
    expect(bench.landed).toEqual([]);
  });

  it.each<[string, string | Uint8Array]>([
    ['cut off', '{"app":'],
    ['not UTF-8', Uint8Array.of(0x7b, 0xff, 0x7d)],
    ['deeply nested', '['.repeat(16_000)],
  ])('is told that the body is no JSON: %s', async (_, body) => {
    const bench = await anApiBench();

    const response = await bench.send({ method: 'POST', path: '/v1/assignments', body });

    expect(response.status).toBe(400);
    expect(bodyOf(response)['errors']).toEqual([{ path: 'body', message: 'must be JSON in UTF-8' }]);
  });

  it.each([
    ['text', '"'.padEnd(16 * 1024, 'a')],
    ['two bytes a unit', `"${'ä'.repeat(8 * 1024)}"`],
    ['bytes', new Uint8Array(16 * 1024)],
  ])('may have 16 KiB and no more: %s', async (_, atLimit) => {
    const bench = await anApiBench();
    const send = (body: string | Uint8Array) => bench.send({ method: 'POST', path: '/v1/assignments', body });
    const over = typeof atLimit === 'string' ? `${atLimit}a` : new Uint8Array(atLimit.length + 1);

    const fits = await send(typeof atLimit === 'string' ? atLimit.slice(0, atLimit.length - 2) : atLimit);
    const tooLong = await send(over);

    expect(fits.status).toBe(400);
    expect(tooLong.status).toBe(413);
    expect(bodyOf(tooLong)).toMatchObject({ code: 'http.body-too-large' });
  });
});
