import { describe, expect, it } from 'vitest';
import { aSession, aWorld, play } from '../../support/session-world.ts';
import { errorFields, type SimServer } from '../../support/sim-servers.ts';

describe('a lost server', () => {
  it('is replaced within 3 s for a client that sends 10 datagrams a second', () => {
    const world = aSession({ door: { pick: ([first]) => first, alternates: ([, second]) => [second!] } });
    play(world, { sendEveryMs: 100, receiveEveryMs: 100, while: () => world.server.state === 'up' });
    world.run(5_040);
    world.server.state = 'silent';
    const diedAtMs = world.network.nowMs;

    world.run(4_000);

    expect(world.client.all('lost')).toMatchObject([{ server: { id: world.server.id }, reason: 'silent' }]);
    expect(world.client.all('reassigned')).toMatchObject([
      { grant: { server: { id: world.other.id } }, from: { id: world.server.id }, via: 'udp' },
    ]);
    expect(world.client.at('reassigned')! - diedAtMs).toBeLessThan(3_000);
  });

  it('is replaced within interval + 3 s for an idle client', () => {
    const { client, server, network, run } = aSession();
    run(1_000);
    server.state = 'silent';
    const diedAtMs = network.nowMs;

    run(23_000);

    expect(client.at('reassigned')! - diedAtMs).toBeLessThan(23_000);
  });

  it('is replaced by the door within 5 s more, and sooner for whoever has just come', () => {
    const times = Array.from({ length: 200 }, (_, index) => {
      const { client, server, network, run } = aSession({ seed: index + 1 });
      run(index < 100 ? 10_000 : 0);
      server.state = 'silent';
      client.event({ type: 'lost' });
      const lostAtMs = network.nowMs;
      run(6_000);
      return client.at('reassigned')! - lostAtMs;
    });
    const [old, fresh] = [times.slice(0, 100), times.slice(100)];
    expect(Math.max(...old)).toBeLessThan(5_200);
    expect(old.reduce((sum, ms) => sum + ms, 0) / 100).toBeGreaterThan(1_700);
    expect(Math.max(...fresh)).toBeLessThan(400);
  });

  it('is named to the door as one to avoid, once', () => {
    const { client, server, door, run } = aSession();
    client.event({ type: 'lost' });
    run(1_000);
    expect(door.requests.at(-1)!.avoid).toEqual([server.id]);

    client.event({ type: 'lost' });
    run(1_000);

    expect(door.requests.at(-1)!.avoid).toHaveLength(1);
    expect(door.requests.at(-1)!.avoid).not.toEqual([server.id]);
  });

  it('is reported with its ticket by the first request after the loss', () => {
    const { client, grant, servers, door, run } = aSession();
    for (const server of servers) server.reaction = (request) => (request.ticket ? errorFields(request, 8) : undefined);
    client.event({ type: 'lost' });
    run(900);

    const reports = door.requests.map(({ report, ticket }) => [report, ticket]);
    expect(reports.slice(0, 3)).toEqual([
      [undefined, undefined],
      [1, grant.ticket],
      [2, client.all('reassigned')[0]!.grant.ticket],
    ]);
  });

  it('is asked for again when the door has no other', () => {
    const { client, server, door, run } = aSession({ servers: 1 });
    client.event({ type: 'lost' });

    run(2_000);

    expect(door.requests.map(({ avoid }) => avoid)).toEqual([undefined, [server.id], undefined]);
    expect(client.all('reassigned')).toMatchObject([{ grant: { server: { id: server.id } } }]);
  });

  it('joins the two lost before it in the list, if none of them was ever confirmed', () => {
    const { client, servers, door, run } = aWorld({ servers: 5 });
    for (const server of servers) server.reaction = () => undefined;

    run(15_000);

    const lost = client.all('lost').map(({ server }) => server.id);
    expect(lost.length).toBeGreaterThan(3);
    expect(door.requests[4]!.avoid).toEqual(lost.slice(0, 4).reverse().slice(0, 3));
  });

  it('that never answered is not replaced without pause, so that a broken pool is not asked in a loop', () => {
    const { client, servers, run } = aWorld({ servers: 2 });
    for (const server of servers) server.reaction = (request) => errorFields(request, 7);

    run(60_000);

    expect(client.all('lost').length).toBeGreaterThan(3);
    expect(client.all('lost').length).toBeLessThan(25);
  });

  it('is no reason to give up: an app that the roster has lost for now is asked for again', () => {
    const { client, door, run } = aSession();
    door.reaction = (request) => errorFields(request, 2);
    client.event({ type: 'lost' });
    run(10_000);
    expect(client.all('failed')).toEqual([]);
    door.reaction = undefined;

    run(30_000);

    expect(client.all('reassigned')).toHaveLength(1);
  });
});

describe('alternates', () => {
  /** A session on i-1.0, whose ticket is also good on i-2.0, then on i-3.0. */
  function withAlternates() {
    const world = aSession({
      servers: 3,
      door: { pick: ([first]) => first, alternates: ([, second, third]) => [second!, third!] },
    });
    const [first, second, third] = world.servers as [SimServer, SimServer, SimServer];
    return { ...world, first, second, third };
  }

  it('are tried before the door, with the ticket', () => {
    const { client, grant, first, second, door, run } = withAlternates();
    first.state = 'silent';

    run(23_000);

    expect(second.requests[0]!.ticket).toBe(grant.ticket);
    expect(client.all('reassigned')).toMatchObject([
      { grant: { server: { id: second.id, ports: { game: 27_000, probe: 7_000 } }, ticket: grant.ticket } },
    ]);
    expect(client.at('reassigned')! - client.at('lost')!).toBe(20);
    expect(door.requests).toHaveLength(1);
  });

  it('are tried in order', () => {
    const { client, first, second, third, door, run } = withAlternates();
    first.state = 'silent';
    second.reaction = (request) => errorFields(request, 1);

    run(23_000);

    expect(client.all('reassigned')).toMatchObject([{ grant: { server: { id: third.id }, alternates: [] } }]);
    expect(door.requests).toHaveLength(1);
  });

  it('that took the client in leave the report to a datagram that wants no server', () => {
    const { client, grant, first, door, run } = withAlternates();
    first.state = 'silent';
    run(23_000);
    expect(client.all('reassigned')).toHaveLength(1);
    expect(door.reports).toMatchObject([{ ticket: grant.ticket, report: 1, want: 8 }]);
    expect(door.requests).toHaveLength(1);
  });

  it('that are dead too leave the door', () => {
    const { client, grant, first, second, third, door, run } = withAlternates();
    for (const server of [first, second, third]) server.reaction = () => undefined;

    run(30_000);

    const withOldTicket = ({ requests }: SimServer) => requests.filter(({ ticket }) => ticket === grant.ticket).length;
    // Three by UDP, and TCP beside the two retransmissions.
    expect([second, third].map(withOldTicket)).toEqual([5, 5]);
    expect(client.all('lost')[0]).toMatchObject({ server: { id: first.id } });
    expect(door.requests[1]!.avoid).toEqual([first.id]);
  });

  it('that are dead too cost half a second each', () => {
    const { client, first, second, run } = withAlternates();
    first.state = 'silent';
    second.reaction = () => undefined;
    run(23_000);
    expect(client.at('reassigned')! - client.at('lost')!).toBe(520);
  });

  it('that took the client in are watched like any server, and what is left serves the next loss', () => {
    const { client, first, second, third, door, run } = withAlternates();
    first.state = 'silent';
    run(23_000);
    second.state = 'silent';

    run(23_000);

    expect(client.all('reassigned').map(({ grant }) => grant.server.id)).toEqual([second.id, third.id]);
    expect(door.requests).toHaveLength(1);
  });

  it('are passed over when the ticket was refused', () => {
    const { client, grant, first, second, door, run } = withAlternates();
    first.reaction = (request) => errorFields(request, 7);
    client.event({ type: 'sent', count: 10 });

    run(500);

    expect(client.all('lost')).toMatchObject([{ reason: 'refused' }]);
    expect(door.requests).toHaveLength(2);
    expect(second.requests.map(({ ticket }) => ticket)).not.toContain(grant.ticket);
  });
});
