import { describe, expect, it } from 'vitest';
import type { AssignmentAnswer } from '../../../adapters/http/schemas.ts';
import { type ApiBench, anApiBench, bodyOf } from '../../support/api-bench.ts';

async function aSeat() {
  const bench = await anApiBench();
  const { id, ticket, server } = bodyOf<AssignmentAnswer>(await bench.assign());
  return { bench, id, ticket, server };
}

const release = (bench: ApiBench, id: string, authorization?: string) =>
  bench.send({
    method: 'DELETE',
    path: `/v1/assignments/${id}`,
    headers: authorization === undefined ? {} : { authorization },
  });

describe('DELETE /v1/assignments/{id}', () => {
  it('tells the server of the ticket', async () => {
    const { bench, id, ticket, server } = await aSeat();
    const response = await release(bench, id, `Bearer ${ticket}`);
    expect([response.status, bodyOf(response)]).toEqual([200, { status: 'told' }]);
    expect((await release(bench, encodeURIComponent(id), `bearer ${ticket}`)).status).toBe(200);
    expect(bench.left).toEqual([server.id, server.id]);
    expect(bench.records.at(-1)).toMatchObject({ method: 'DELETE', route: '/v1/assignments/{id}' });
  });

  it('wants the ticket of this very seat', async () => {
    const { bench, id, ticket } = await aSeat();
    const other = bodyOf<AssignmentAnswer>(await bench.assign());
    for (const authorization of [undefined, 'Basic eA==', 'Bearer', `Bearer ${other.ticket}`]) {
      const response = await release(bench, id, authorization);
      expect(bodyOf(response)['code']).toBe('http.unauthorized');
      expect(response.headers['www-authenticate']).toBe('Bearer');
    }
    const forged = `${ticket.slice(0, -4)}AAAA`;
    expect(bodyOf(await release(bench, id, `Bearer ${forged}`))['code']).toBe('ticket.forged');
    expect(bodyOf(await release(bench, id, 'Bearer nonsense'))['code']).toBe('ticket.malformed');
    expect(bench.left).toEqual([]);
  });

  it('says when the server does not answer, and when it is gone', async () => {
    const { bench, id, ticket } = await aSeat();
    bench.serversAnswer = false;
    const unheard = await release(bench, id, `Bearer ${ticket}`);
    expect([unheard.status, bodyOf(unheard)['code']]).toEqual([504, 'assign.not-confirmed']);
    bench.showOnly([]);
    expect(bodyOf(await release(bench, id, `Bearer ${ticket}`))['code']).toBe('http.not-found');
  });
});
