import { afterEach, describe, expect, it } from 'vitest';
import { askOverHttp, type HttpAsk } from '../../../client/http-assign.ts';
import { type ScriptedApi, startApi } from '../../support/scripted-peer.ts';

let api: ScriptedApi | undefined;
afterEach(async () => {
  await api?.close();
  api = undefined;
});

const SERVER = {
  id: 'i-1.0',
  ipv4: '203.0.113.1',
  ipv6: '2001:db8::1',
  ports: { game: 27_000, probe: 7_000 },
  app: 'arena',
  world: 'w1',
  group: 'eu',
};
const ANSWER = {
  id: 'i-1.0:a1:7',
  server: SERVER,
  ticket: 'the-ticket',
  activateBy: 1_800_000_000,
  keepalive: { intervalSeconds: 15, transmissions: 8, timeoutMs: 500 },
  alternates: [{ ...SERVER, id: 'i-2.0', ipv4: '203.0.113.2' }],
};

async function ask(
  answer: { status: number; body: unknown; headers?: object },
  options: Partial<HttpAsk> = {},
): Promise<Awaited<ReturnType<typeof askOverHttp>>> {
  api = await startApi(() => answer);
  const signal = new AbortController().signal;
  return await askOverHttp({ base: api.base, client: 'alice', avoid: [], family: 4, signal, ...options });
}

describe('asking over HTTP', () => {
  it('sends names, client and what to avoid, and the family only where it is not the default', async () => {
    await ask({ status: 201, body: ANSWER }, { app: 'arena', world: 'w1', group: 'eu', avoid: ['i-9.0'], family: 6 });

    expect(api!.bodies).toEqual([
      {
        method: 'POST',
        url: '/v1/assignments',
        body: { app: 'arena', world: 'w1', group: 'eu', client: 'alice', avoid: ['i-9.0'], family: 6 },
      },
    ]);
  });

  it('gives server, ticket, rhythm and alternates', async () => {
    const named = {
      id: 'i-1.0',
      address: Uint8Array.of(203, 0, 113, 1),
      ports: SERVER.ports,
      app: 'arena',
      world: 'w1',
      group: 'eu',
    };

    expect(await ask({ status: 201, body: ANSWER })).toMatchObject({
      ok: true,
      grant: {
        server: named,
        ticket: 'the-ticket',
        keepalive: ANSWER.keepalive,
        alternates: [{ ...named, id: 'i-2.0', address: Uint8Array.of(203, 0, 113, 2) }],
      },
    });
  });

  it('takes the address of the family asked for, and the other one where there is no such address', async () => {
    const { ipv4: _, ...onlyIpv6 } = SERVER;

    expect(await ask({ status: 201, body: ANSWER }, { family: 6 })).toMatchObject({
      grant: { server: { address: { length: 16 }, otherAddress: { length: 4 } } },
    });
    await api!.close();
    expect(await ask({ status: 201, body: { ...ANSWER, server: onlyIpv6 } })).toMatchObject({
      grant: { server: { address: { length: 16 } } },
    });
  });

  it('gives the default rhythm where the answer has none that makes sense', async () => {
    expect(await ask({ status: 201, body: { ...ANSWER, keepalive: { intervalSeconds: -1 } } })).toMatchObject({
      grant: { keepalive: { intervalSeconds: 20, transmissions: 10, timeoutMs: 700 } },
    });
  });

  it.each([
    ['no object', 7],
    ['no server', { ticket: 'the-ticket' }],
    ['a server without address', { server: { ...SERVER, ipv4: undefined, ipv6: 'nowhere' } }],
    ['a server without ports', { server: { ...SERVER, ports: { game: 0 } } }],
    ['a server without id', { server: { ...SERVER, id: 7 } }],
    ['no JSON', 'moved'],
  ])('gives nothing for an answer with %s', async (_, body) => {
    expect(await ask({ status: 201, body })).toBeUndefined();
  });

  it('gives nothing for an answer without end', async () => {
    expect(await ask({ status: 201, body: { ...ANSWER, filler: 'x'.repeat(70_000) } })).toBeUndefined();
  });

  it('gives nothing where nobody listens', async () => {
    expect(await ask({ status: 201, body: ANSWER }, { base: 'http://127.0.0.1:1' })).toBeUndefined();
  });

  it('ends when it is aborted', async () => {
    const abort = new AbortController();
    abort.abort();

    expect(await ask({ status: 201, body: ANSWER }, { signal: abort.signal })).toBeUndefined();
  });
});

describe('a problem', () => {
  it('is a refusal with its code, text and time', async () => {
    const body = { code: 'assign.no-capacity', detail: 'all 40 servers are full', retryAfterMs: 2_500 };

    expect(await ask({ status: 503, body, headers: { 'retry-after': '3' } })).toEqual({
      ok: false,
      code: 'assign.no-capacity',
      detail: 'all 40 servers are full',
      retryAfterMs: 2_500,
    });
  });

  it('has its time from the header where the body has none', async () => {
    expect(await ask({ status: 429, body: { code: 'door.rate-limited' }, headers: { 'retry-after': '3' } })).toEqual({
      ok: false,
      code: 'door.rate-limited',
      retryAfterMs: 3_000,
    });
  });

  it('of something else between client and door is no answer', async () => {
    expect(await ask({ status: 502, body: { message: 'bad gateway' } })).toBeUndefined();
    await api!.close();
    expect(await ask({ status: 503, body: { code: 'toString' } })).toBeUndefined();
  });
});
