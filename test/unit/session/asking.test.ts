import { describe, expect, it } from 'vitest';
import { refuse } from '../../../core/errors.ts';
import { DOOR_HTTP_AT_MS, DOOR_TCP_AT_MS, DOOR_UDP_AT_MS } from '../../../core/session/timing.ts';
import type { Grant } from '../../../core/session/types.ts';
import { aWorld } from '../../support/session-world.ts';
import { errorFields, readRequest, type SimServer } from '../../support/sim-servers.ts';

function aGrant(server: SimServer): Grant {
  return {
    server: { id: server.id, address: server.at.address, ports: { game: 27_000, probe: server.at.port } },
    ticket: 'by-http',
    keepalive: { intervalSeconds: 20, transmissions: 10, timeoutMs: 700 },
    alternates: [],
  };
}

describe('a request to the door', () => {
  it('has an answer by UDP after one round trip', () => {
    const { client, run } = aWorld();

    run(30);

    expect(client.all('assigned')).toMatchObject([{ via: 'udp' }]);
    expect(client.at('assigned')).toBe(21);
  });

  it('is padded to 800 bytes and names app, world, group and client', () => {
    const { client, door, run } = aWorld({ client: { app: 'arena', world: 'w1', group: 'eu' } });

    run(30);

    expect(client.sent[0]!.bytes).toHaveLength(800);
    expect(door.requests[0]).toMatchObject({ app: 'arena', world: 'w1', group: 'eu', want: undefined });
    expect(door.requests[0]!.client).toEqual(Uint8Array.of(1, 2, 3, 4));
  });

  it('is repeated with its nonce from new ports, after 1 s over TCP on the same address, then over HTTP', () => {
    const { client, door, run } = aWorld({ client: { post: () => undefined } });
    door.state = 'silent';

    run(5_000);

    const udp = client.sent.filter(({ via }) => via === 'udp');
    expect(client.sent.map(({ via, atMs }) => [via, atMs - 1])).toEqual([
      ...DOOR_UDP_AT_MS.map((atMs) => ['udp', atMs]),
      ['tcp', DOOR_TCP_AT_MS],
      ['http', DOOR_HTTP_AT_MS],
    ]);
    expect(new Set(udp.map(({ localPort }) => localPort)).size).toBe(udp.length);
    expect(new Set(client.sent.slice(0, 4).map(({ bytes }) => readRequest(bytes).nonce.join())).size).toBe(1);
    expect(client.sent[3]!.to).toEqual(door.at);
  });

  it('says in its repeats that direct answers may be what does not arrive', () => {
    const { client, door, run } = aWorld();
    door.state = 'silent';

    run(900);

    expect(client.sent.map(({ bytes }) => readRequest(bytes).want)).toEqual([undefined, 4, 4]);
  });

  it('is answered over TCP where UDP does not pass, and says so', () => {
    const { client, run } = aWorld({
      conditions: { lossPct: 0, duplicatePct: 0, delayMs: [10, 10], udpBlocked: true },
    });

    run(2_000);

    expect(client.all('assigned')).toMatchObject([{ via: 'tcp' }]);
    expect(client.at('assigned')).toBeLessThan(1_100);
  });

  it('is answered over HTTP where neither passes', () => {
    const { client, door, run, servers } = aWorld({
      client: { post: () => ({ ok: true, grant: aGrant(servers[0]!) }) },
    });
    door.state = 'silent';

    run(3_000);

    expect(client.all('assigned')).toMatchObject([{ via: 'http', grant: { ticket: 'by-http' } }]);
  });

  it('goes on to HTTP at once where TCP is refused', () => {
    const { client, door, run, servers } = aWorld({
      client: { post: () => ({ ok: true, grant: aGrant(servers[0]!) }) },
    });
    door.state = 'gone';

    run(1_100);

    expect(client.sent.filter(({ via }) => via === 'http').map(({ atMs }) => atMs)).toEqual([1_021]);
    expect(client.all('assigned')).toMatchObject([{ via: 'http' }]);
  });

  it('ends after 2 s where TCP and HTTP have failed too, and is made anew', () => {
    const { client, door, run } = aWorld({ client: { post: () => undefined } });
    door.state = 'gone';
    run(2_100);
    expect(client.notices).toMatchObject([{ atMs: 2_001, notice: { type: 'waiting', code: 'client.no-answer' } }]);
    door.state = 'up';

    run(300);

    expect(client.all('assigned')).toHaveLength(1);
  });

  it('waits 6 s for a slow answer where nothing has failed', () => {
    const { client, door, run } = aWorld();
    door.state = 'silent';
    run(5_990);
    expect(client.notices).toEqual([]);

    run(20);

    expect(client.notices).toMatchObject([{ notice: { type: 'waiting', code: 'client.no-answer' } }]);
  });

  it('asks every address of the door, and each family with its own nonce', () => {
    const ipv6 = { address: new Uint8Array(16).fill(0x20), port: 7_000 };
    const ipv4 = { address: Uint8Array.of(198, 51, 100, 9), port: 7_000 };
    const { client, door, run } = aWorld({ client: { doors: [ipv6, ipv4] } });
    expect(door.at).toEqual(ipv4);

    run(1_000);

    expect(client.sent.slice(0, 2).map(({ to }) => to)).toEqual([ipv6, ipv4]);
    const [first, second] = client.sent.map(({ bytes }) => readRequest(bytes));
    expect(first!.nonce).not.toEqual(second!.nonce);
    expect(client.all('assigned')).toMatchObject([{ via: 'udp', grant: { server: { address: { length: 4 } } } }]);
  });

  it('asks over HTTP alone when the name has no address', () => {
    const { client, run, servers } = aWorld({
      client: { doors: [], post: () => ({ ok: true, grant: aGrant(servers[0]!) }) },
    });

    run(100);

    expect(client.all('assigned')).toMatchObject([{ via: 'http' }]);
  });

  it('closes all channels but those of the session once it is answered', () => {
    const { client, door, run } = aWorld();
    door.state = 'silent';
    run(1_100);
    expect(client.openChannels).toBe(4);
    door.state = 'up';

    run(7_000);

    expect(client.all('assigned')).toHaveLength(1);
    expect(client.openChannels).toBe(1);
  });
});

describe('a cookie', () => {
  it('is echoed with the same request from the same port', () => {
    const { client, door, run } = aWorld({ door: { cookies: true } });

    run(60);

    const [first, second] = client.sent;
    expect(second!.localPort).toBe(first!.localPort);
    expect(door.requests[1]!.nonce).toEqual(door.requests[0]!.nonce);
    expect(door.requests[1]!.cookie).toHaveLength(20);
    expect(client.all('assigned')).toHaveLength(1);
  });

  it('that is never good ends in a wait, not in a storm', () => {
    const { client, door, run } = aWorld();
    door.reaction = (request) => ({ ...errorFields(request, 9), cookie: new Uint8Array(20) });

    run(150);

    expect(client.sent.length).toBeLessThanOrEqual(8);
    expect(client.all('waiting')[0]).toMatchObject({ code: 'door.cookie-required' });
  });
});

describe('a refusal', () => {
  it('for lack of room is answered with 1,200 bytes, from then on', () => {
    const { client, door, server, run } = (() => {
      const world = aWorld({ door: { ticketBytes: 760 } });
      world.run(200);
      return { ...world, server: world.serverOf(world.client.all('assigned')[0]!.grant.server) };
    })();
    expect(door.requests.map(({ length }) => length)).toEqual([800, 1_200]);
    expect(door.requests[1]!.nonce).toEqual(door.requests[0]!.nonce);

    client.event({ type: 'lost' });
    run(1_000);

    expect(server.requests).not.toHaveLength(0);
    expect(door.requests.at(-1)!.length).toBe(1_200);
  });

  it.each([
    [1, 'assign.no-capacity'],
    [5, 'door.rate-limited'],
    [6, 'assign.unavailable'],
    [99, 'assign.unavailable'],
  ])('with error %i waits for the time given and asks anew', (number, code) => {
    const { client, door, run } = aWorld();
    door.reaction = (request) => errorFields(request, number, 3_000);
    run(3_000);
    expect(client.all('waiting')).toMatchObject([{ code }]);
    expect(door.requests).toHaveLength(1);
    door.reaction = undefined;

    run(300);

    expect(client.all('assigned')).toHaveLength(1);
    expect(door.requests[1]!.nonce).not.toEqual(door.requests[0]!.nonce);
  });

  it('gives a wait token, which goes into the next request, by packet and by HTTP', () => {
    const { client, door, run } = aWorld();
    door.reaction = (request) => ({ ...errorFields(request, 1, 3_000), wait: 'token' });
    run(6_000);
    expect(client.all('waiting')[0]).toMatchObject({ code: 'assign.no-capacity' });
    expect(door.requests.slice(0, 2).map(({ wait }) => wait)).toEqual([undefined, 'token']);

    const waits: (string | undefined)[] = [];
    const post = (_avoid: readonly string[], wait?: string) => {
      waits.push(wait);
      return { ...refuse('assign.no-capacity', { retryAfterMs: 1_000 }), wait: `token ${waits.length}` };
    };
    aWorld({ client: { doors: [], post } }).run(10_000);
    expect(waits.slice(0, 3)).toEqual([undefined, 'token 1', 'token 2']);
  });

  it('without an error option, all zeroes, means "try again later" too', () => {
    const { client, door, run } = aWorld();
    door.reaction = ({ nonce }) => ({
      address: new Uint8Array(16),
      nonce,
      keepalive: { intervalSeconds: 20, transmissions: 10, timeoutMs: 700 },
    });

    run(100);

    expect(client.all('waiting')).toMatchObject([{ code: 'assign.unavailable' }]);
    expect(client.all('assigned')).toEqual([]);
  });

  it('that keeps coming makes the client wait longer and longer, at random', () => {
    const { client, door, run } = aWorld();
    door.reaction = (request) => errorFields(request, 6);

    run(120_000);

    const waits = client.all('waiting').map(({ retryInMs }) => retryInMs);
    expect(waits.length).toBeGreaterThan(6);
    expect(waits.length).toBeLessThan(40);
    for (const [failures, wait] of waits.entries()) {
      expect(wait).toBeLessThanOrEqual(Math.min(30_000, 250 * 2 ** failures));
    }
    expect(new Set(waits).size).toBe(waits.length);
  });

  it('that comes with a wait token has it in the next request', () => {
    const { client, door, run } = aWorld();
    door.reaction = (request) => ({ ...errorFields(request, 1), wait: 'place 7' });
    run(30);
    door.reaction = undefined;

    run(300);

    expect(door.requests.map(({ wait }) => wait)).toEqual([undefined, 'place 7']);
    expect(client.all('assigned')).toHaveLength(1);
  });

  it.each([
    [2, 'assign.unknown-app'],
    [3, 'assign.unknown-world'],
  ])('with error %i ends the first request for good', (number, code) => {
    const { client, door, run } = aWorld();
    door.reaction = (request) => errorFields(request, number);

    run(60_000);

    expect(client.all('failed')).toMatchObject([{ code }]);
    expect(door.requests).toHaveLength(1);
    expect(client.openChannels).toBe(0);
  });
});
