import { describe, expect, it } from 'vitest';
import { CHOOSE_MS } from '../../../core/session/timing.ts';
import type { NamedServer } from '../../../core/session/types.ts';
import { aSession, aWorld } from '../../support/session-world.ts';
import { errorFields } from '../../support/sim-servers.ts';

/** The server number `index` as a roster names it. */
function listed(index: number): NamedServer {
  return {
    id: `i-${index}.0`,
    address: Uint8Array.of(203, 0, 113, index),
    ports: { game: 27_000, probe: 7_000 },
  };
}

/** Those that are not to be avoided, in this order. */
const inOrder =
  (...indexes: number[]) =>
  (avoid: readonly string[]): NamedServer[] =>
    indexes.map(listed).filter(({ id }) => !avoid.includes(id));

describe('a client that chooses', () => {
  it('takes a seat on the server of its choice by one request that names it', () => {
    const { client, door, run } = aWorld({ servers: 3, client: { chooses: true, choose: inOrder(3, 1) } });

    run(300);

    expect(door.requests).toHaveLength(1);
    expect(door.requests[0]!.pick).toBe('i-3.0');
    expect(client.all('assigned')).toMatchObject([{ grant: { server: { id: 'i-3.0' } }, resumed: false }]);
    expect(client.all('assigned')[0]!.grant.ticket).toContain('i-3.0');
  });

  it('asks for its next choice where the first is full', () => {
    const world = aWorld({ servers: 3, client: { chooses: true, choose: inOrder(3, 2, 1) } });
    world.servers[2]!.state = 'silent';
    world.servers[1]!.state = 'silent';

    world.run(500);

    expect(world.door.requests.map(({ pick }) => pick)).toEqual(['i-3.0', 'i-2.0', 'i-1.0']);
    expect(world.client.all('waiting')).toEqual([]);
    expect(world.client.all('assigned')).toMatchObject([{ grant: { server: { id: 'i-1.0' } } }]);
  });

  it('chooses again after a loss, without the server that it lost', () => {
    const asked: (readonly string[])[] = [];
    const choose = (avoid: readonly string[]) => {
      asked.push(avoid);
      return inOrder(1, 2)(avoid);
    };
    const { client, server, run } = aSession({ client: { chooses: true, choose } });
    server.state = 'silent';

    run(30_000);

    expect(asked).toEqual([[], [server.id]]);
    expect(client.all('reassigned')).toMatchObject([{ grant: { server: { id: 'i-2.0' } } }]);
  });

  it('first goes back to its own server where only the application lost it', () => {
    const { client, server, door, grant, run } = aSession({ client: { chooses: true, choose: inOrder(1, 2) } });
    const asked = door.requests.length;
    client.event({ type: 'lost' });

    run(1_000);

    expect(client.all('reassigned')).toMatchObject([{ grant: { server: { id: server.id }, ticket: grant.ticket } }]);
    expect(door.requests).toHaveLength(asked);
  });

  it('waits and chooses again where there is nothing to choose, or no choice comes', () => {
    const none = aWorld({ client: { chooses: true, choose: () => [] } });
    none.run(300);
    expect(none.client.all('waiting')[0]).toMatchObject({ code: 'assign.no-capacity' });

    const never = aWorld({ client: { chooses: true } });
    never.run(CHOOSE_MS + 10);
    expect(never.client.all('waiting')).toMatchObject([{ code: 'client.no-answer' }]);
    expect(never.door.requests).toEqual([]);
  });

  it('goes to its server without a ticket where an agent answers for the door, and there are no seats', () => {
    const { client, door, servers, run } = aWorld({ client: { chooses: true, choose: inOrder(2) } });
    door.reaction = (request) => servers[0]!.alive(request);

    run(300);

    const [assigned] = client.all('assigned');
    expect(assigned!.grant).toMatchObject({ server: listed(2) });
    expect(assigned!.grant.ticket).toBeUndefined();
    expect(servers[1]!.requests.length).toBeGreaterThan(0);
  });

  it('takes no ticket for another server than the chosen one', () => {
    const { client, door, servers, run } = aWorld({ client: { chooses: true, choose: inOrder(2) } });
    door.reaction = (request) => door.grant(request, servers[0]!);

    run(200);

    expect(client.all('assigned')).toEqual([]);
    expect(client.all('waiting')[0]).toMatchObject({ code: 'assign.no-capacity' });
  });

  it('joins its server directly where the door has gone silent meanwhile', () => {
    const { client, door, run } = aWorld({ servers: 3, client: { chooses: true, choose: inOrder(3, 2) } });
    door.state = 'gone';

    run(10_000);

    expect(client.all('assigned')).toMatchObject([{ grant: { server: { id: 'i-3.0' } }, via: 'udp' }]);
  });
});

describe('a start while the door is away', () => {
  it('joins what the kept roster names, the next where one is silent', () => {
    const seen: boolean[] = [];
    const choose = (avoid: readonly string[], cached: boolean) => {
      seen.push(cached);
      return inOrder(1, 2)(avoid);
    };
    const { client, door, servers, run } = aWorld({ client: { cached: true, choose } });
    door.state = 'silent';
    servers[0]!.state = 'silent';

    run(15_000);

    expect(seen).toEqual([true]);
    expect(client.all('assigned')).toMatchObject([{ grant: { server: { id: 'i-2.0' } } }]);
    expect(client.all('assigned')[0]!.grant.ticket).toBeUndefined();
  });

  it('goes on asking the door where nothing was kept or nobody lets it in', () => {
    for (const servers of [[], [listed(1)]]) {
      const world = aWorld({ client: { cached: true, choose: () => servers } });
      world.door.state = 'silent';
      for (const server of world.servers) server.reaction = (request) => errorFields(request, 6, 100_000);
      for (const server of world.servers) server.state = 'silent';
      world.run(30_000);
      expect(world.client.all('waiting').length).toBeGreaterThan(0);
      world.door.state = 'up';
      for (const server of world.servers) Object.assign(server, { state: 'up', reaction: undefined });
      world.run(60_000);
      expect(world.client.all('assigned')).toHaveLength(1);
      expect(world.client.all('assigned')[0]!.grant.ticket).toBeDefined();
    }
  });
});

describe('a door that is a name with many addresses', () => {
  it('is asked at each of them in turn until one answers', () => {
    const dead = Array.from({ length: 7 }, (_, n) => ({ address: Uint8Array.of(198, 51, 100, 100 + n), port: 7_000 }));
    const living = { address: Uint8Array.of(198, 51, 100, 9), port: 7_000 };
    const { client, run } = aWorld({ client: { doors: [...dead, living] } });

    run(60_000);

    expect(client.all('assigned')).toHaveLength(1);
    const asked = new Set(client.sent.flatMap(({ to }) => (to ? [to.address.join('.')] : [])));
    expect(asked.size).toBeGreaterThanOrEqual(8);
  });
});
