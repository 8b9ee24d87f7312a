import { describe, expect, it, vi } from 'vitest';
import { createAgonesApi } from '../../../../agents/agones/rest-api.ts';
import { anAgonesLab } from '../../../support/agones-lab.ts';
import { OPENAPI } from './openapi-table.ts';

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return value.every((each) => typeof each === 'string') ? 'string[]' : 'list';
  if (typeof value === 'string' && /^-?\d+$/.test(value)) return 'int64';
  return typeof value;
}

describe('the REST calls of Agones’ SDK', () => {
  it('are those of its OpenAPI documents: paths, methods, fields', async () => {
    const lab = await anAgonesLab();
    for (const { method, path, body, answer } of OPENAPI) {
      const reply = await lab.call(method, path, body);
      const fields = Object.fromEntries(Object.entries(reply.body).map(([name, value]) => [name, typeOf(value)]));
      expect([method, path, reply.status, fields]).toEqual([method, path, 200, answer]);
    }
  });

  it('answer the GameServer with the fields and types of the documents', async () => {
    const lab = await anAgonesLab();
    await lab.call('POST', '/ready');
    await lab.call('PUT', '/metadata/label', { key: 'map', value: 'dust' });
    await lab.call('PUT', '/metadata/annotation', { key: 'note', value: '' });
    await lab.call('POST', '/alpha/player/connect', { playerID: 'ann' });

    const { body } = await lab.call('GET', '/gameserver');

    expect(body).toEqual({
      object_meta: {
        name: 'i-a.0',
        namespace: 'g1',
        uid: 'SRV#AROATEST:i-a#0',
        resource_version: '5',
        generation: '1',
        creation_timestamp: String(Date.UTC(2026, 0, 1) / 1_000),
        annotations: { 'agones.dev/sdk-note': '' },
        labels: { mode: 'ctf', 'agones.dev/sdk-map': 'dust' },
      },
      spec: { health: { disabled: false, period_seconds: 5, failure_threshold: 3, initial_delay_seconds: 15 } },
      status: {
        state: 'Ready',
        address: '203.0.113.7',
        addresses: [
          { type: 'ExternalIP', address: '203.0.113.7' },
          { type: 'ExternalIP', address: '2001:db8::7' },
        ],
        ports: [
          { name: 'default', port: 27_000 },
          { name: 'probe', port: 7_000 },
        ],
        players: { count: '1', capacity: '4', ids: ['ann'] },
        counters: { rooms: { count: '1', capacity: '10' } },
        lists: { members: { capacity: '2', values: [] } },
      },
    });
  });

  it('count players once, refuse more than fit, and say who is there', async () => {
    const lab = await anAgonesLab();
    const connect = async (playerID: string) => await lab.call('POST', '/alpha/player/connect', { playerID });
    expect((await connect('ann')).body).toEqual({ bool: true });
    expect((await connect('ann')).body).toEqual({ bool: false });
    await lab.call('PUT', '/alpha/player/capacity', { count: 2 });
    expect((await connect('bob/2')).body).toEqual({ bool: true });
    expect(await connect('cid')).toEqual({ status: 500, body: expect.objectContaining({ code: 2, details: [] }) });
    expect((await lab.call('GET', '/alpha/player/connected')).body).toEqual({ list: ['ann', 'bob/2'] });
    expect((await lab.call('GET', '/alpha/player/connected/bob%2F2')).body).toEqual({ bool: true });
    const disconnect = async () => (await lab.call('POST', '/alpha/player/disconnect', { playerID: 'ann' })).body;
    expect([await disconnect(), await disconnect()]).toEqual([{ bool: true }, { bool: false }]);
    expect((await lab.call('GET', '/alpha/player/count')).body).toEqual({ count: '1' });
  });

  it('keep counters within 0 and their capacity', async () => {
    const lab = await anAgonesLab();
    const patch = async (body: object) => {
      const reply = await lab.call('PATCH', '/v1beta1/counters/rooms', body);
      return reply.status === 200 ? `${reply.body['count']}/${reply.body['capacity']}` : reply.body['code'];
    };
    expect(await patch({ countDiff: '9' })).toBe('10/10');
    expect(await patch({ countDiff: 1 })).toBe(11);
    expect(await patch({ countDiff: '-11' })).toBe(11);
    expect(await patch({ count: '3' })).toBe('3/10');
    expect(await patch({ capacity: '2' })).toBe('2/2');
    expect(await patch({ capacity: '-1' })).toBe(11);
    expect(await patch({ count: '5', capacity: '8' })).toBe('5/8');
    expect(await patch({ count: 'many' })).toBe(3);
    expect(await patch({ count: null })).toBe('5/8');
  });

  it('keep each value of a list once, up to its capacity', async () => {
    const lab = await anAgonesLab();
    const change = async (how: string, value: unknown) => {
      const reply = await lab.call('POST', `/v1beta1/lists/members:${how}`, { value });
      return reply.status === 200 ? reply.body['values'] : [reply.status, reply.body['code']];
    };
    expect(await change('addValue', 'a')).toEqual(['a']);
    expect(await change('addValue', 'a')).toEqual([409, 6]);
    expect(await change('addValue', 'b')).toEqual(['a', 'b']);
    expect(await change('addValue', 'c')).toEqual([400, 11]);
    expect(await change('removeValue', 'c')).toEqual([404, 5]);
    expect(await change('removeValue', 'a')).toEqual(['b']);
    expect(await change('addValue', 7)).toEqual([400, 3]);
    const patch = async (body: object) => (await lab.call('PATCH', '/v1beta1/lists/members', body)).body['values'];
    expect(await patch({ values: ['x', 'x', 'y', 'z'] })).toEqual(['x', 'y']);
    expect(await patch({ capacity: '1' })).toEqual(['x']);
    expect((await lab.call('PATCH', '/v1beta1/lists/members', { capacity: 1_001 })).body['code']).toBe(11);
    expect((await lab.call('PATCH', '/v1beta1/lists/members', { values: 'x' })).body['code']).toBe(3);
  });

  it.each([
    ['GET', '/nothing', undefined, 404, 5],
    ['GET', '/ready', undefined, 501, 12],
    ['POST', '/ready', '{', 400, 3],
    ['POST', '/ready', [], 400, 3],
    ['POST', '/reserve', { seconds: -1 }, 400, 3],
    ['POST', '/reserve', { seconds: 'soon' }, 400, 3],
    ['PUT', '/metadata/label', { value: 'v' }, 400, 3],
    ['PUT', '/metadata/label', { key: 'k', value: 1 }, 400, 3],
    ['POST', '/alpha/player/connect', {}, 400, 3],
    ['PUT', '/alpha/player/capacity', { count: -1 }, 400, 11],
    ['GET', '/v1beta1/counters/other', undefined, 404, 5],
    ['GET', '/v1beta1/counters/constructor', undefined, 404, 5],
    ['PATCH', '/v1beta1/counters/__proto__', { count: 1 }, 404, 5],
    ['GET', '/v1beta1/lists/other', undefined, 404, 5],
    ['POST', '/v1beta1/lists/other:addValue', { value: 'x' }, 404, 5],
    ['GET', '/alpha/player/connected/%ff', undefined, 400, 3],
  ])('refuse %s %s with %j', async (method, path, body, status, code) => {
    const lab = await anAgonesLab();
    const reply = await lab.call(method, path, body);
    expect(reply).toEqual({ status, body: { code, message: expect.any(String), details: [] } });
    expect(lab.told).toEqual(['hold']);
  });

  it('are not for pages of a browser', async () => {
    const lab = await anAgonesLab();
    const reply = await lab.call('POST', '/shutdown', {}, { origin: 'https://elsewhere.example' });
    expect([reply.status, lab.told]).toEqual([403, ['hold']]);
  });

  it('bound what a build can leave behind', async () => {
    const lab = await anAgonesLab();
    const put = async (n: number) => (await lab.call('PUT', '/metadata/label', { key: `k${n}`, value: 'v' })).status;
    for (let n = 0; n < 64; n++) expect(await put(n)).toBe(200);
    expect(await put(64)).toBe(429);
  });
});

describe('WatchGameServer', () => {
  it('tells the GameServer as it is, then each change, a line each', async () => {
    const lab = await anAgonesLab();
    const handler = createAgonesApi(lab.desk);
    const reply = await handler({ method: 'GET', path: '/watch/gameserver', headers: {}, sourceAddress: '127.0.0.1' });
    const lines = [String(reply.body)];
    const stop = reply.goOn!((text) => void lines.push(text));
    const states = () =>
      lines.map((line) => {
        expect(line.endsWith('\n')).toBe(true);
        return JSON.parse(line).result.status.state;
      });

    await lab.call('POST', '/ready');
    await vi.advanceTimersByTimeAsync(1_000);
    lab.sessions = 1;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(states()).toEqual(['Scheduled', 'Ready', 'Allocated']);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(states().slice(3)).toEqual(['Allocated']);
    await lab.call('POST', '/reserve', { seconds: '5' });
    await lab.call('POST', '/allocate');
    expect(states().slice(4)).toEqual(['Reserved', 'Allocated']);

    stop();
    await lab.call('POST', '/shutdown');
    await vi.advanceTimersByTimeAsync(20_000);
    expect(lines).toHaveLength(6);
  });

  it('has room for 16 at once', async () => {
    const lab = await anAgonesLab();
    const handler = createAgonesApi(lab.desk);
    const ask = async () =>
      await handler({ method: 'GET', path: '/watch/gameserver', headers: {}, sourceAddress: '127.0.0.1' });
    const stops: (() => void)[] = [];
    for (let n = 0; n < 16; n++) stops.push((await ask()).goOn!(() => {}));
    expect((await ask()).status).toBe(429);
    for (const stop of stops) stop();
    expect((await ask()).status).toBe(200);
  });
});
