import { afterEach, describe, expect, it } from 'vitest';
import { connect } from '../../client/index.ts';
import { ScriptedDeployment } from '../support/scripted-deployment.ts';
import {
  grantFields,
  type ScriptedApi,
  type ScriptedPeer,
  startApi,
  startPeer,
  startServer,
} from '../support/scripted-peer.ts';
import { errorFields } from '../support/sim-servers.ts';
import { until } from '../support/until.ts';

const here = new ScriptedDeployment();
afterEach(() => here.close());

async function anApi(server: ScriptedPeer): Promise<ScriptedApi> {
  const api = await startApi(() => ({
    status: 201,
    body: {
      id: 'i-1.0:a1:7',
      server: {
        id: 'i-1.0',
        ipv4: server.host,
        ports: { game: 27_000, probe: server.port },
        app: 'arena',
        world: 'w1',
        group: 'eu',
      },
      ticket: 'ticket-i-1.0',
      activateBy: 1_800_000_000,
      keepalive: { intervalSeconds: 20, transmissions: 10, timeoutMs: 700 },
    },
  }));
  return here.own(api);
}

describe('connecting', () => {
  it('by UDP gives server and ticket, and the server sees the ticket', async () => {
    const { door, servers } = await here.start();

    const session = await here.join(door, { app: 'arena', client: 'alice' });

    expect(session.server).toEqual({
      id: 'i-1.0',
      address: '127.0.0.2',
      family: 4,
      otherAddress: undefined,
      ports: { game: 27_000, probe: servers[0]!.peer.port },
      app: 'arena',
      world: undefined,
      group: undefined,
    });
    expect([session.ticket, session.via, session.client]).toEqual(['ticket-i-1.0', 'udp', 'alice']);
    expect(door.requests).toMatchObject([{ app: 'arena', length: 800, via: 'udp' }]);
    await until(() => servers[0]!.peer.requests.length === 1);
    expect(servers[0]!.peer.requests[0]).toMatchObject({ ticket: 'ticket-i-1.0', via: 'udp' });
    expect(Buffer.from(servers[0]!.peer.requests[0]!.client!).toString()).toBe('alice');
  });

  it('falls back to TCP on the same address when UDP is dropped, for keepalives too', async () => {
    const { door, servers } = await here.start();
    for (const peer of [door, ...servers.map((server) => server.peer)]) peer.deaf.add('udp');

    const session = await here.join(door);

    expect(session.via).toBe('tcp');
    const { peer } = servers[0]!;
    await until(() => peer.requests.some(({ via }) => via === 'tcp'));
    const asked = peer.requests.length;
    session.sent(10);
    await until(() => peer.requests.length > asked);
    expect(peer.requests.at(-1)!.via).toBe('tcp');
  });

  it('repeats with the same nonce from another port', async () => {
    const { door } = await here.start();
    const { script } = door;
    door.script = (request) => (door.requests.length < 2 ? undefined : script(request));

    await here.join(door);

    const [first, second] = door.requests;
    expect(second!.nonce).toEqual(first!.nonce);
    expect(second!.sourcePort).not.toBe(first!.sourcePort);
  });

  it('falls back to HTTP when neither is answered', async () => {
    const { door, servers } = await here.start();
    door.deaf.add('udp').add('tcp');
    const api = await anApi(servers[0]!.peer);

    const session = await here.join(door, { http: api.base, app: 'arena', client: 'alice' });

    expect(session.via).toBe('http');
    expect(session.server).toMatchObject({ id: 'i-1.0', address: '127.0.0.2', world: 'w1', group: 'eu' });
    expect(api.bodies).toEqual([{ method: 'POST', url: '/v1/assignments', body: { app: 'arena', client: 'alice' } }]);
    await until(() => servers[0]!.peer.requests.some(({ ticket }) => ticket === 'ticket-i-1.0'));
  });

  it('answers a cookie with the same request from the same port', async () => {
    const { door } = await here.start();
    const { script } = door;
    const cookie = new Uint8Array(20).fill(7);
    door.script = (request) => (request.cookie ? script(request) : { ...errorFields(request, 9), cookie });

    await here.join(door);

    const [first, second] = door.requests;
    expect(second!.cookie).toEqual(cookie);
    expect([second!.nonce, second!.sourcePort]).toEqual([first!.nonce, first!.sourcePort]);
  });

  it('works over IPv6', async () => {
    const server = here.ownPeer(await startServer('i-6.0', '::1'));
    const door = here.ownPeer(await startPeer((request) => grantFields(request, server, 'i-6.0'), '::1'));

    const session = await connect({ door: `[::1]:${door.port}`, http: false });
    here.own(session);

    expect(session.server).toMatchObject({ address: '::1', family: 6 });
    await until(() => server.requests.length > 0);
  });

  it('finds the family that works behind a name', async () => {
    const { door } = await here.start();

    const session = await connect({ door: `localhost:${door.port}`, http: false });
    here.own(session);

    expect(session.server.family).toBe(4);
  });

  it('waits for a full door until there is room', async () => {
    const { door } = await here.start();
    const { script } = door;
    door.script = (request) => (door.requests.length < 3 ? errorFields(request, 1, 50) : script(request));

    const session = await here.join(door);

    expect(session.server.id).toBe('i-1.0');
    expect(new Set(door.requests.map(({ nonce }) => nonce.join())).size).toBe(3);
  });
});

describe('connecting in vain', () => {
  it('ends at once where the app is not known', async () => {
    const { door } = await here.start();
    door.script = (request) => errorFields(request, 2);

    await expect(here.join(door)).rejects.toMatchObject({ name: 'OnedoorError', code: 'assign.unknown-app' });
  });

  it('ends after the time allowed with what the door said last', async () => {
    const { door } = await here.start();
    door.script = (request) => errorFields(request, 1);

    await expect(here.join(door, { timeoutMs: 300 })).rejects.toMatchObject({ code: 'assign.no-capacity' });
  });

  it('names the door and the ways tried where nobody answers', async () => {
    const { door } = await here.start();
    door.deaf.add('udp').add('tcp');

    await expect(here.join(door, { timeoutMs: 300 })).rejects.toMatchObject({
      code: 'client.no-answer',
      payload: { door: `127.0.0.1:${door.port}`, ways: ['udp', 'tcp'] },
    });
  });

  it('carries the resolver’s error where the name has no address', async () => {
    await expect(connect({ door: 'no-such-door.invalid', http: false, timeoutMs: 200 })).rejects.toMatchObject({
      code: 'client.no-answer',
      cause: { syscall: 'getaddrinfo' },
    });
  });

  it('rejects wrong options with every problem', async () => {
    await expect(connect({ door: '', timeoutMs: -1 })).rejects.toMatchObject({
      name: 'ConfigError',
      problems: [expect.stringContaining('`door` must be host[:port]'), expect.stringContaining('`timeoutMs`')],
    });
  });

  it('rejects with the reason of the signal', async () => {
    const { door } = await here.start();
    door.deaf.add('udp').add('tcp');
    const abort = new AbortController();
    const reason = new Error('the player left');
    const connecting = here.join(door, { signal: abort.signal });

    abort.abort(reason);

    await expect(connecting).rejects.toBe(reason);
    await expect(here.join(door, { signal: abort.signal })).rejects.toBe(reason);
  });
});
