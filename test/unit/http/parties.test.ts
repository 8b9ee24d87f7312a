import { decodeJwt } from 'jose';
import { describe, expect, it } from 'vitest';
import type { AssignmentAnswer } from '../../../adapters/http/schemas.ts';
import { anApiBench, bodyOf } from '../../support/api-bench.ts';
import { aServer } from '../../support/builders.ts';

describe('a party at POST /v1/assignments', () => {
  it('gives a party a seat each on one server, each with a ticket of its own', async () => {
    const bench = await anApiBench([aServer({ id: 'i-a.0', capacity: 2 }), aServer({ id: 'i-b.0', capacity: 4 })]);
    const party = ['one', 'two', 'three'];
    const body = bodyOf<AssignmentAnswer>(await bench.assign({ party }));
    expect(body.server.id).toBe('i-b.0');
    expect(body.seats?.map(({ client }) => client)).toEqual(party);
    const first = { id: body.id, ticket: body.ticket };
    expect(body.seats?.[0]).toEqual({ client: 'one', ...first });
    expect(body.seats?.map(({ ticket }) => decodeJwt(ticket))).toMatchObject(
      body.seats!.map(({ client, id }) => ({ jti: id, sub: Buffer.from(client).toString('base64url') })),
    );
    expect(new Set(body.seats?.map(({ id }) => id)).size).toBe(3);
    const refused = await bench.assign({ party });
    expect([refused.status, bodyOf(refused)['code']]).toEqual([503, 'assign.no-capacity']);
    expect(await bench.free('i-a.0')).toBe(2);
  });

  it('answers a party of one in the form of a party', async () => {
    const body = bodyOf<AssignmentAnswer>(await (await anApiBench()).assign({ party: ['one'] }));
    expect(body.seats).toEqual([{ client: 'one', id: body.id, ticket: body.ticket }]);
  });

  it.each([
    ['nobody', { party: [] }, 'party'],
    ['seventeen', { party: Array.from({ length: 17 }, (_, n) => `c${n}`) }, 'party'],
    ['the same client twice', { party: ['one', 'one'] }, 'party'],
    ['an empty name', { party: ['one', ''] }, 'party[1]'],
    ['a client beside it', { party: ['one'], client: 'two' }, 'client'],
  ])('refuses a party of %s', async (_what, request, path) => {
    const response = await (await anApiBench()).assign(request);
    expect(response.status).toBe(400);
    expect(bodyOf(response)).toMatchObject({ code: 'http.bad-request', errors: [{ path }] });
  });
});

describe('Idempotency-Key at POST /v1/assignments', () => {
  it('gives a repeated request with a key its first answer, and another one under that key none', async () => {
    const bench = await anApiBench();
    const key = { 'idempotency-key': '4f5f64de-8a3b-4e1c-9f0e-2d5a6c7b8d9e' };
    const first = await bench.assign({ client: 'one' }, key);
    expect(first.status).toBe(201);
    expect(bodyOf(await bench.assign({ client: 'one' }, key))).toEqual(bodyOf(first));
    expect((await bench.free('a.0')) + (await bench.free('b.0'))).toBe(5);
    const other = await bench.assign({ client: 'two' }, key);
    expect([other.status, bodyOf(other)['code']]).toEqual([422, 'http.key-reused']);
  });

  it.each(['too-short', 'one space in it all', 'x'.repeat(129)])('refuses the key “%s”', async (key) => {
    const response = await (await anApiBench()).assign({}, { 'idempotency-key': key });
    expect(bodyOf(response)).toMatchObject({ code: 'http.bad-request', errors: [{ path: 'Idempotency-Key' }] });
  });
});
