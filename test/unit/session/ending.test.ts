import { describe, expect, it } from 'vitest';
import { createSessionMachine } from '../../../core/session/session-machine.ts';
import { toWireAddress } from '../../../core/wire/address.ts';
import type { ExtendedRequest } from '../../../core/wire/packet.ts';
import { seededRng } from '../../support/seeded-rng.ts';
import { aSession, aWorld } from '../../support/session-world.ts';
import { SimServer } from '../../support/sim-servers.ts';

/** An agent that ends its sessions in 30 s and sends them to `next` with a ticket there. */
function movingTo(next: SimServer, leastLength = 0) {
  return (request: ExtendedRequest, server: SimServer) => ({
    ...server.alive(request),
    movingMs: 30_000,
    address: new Uint8Array(16),
    ...(request.length >= leastLength && {
      address: toWireAddress(next.at.address),
      server: next.id,
      ports: next.ports,
      ticket: 'ticket-there',
    }),
  });
}

describe('a server that is going away', () => {
  it('hands its client to the server that it names, with the ticket there', () => {
    const { client, server, other, run } = aSession();
    server.reaction = movingTo(other);

    run(21_000);

    expect(client.all('moving')).toEqual([{ type: 'moving', endsInMs: 30_000, named: true }]);
    expect(client.all('reassigned')).toMatchObject([
      { grant: { server: { id: other.id, ports: { game: 27_000, probe: 7_000 } }, ticket: 'ticket-there' } },
    ]);
    expect(other.requests.map(({ ticket }) => ticket)).toEqual(['ticket-there']);
    expect(client.all('lost')).toEqual([]);
  });

  it('is asked again with 800 bytes when the keepalive was too short for the answer', () => {
    const { client, server, other, run } = aSession();
    server.reaction = movingTo(other, 800);

    run(21_000);

    expect(server.requests.map(({ length }) => length).slice(-2)).toEqual([96, 800]);
    expect(client.all('moving')).toHaveLength(1);
    expect(client.all('reassigned')).toHaveLength(1);
  });

  it('keeps its client while it cannot name another yet', () => {
    const { client, server, other, run } = aSession();
    server.reaction = movingTo(other, 9_999);
    run(21_000);
    expect(client.all('moving')[0]).toEqual({ type: 'moving', endsInMs: 30_000, named: false });
    expect(client.all('reassigned')).toEqual([]);
    server.reaction = movingTo(other);

    run(3_000);

    expect(client.all('reassigned')).toHaveLength(1);
    expect(client.all('lost')).toEqual([]);
  });

  it('keeps its client until the other has accepted it', () => {
    const { client, server, other, run } = aSession();
    server.reaction = movingTo(other);
    other.reaction = () => undefined;
    run(24_000);
    expect(client.all('moving')).toHaveLength(1);
    expect([client.all('reassigned'), client.all('lost')]).toEqual([[], []]);
    other.reaction = undefined;

    run(3_000);

    expect(client.all('reassigned')).toMatchObject([{ grant: { server: { id: other.id } }, from: { id: server.id } }]);
  });

  it('that dies before the other has answered leaves the client on its way there', () => {
    const { client, server, other, door, run } = aSession();
    server.reaction = movingTo(other);
    other.reaction = () => undefined;
    run(20_100);
    client.event({ type: 'lost' });
    expect(client.all('lost')).toMatchObject([{ server: { id: server.id } }]);
    other.reaction = undefined;

    run(1_000);

    expect(client.all('reassigned')).toMatchObject([{ grant: { server: { id: other.id }, ticket: 'ticket-there' } }]);
    expect(door.requests).toHaveLength(1);
  });

  it('may name the other by its address alone: the ports are the same there', () => {
    const { client, server, other, run } = aSession();
    server.reaction = ({ nonce }) => ({ address: toWireAddress(other.at.address), nonce, server: other.id });

    run(21_000);

    const { grant } = client.all('reassigned')[0]!;
    expect(grant.server).toMatchObject({ id: other.id, ports: { game: 27_000, probe: 7_000 } });
    expect(other.requests).toHaveLength(1);
  });

  it('may hand over to another slot of the same machine', () => {
    const { client, server, network, run } = aSession({ servers: 1 });
    const slot = new SimServer(network, 1, 7_001);
    server.reaction = (request) => ({ ...slot.alive(request), ports: slot.ports, ticket: 'ticket-there' });

    run(21_000);

    expect(client.all('reassigned')).toMatchObject([{ grant: { server: { id: 'i-1.1', ports: { probe: 7_001 } } } }]);
  });
});

describe('closing', () => {
  it('gives an unused seat back and ends when that is acknowledged', () => {
    const { client, servers, network, run } = aWorld();
    for (const server of servers) server.reaction = (request) => (request.leave ? server.alive(request) : undefined);
    run(100);
    const { grant } = client.all('assigned')[0]!;

    client.event({ type: 'close' });
    run(2_000);

    const left = servers.flatMap(({ requests }) => requests).filter(({ leave }) => leave);
    expect(left.map(({ ticket }) => ticket)).toEqual([grant.ticket]);
    expect(client.at('closed')! - network.nowMs).toBe(20 - 2_000);
    expect(client.openChannels).toBe(0);
  });

  it('is a matter of this machine alone once the seat is used', () => {
    const { client, server, run } = aSession();

    client.event({ type: 'close' });

    expect(client.at('closed')).toBe(200);
    run(30_000);
    expect(server.requests.filter(({ leave }) => leave)).toEqual([]);
    expect(client.openChannels).toBe(0);
  });

  it('on the way to another server gives the seat there back', () => {
    const { client, server, other, run } = aSession();
    server.reaction = movingTo(other);
    other.reaction = (request) => (request.leave ? other.alive(request) : undefined);
    run(20_100);

    client.event({ type: 'close' });
    run(100);

    expect(other.requests.at(-1)).toMatchObject({ leave: true, ticket: 'ticket-there' });
    expect(client.openChannels).toBe(0);
    expect(client.at('closed')).toBeDefined();
  });

  it('ends although nobody takes the seat back', () => {
    const { client, servers, run } = aWorld();
    for (const server of servers) server.reaction = () => undefined;
    run(100);

    client.event({ type: 'close' });
    run(1_400);

    expect(client.at('closed')).toBe(1_500);
  });

  it('stops a request to the door', () => {
    const { client, door, run } = aWorld();
    door.state = 'silent';
    run(1_100);

    client.event({ type: 'close' });
    door.state = 'up';
    run(60_000);

    expect(client.notices.map(({ notice }) => notice.type)).toEqual(['closed']);
    expect(client.openChannels).toBe(0);
  });
});

describe('a machine', () => {
  it('does nothing before it is started and nothing after it was closed', () => {
    const machine = createSessionMachine({
      client: Uint8Array.of(1),
      http: false,
      localAddress: {},
      rng: seededRng(1),
    });
    expect(machine.handle({ type: 'tick' }, 5)).toEqual([]);
    expect(machine.wakeAtMs()).toBe(Number.POSITIVE_INFINITY);

    expect(machine.handle({ type: 'close' }, 6)).toEqual([{ type: 'closed' }]);

    expect(machine.handle({ type: 'start' }, 7)).toEqual([]);
    expect(machine.handle({ type: 'close' }, 8)).toEqual([]);
    expect(machine.wakeAtMs()).toBe(Number.POSITIVE_INFINITY);
  });
});
