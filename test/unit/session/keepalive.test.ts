import { describe, expect, it } from 'vitest';
import { ServerWatch } from '../../../core/session/server-watch.ts';
import { toWireAddress } from '../../../core/wire/address.ts';
import { encodeResponse } from '../../../core/wire/encode-response.ts';
import { aSession, aShared, play } from '../../support/session-world.ts';
import { errorFields } from '../../support/sim-servers.ts';

describe('keepalives', () => {
  it('go out every interval while nothing is sent', () => {
    const { client, run } = aSession();

    run(60_000);

    const atMs = client.sent.slice(1).map((sent) => sent.atMs - client.at('assigned')!);
    expect(atMs).toEqual([0, 20_000, 40_000, 60_000].slice(0, atMs.length));
    expect(atMs.length).toBeGreaterThanOrEqual(3);
  });

  it('go out with every tenth datagram that the application sent', () => {
    const world = aSession();
    const before = world.server.requests.length;
    play(world, { sendEveryMs: 100, receiveEveryMs: 100 });

    world.run(5_000);

    expect(world.server.requests.length - before).toBe(5);
  });

  it('go out at once when game traffic flowed in and then stopped for 1 s', () => {
    const world = aSession();
    const before = world.server.requests.length;
    const stop = play(world, { receiveEveryMs: 50 });
    world.run(5_000);
    expect(world.server.requests.length).toBe(before);
    stop();

    world.run(1_020);

    expect(world.server.requests.length - before).toBe(1);
    world.run(5_000);
    expect(world.server.requests.length - before).toBe(1);
  });

  it('are padded to 96 bytes and carry client and nonce only, once the ticket is accepted', () => {
    const { client, server, run } = aSession();
    run(20_000);

    expect(client.sent.at(-1)!.bytes).toHaveLength(96);
    const { ticket, app, client: identity } = server.requests.at(-1)!;
    expect({ ticket, app }).toEqual({ ticket: undefined, app: undefined });
    expect(identity).toEqual(Uint8Array.of(1, 2, 3, 4));
  });

  it('keep the rhythm that the server sets', () => {
    const { client, server, run } = aSession();
    server.reaction = (request) => ({
      ...server.alive(request),
      keepalive: { intervalSeconds: 5, transmissions: 3, timeoutMs: 400 },
    });
    run(20_100);
    const before = server.requests.length;

    run(10_000);
    expect(server.requests.length - before).toBe(2);
    client.event({ type: 'sent', count: 3 });
    run(20);
    expect(server.requests.length - before).toBe(3);
  });

  it('carry the ticket until an answer comes', () => {
    const { client, server, grant, run } = aSession({ servers: 1 });
    // The first keepalive after a loss of the session: the server is silent twice, then answers.
    server.reaction = () => (server.requests.length % 3 === 0 ? server.alive(server.requests.at(-1)!) : undefined);
    client.event({ type: 'lost' });
    server.requests.length = 0;

    run(3_000);

    const tickets = server.requests.map(({ ticket }) => ticket);
    expect(tickets).toHaveLength(3);
    expect(new Set(tickets).size).toBe(1);
    expect(tickets[0]).not.toBe(grant.ticket);
  });

  it('wait for the time that a busy server gives, but no longer than the interval', () => {
    const { client, server, run } = aSession();
    server.reaction = (request) => errorFields(request, 5, 600_000);
    client.event({ type: 'sent', count: 10 });
    run(50);
    server.reaction = undefined;
    const before = server.requests.length;

    client.event({ type: 'sent', count: 10 });
    run(19_000);
    expect(server.requests.length).toBe(before);
    run(1_100);
    expect(server.requests.length).toBe(before + 1);
    expect(client.all('lost')).toEqual([]);
  });

  it('go over TCP where UDP passes to neither door nor server', () => {
    const udpBlocked = { lossPct: 0, duplicatePct: 0, delayMs: [10, 10], udpBlocked: true } as const;
    const { client, server, run } = aSession({ conditions: udpBlocked, settleMs: 2_000 });

    run(65_000);

    expect(client.all('lost')).toEqual([]);
    expect(server.requests.length).toBeGreaterThanOrEqual(3);
    const last = client.sent.slice(-2).map(({ via, bytes }) => [via, bytes.length < 96]);
    expect(last).toEqual([
      ['tcp', true],
      ['tcp', true],
    ]);
  });
});

describe('a server', () => {
  it('is lost after a keepalive and two retransmissions', () => {
    const { client, server, run } = aSession();
    server.state = 'silent';
    const askedAtMs = client.at('assigned')! + 20_000;

    run(30_000);

    const sent = client.sent.filter(({ atMs, to }) => atMs >= askedAtMs && to?.address[0] === 203);
    expect(sent.slice(0, 3).map(({ atMs }) => atMs - askedAtMs)).toEqual([0, 700, 1_050]);
    expect(client.at('lost')! - askedAtMs).toBe(1_400);
    expect(client.all('lost')).toMatchObject([{ reason: 'silent', server: { id: server.id } }]);
  });

  it('that answers one of the three is not lost', () => {
    const { client, server, run } = aSession();
    let asked = 0;
    server.reaction = (request) => (++asked % 3 === 0 ? server.alive(request) : undefined);

    run(120_000);

    expect(asked).toBeGreaterThan(12);
    expect(client.all('lost')).toEqual([]);
  });

  it.each([50, 400, 2_000, 5_000])(
    'whose game sends every %i ms is never lost, though its agent is dead',
    (everyMs) => {
      const world = aSession();
      play(world, { receiveEveryMs: everyMs, sendEveryMs: 100 });
      world.run(everyMs * 3);
      world.server.state = 'silent';

      world.run(120_000);

      expect(world.client.all('lost')).toEqual([]);
    },
  );

  it('is lost when its game stops too', () => {
    const world = aSession();
    play(world, { receiveEveryMs: 50, sendEveryMs: 100, while: () => world.network.nowMs < 60_000 });
    world.run(1_000);
    world.server.state = 'silent';

    world.run(70_000);

    expect(world.client.at('lost')! - 60_000).toBeGreaterThan(500);
    expect(world.client.at('lost')! - 60_000).toBeLessThan(2_500);
  });

  it('that is reported gone by the network is lost sooner, yet not before its timeout', () => {
    const world = aSession();
    play(world, { sendEveryMs: 100, receiveEveryMs: 100, while: () => world.server.state === 'up' });
    world.run(5_050);
    world.server.state = 'gone';
    const diedAtMs = world.network.nowMs;

    world.run(5_000);

    const lostAfterMs = world.client.at('lost')! - diedAtMs;
    expect(lostAfterMs).toBeGreaterThanOrEqual(700);
    expect(lostAfterMs).toBeLessThanOrEqual(1_800);
  });

  it('that lives is not lost however many ICMP errors are forged', () => {
    const world = aSession({ conditions: { lossPct: 0, duplicatePct: 0, delayMs: [120, 320] }, settleMs: 1_500 });
    world.run(2_000);
    const forge = () => {
      world.client.injectRefusals();
      world.network.after(20, forge);
    };
    forge();

    world.run(60_000);

    expect(world.client.all('lost')).toEqual([]);
    expect(world.server.requests.length).toBeLessThan(60 * 3 + 10);
  });

  it('that refuses the ticket is left for another', () => {
    const { client, servers, run } = aSession();
    for (const server of servers) server.reaction = (request) => (request.ticket ? errorFields(request, 7) : undefined);
    client.event({ type: 'lost' });
    run(400);

    expect(client.all('lost').at(-1)).toMatchObject({ reason: 'refused', code: 'ticket.ticket-rejected' });
  });

  it('that refuses the ticket while its game plays on keeps its session, without the ticket', () => {
    const world = aSession({ servers: 1 });
    world.server.reaction = (request) => (request.ticket ? errorFields(request, 7) : world.server.alive(request));
    world.client.event({ type: 'lost' });
    world.run(11);
    play(world, { receiveEveryMs: 5 });

    world.run(25_000);

    expect(world.client.all('ticket-refused')).toMatchObject([{ code: 'ticket.ticket-rejected' }]);
    expect(world.client.all('lost')).toHaveLength(1);
  });
});

describe('a watched server', () => {
  it('is believed only on the channel, from the address and with a nonce that was asked', () => {
    const shared = aShared();
    const server = { id: 'i-1.0', address: Uint8Array.of(203, 0, 113, 1), ports: { probe: 7_000 } };
    const keepalive = { intervalSeconds: 20, transmissions: 10, timeoutMs: 700 };
    const watch = new ServerWatch(shared, { server, keepalive, alternates: [] }, false, 0);
    const sent = shared.actions.find((action) => action.type === 'send')!;
    const nonce = sent.bytes.slice(23, 31);
    const answer = (fields: { nonce: Uint8Array }) => {
      const encoded = encodeResponse(
        { address: toWireAddress(server.address), server: server.id, ...fields },
        { maxBytes: 96 },
      );
      return encoded.ok ? encoded.bytes : new Uint8Array(0);
    };
    const from = { address: server.address, port: 7_000 };

    watch.packet(99, from, answer({ nonce }), 10);
    watch.packet(sent.channel, { ...from, port: 7_001 }, answer({ nonce }), 10);
    watch.packet(sent.channel, from, answer({ nonce: new Uint8Array(8) }), 10);
    expect(watch.accepted).toBe(false);
    watch.packet(sent.channel, from, answer({ nonce }), 10);
    expect(watch.accepted).toBe(true);
  });
});
