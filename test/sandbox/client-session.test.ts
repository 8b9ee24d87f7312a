import { readdirSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { Session } from '../../client/index.ts';
import { next, ScriptedDeployment } from '../support/scripted-deployment.ts';
import { aliveFields, grantFields, type ScriptedPeer } from '../support/scripted-peer.ts';
import { errorFields } from '../support/sim-servers.ts';
import { until } from '../support/until.ts';

const here = new ScriptedDeployment();
afterEach(() => here.close());

/** Waits for the first keepalive without the ticket: the server has taken it. */
async function accepted(session: Session, server: ScriptedPeer): Promise<void> {
  await until(() => {
    session.sent(10);
    return server.requests.some(({ ticket }) => ticket === undefined);
  });
}

describe('a session', () => {
  it('finds another server when its own is killed', async () => {
    const { door, servers } = await here.start();
    const session = await here.join(door);
    here.repeat(100, () => session.sent());
    await until(() => servers[0]!.peer.requests.length >= 2);
    const lost = next(session, 'lost');
    const reassigned = next(session, 'reassigned');
    await servers[0]!.peer.die();

    const event = await reassigned;

    expect(await lost).toMatchObject({ server: { id: 'i-1.0' }, reason: 'silent' });
    expect(event).toMatchObject({ server: { id: 'i-2.0' }, from: { id: 'i-1.0' }, via: 'udp' });
    expect([session.server.id, session.ticket]).toEqual(['i-2.0', 'ticket-i-2.0']);
    expect(door.requests.at(-1)).toMatchObject({ avoid: ['i-1.0'], report: 1, ticket: 'ticket-i-1.0' });
  });

  it('finds another server when its own falls silent', async () => {
    const { door, servers } = await here.start();
    const session = await here.join(door);
    here.repeat(100, () => {
      session.sent();
      if (servers[0]!.peer.deaf.size === 0) session.received();
    });
    await until(() => servers[0]!.peer.requests.length >= 2);
    servers[0]!.peer.deaf.add('udp').add('tcp');

    expect(await next(session, 'reassigned')).toMatchObject({ from: { id: 'i-1.0' }, server: { id: 'i-2.0' } });
  });

  it('looks for another server when the application says that it is lost', async () => {
    const { door } = await here.start();
    const session = await here.join(door);
    const reassigned = next(session, 'reassigned');

    session.lost();

    expect((await reassigned).server.id).toBe('i-2.0');
  });

  it('leaves a server that refuses the ticket, and says why', async () => {
    const { door, servers } = await here.start();
    servers[0]!.peer.script = (request) => errorFields(request, 8);
    const session = await here.join(door);

    expect(await next(session, 'lost')).toMatchObject({ reason: 'refused', code: 'ticket.clock' });
    expect((await next(session, 'reassigned')).server.id).toBe('i-2.0');
  });

  it('tells why it has no server, and goes on trying', async () => {
    const { door } = await here.start();
    const session = await here.join(door);
    const { script } = door;
    door.script = (request) => errorFields(request, 6, 20);
    const trouble = next(session, 'error');
    session.lost();

    expect(await trouble).toMatchObject({ code: 'assign.unavailable', payload: { retryInMs: expect.any(Number) } });
    door.script = script;
    expect((await next(session, 'reassigned')).server.id).toBeDefined();
  });

  it('moves when its server says so', async () => {
    const { door, servers } = await here.start();
    const session = await here.join(door);
    const [from, to] = servers as [(typeof servers)[0], (typeof servers)[0]];
    await until(() => from.peer.requests.length === 1);
    from.peer.script = (request) =>
      request.length >= 800
        ? { ...grantFields(request, to.peer, to.id), movingMs: 30_000 }
        : { ...aliveFields(request, from.peer, from.id), address: new Uint8Array(16), movingMs: 30_000 };
    const moving = next(session, 'moving');
    const reassigned = next(session, 'reassigned');

    session.sent(10);

    expect(await moving).toMatchObject({ server: { id: 'i-1.0' }, endsInMs: 30_000, named: true });
    expect(await reassigned).toMatchObject({ server: { id: 'i-2.0' }, from: { id: 'i-1.0' } });
    expect(to.peer.requests[0]).toMatchObject({ ticket: 'ticket-i-2.0' });
  });

  it('may be closed by a listener in the middle of an event, and leaves no socket of the next request', async () => {
    const { door, servers } = await here.start();
    const openFiles = () => readdirSync('/proc/self/fd').length;
    const before = openFiles();
    const session = await here.join(door);
    await accepted(session, servers[0]!.peer);
    const closed = next(session, 'closed');
    session.on('lost', () => void session.close());

    session.lost();

    expect(await closed).toMatchObject({ server: { id: 'i-1.0' } });
    expect(openFiles()).toBe(before);
    expect(door.requests).toHaveLength(1);
  });
});

describe('closing', () => {
  it('gives an unused seat back', async () => {
    const { door, servers } = await here.start();
    const { peer, id } = servers[0]!;
    peer.script = (request) => (request.leave ? aliveFields(request, peer, id) : undefined);
    const session = await here.join(door);

    await session.close();

    expect(peer.requests.at(-1)).toMatchObject({ leave: true, ticket: 'ticket-i-1.0' });
  });

  it('says nothing once the seat is used, and is over at once', async () => {
    const { door, servers } = await here.start();
    const session = await here.join(door);
    await accepted(session, servers[0]!.peer);

    await session.close();
    await session.close();

    expect(servers[0]!.peer.requests.filter(({ leave }) => leave)).toEqual([]);
  });

  it('follows the signal', async () => {
    const { door } = await here.start();
    const abort = new AbortController();
    const session = await here.join(door, { signal: abort.signal });
    const closed = next(session, 'closed');

    abort.abort();

    expect(await closed).toMatchObject({ server: { id: 'i-1.0' } });
  });
});
