import { describe, expect, it } from 'vitest';
import { backoffMs } from '../../../core/session/backoff.ts';
import { sameBytes, sameEndpoint } from '../../../core/session/endpoint.ts';
import { KeepaliveExchange } from '../../../core/session/keepalive-exchange.ts';
import { ServerLink } from '../../../core/session/server-link.ts';
import { Traffic } from '../../../core/session/traffic.ts';
import { aShared } from '../../support/session-world.ts';

const TO = { address: Uint8Array.of(203, 0, 113, 1), port: 7_000 };

function numbers(link: ServerLink, transmission: number): number[] {
  return link.channelsFor(transmission).map(({ channel }) => channel);
}

describe('backing off', () => {
  const rng = (float: number) => ({ float: () => float, bytes: () => new Uint8Array(0) });

  it('doubles its ceiling from 250 ms to 30 s', () => {
    const ceilings = [0, 1, 2, 6, 7, 8, 5_000].map((failures) => backoffMs(failures, 0, rng(1)));

    expect(ceilings).toEqual([250, 500, 1_000, 16_000, 30_000, 30_000, 30_000]);
  });

  it('draws from the whole range below it', () => {
    expect(backoffMs(2, 0, rng(0))).toBe(0);
    expect(backoffMs(2, 0, rng(0.5))).toBe(500);
  });

  it('comes after the time that the door gave, which is at most 5 minutes', () => {
    expect(backoffMs(0, 3_000, rng(0.5))).toBe(3_125);
    expect(backoffMs(0, 0xffffffff, rng(0))).toBe(300_000);
  });
});

describe('an endpoint', () => {
  it('is the same only with address, family and port', () => {
    expect(sameEndpoint(TO, { address: Uint8Array.of(203, 0, 113, 1), port: 7_000 })).toBe(true);
    expect(sameEndpoint(TO, { ...TO, port: 7_001 })).toBe(false);
    expect(sameEndpoint(TO, { ...TO, address: Uint8Array.of(203, 0, 113, 2) })).toBe(false);
    expect(sameBytes(Uint8Array.of(1), Uint8Array.of(1, 2))).toBe(false);
  });
});

describe('game traffic', () => {
  function received(...atMs: number[]): Traffic {
    const traffic = new Traffic();
    for (const at of atMs) traffic.received(at);
    return traffic;
  }

  it('proves nothing before the first datagram', () => {
    expect(received().flows(0, 20_000)).toBe(false);
  });

  it('that is dense speaks for its server for 1 s', () => {
    const traffic = received(0, 50, 100);

    expect(traffic.flows(1_099, 20_000)).toBe(true);
    expect(traffic.flows(1_100, 20_000)).toBe(false);
  });

  it('that is sparse speaks for three of its longest gaps', () => {
    const traffic = received(0, 2_000, 3_500);

    expect(traffic.flows(9_499, 20_000)).toBe(true);
    expect(traffic.flows(9_500, 20_000)).toBe(false);
  });

  it('forgets a pause after eight more gaps', () => {
    const traffic = received(0, 6_000);
    for (let at = 6_100; at <= 6_800; at += 100) traffic.received(at);

    expect(traffic.flows(7_900, 20_000)).toBe(false);
  });

  it('never speaks for longer than the interval', () => {
    expect(received(0, 15_000).flows(35_000, 20_000)).toBe(false);
  });

  it('is quiet 1 s after a datagram that came since the last keepalive, once', () => {
    const traffic = received(500);
    expect(traffic.quietAtMs).toBe(1_500);

    traffic.keepaliveStarts();

    expect(traffic.quietAtMs).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('a link to a server', () => {
  it('tries TCP beside an unanswered UDP, and a fresh socket in the end', () => {
    const shared = aShared();
    const link = new ServerLink(shared, TO, false);

    expect([0, 1, 2].map((transmission) => numbers(link, transmission))).toEqual([[1], [1, 2], [3, 2]]);
    expect(shared.actions.map((action) => action.type === 'open' && action.via)).toEqual(['udp', 'tcp', 'udp']);
  });

  it('tries both at once where the door was not reached by UDP', () => {
    expect(numbers(new ServerLink(aShared(), TO, true), 0)).toEqual([1, 2]);
  });

  it('keeps to the channel that was answered and closes the others', () => {
    const shared = aShared();
    const link = new ServerLink(shared, TO, true);
    link.channelsFor(0);

    link.heard(2);

    expect(link.via).toBe('tcp');
    expect(shared.actions.at(-1)).toEqual({ type: 'close', channel: 1 });
    expect(numbers(link, 1)).toEqual([2]);
  });

  it('stays with UDP once UDP was answered', () => {
    const shared = aShared();
    const link = new ServerLink(shared, TO, true);
    link.channelsFor(0);

    link.heard(1);

    expect(shared.actions.at(-1)).toEqual({ type: 'close', channel: 2 });
    expect(numbers(link, 1)).toEqual([1]);
  });

  it('connects anew by TCP after the connection ended', () => {
    const link = new ServerLink(aShared(), TO, true);
    link.channelsFor(0);
    link.heard(2);

    link.failed(2);

    expect(numbers(link, 0)).toEqual([3]);
  });
});

describe('a keepalive exchange', () => {
  function anExchange(timeoutMs = 700) {
    const shared = aShared();
    const link = new ServerLink(shared, TO, false);
    link.heard(numbers(link, 0)[0]!);
    const exchange = new KeepaliveExchange(shared, link, timeoutMs, (nonce) => nonce, 0);
    const sent = () => shared.actions.flatMap((action) => (action.type === 'send' ? [action.bytes] : []));
    exchange.tick(0);
    return { exchange, sent };
  }

  it('sends at 0, 700 and 1,050 ms with own nonces, and gives up at 1,400', () => {
    const { exchange, sent } = anExchange();
    const wakes = [exchange.wakeAtMs];
    while (!exchange.tick(exchange.wakeAtMs)) wakes.push(exchange.wakeAtMs);

    expect(wakes).toEqual([700, 1_050, 1_400]);
    expect(new Set(sent().map((nonce) => nonce.join())).size).toBe(3);
  });

  it('takes an answer to any of its packets', () => {
    const { exchange, sent } = anExchange();
    exchange.tick(700);

    expect(sent().map((nonce) => exchange.isAnswer(nonce))).toEqual([true, true]);
    expect(exchange.isAnswer(new Uint8Array(8))).toBe(false);
  });

  it('retransmits at once upon hints, but gives up no sooner than its timeout', () => {
    const { exchange, sent } = anExchange();

    for (let hint = 0; hint < 10; hint++) exchange.hint(20);

    expect(sent()).toHaveLength(3);
    expect(exchange.wakeAtMs).toBe(700);
    expect(exchange.tick(699)).toBe(false);
    expect(exchange.tick(700)).toBe(true);
  });

  it('starts over once after a pause of the process', () => {
    const { exchange } = anExchange();
    exchange.tick(700);
    exchange.tick(1_050);

    expect(exchange.tick(60_000)).toBe(false);
    expect(exchange.wakeAtMs).toBe(60_700);
    exchange.tick(60_700);
    exchange.tick(61_050);
    expect(exchange.tick(61_400)).toBe(true);
  });
});
