import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readResponsePacket } from '../../core/session/answers.ts';
import type { Endpoint } from '../../core/session/types.ts';
import { toWireAddress } from '../../core/wire/address.ts';
import { encodeResponse } from '../../core/wire/encode-response.ts';
import { aWorld, play } from '../support/session-world.ts';
import type { Conditions } from '../support/sim-network.ts';
import { readRequest } from '../support/sim-servers.ts';

const seed = fc.integer({ min: 1, max: 2 ** 31 });

const badConditions: fc.Arbitrary<Conditions> = fc
  .record({
    lossPct: fc.integer({ min: 0, max: 30 }),
    duplicatePct: fc.integer({ min: 0, max: 20 }),
    least: fc.integer({ min: 1, max: 80 }),
    spread: fc.integer({ min: 0, max: 150 }),
    udpBlocked: fc.constantFrom(false, false, false, true),
  })
  .map(({ least, spread, ...rest }) => ({ ...rest, delayMs: [least, least + spread] as const }));

/** What goes wrong, at a time. */
const faults = fc.array(
  fc.record({
    atMs: fc.integer({ min: 0, max: 120_000 }),
    index: fc.integer({ min: 0, max: 2 }),
    kind: fc.constantFrom('silent', 'gone', 'up', 'door-silent', 'door-gone', 'door-up', 'refuses', 'reported'),
  }),
  { maxLength: 12 },
);

interface Scenario {
  readonly seed: number;
  readonly conditions: Conditions;
  readonly faults: readonly { atMs: number; index: number; kind: string }[];
  readonly cookies: boolean;
  readonly sendEveryMs: number | undefined;
}

const scenario: fc.Arbitrary<Scenario> = fc.record({
  seed,
  conditions: badConditions,
  faults,
  cookies: fc.boolean(),
  sendEveryMs: fc.constantFrom(undefined, 50, 100, 1_000),
});

/** A world in which the faults will happen; every answer that a client may believe is noted in `named`. */
function aTroubledWorld(options: Scenario) {
  const { network, servers, door, client, run } = aWorld({
    seed: options.seed,
    servers: 3,
    conditions: options.conditions,
    door: { gateways: 3, cookies: options.cookies, alternates: (all) => all.slice(0, 2) },
  });
  for (const { atMs, index, kind } of options.faults) {
    network.after(atMs, () => {
      const server = servers[index]!;
      if (kind === 'reported') client.event({ type: 'lost' });
      else if (kind === 'refuses') server.reaction = (request) => ({ ...server.alive(request), server: undefined });
      else if (kind.startsWith('door-')) door.state = kind.slice(5) as 'silent';
      else server.state = kind as 'silent';
    });
  }
  const heal = (): void => {
    door.state = 'up';
    for (const server of servers) Object.assign(server, { state: 'up', reaction: undefined });
  };
  play({ network, client }, { ...(options.sendEveryMs && { sendEveryMs: options.sendEveryMs }) });
  return { network, servers, door, client, run, heal };
}

describe('a session on any network', () => {
  it('never hangs: once the world is whole again, it has a living server and keeps it', () => {
    fc.assert(
      fc.property(scenario, (options) => {
        const { client, run, heal, servers, network } = aTroubledWorld(options);
        run(120_000);
        heal();
        network.conditions = { ...options.conditions, lossPct: 0 };
        run(60_000);
        const { length } = client.notices;
        const asked = servers.reduce((sum, { requests }) => sum + requests.length, 0);

        run(60_000);

        expect(client.notices.slice(length).map(({ notice }) => notice.type)).toEqual([]);
        expect(client.all('assigned')).toHaveLength(1);
        expect(servers.reduce((sum, { requests }) => sum + requests.length, 0) - asked).toBeGreaterThan(1);
        expect(client.openChannels).toBe(1);
      }),
      { numRuns: 150 },
    );
  });

  it('tells the application in an order that makes sense', () => {
    fc.assert(
      fc.property(scenario, (options) => {
        const { client, run } = aTroubledWorld(options);
        run(180_000);

        let has = false;
        for (const { notice } of client.notices) {
          if (notice.type === 'assigned')
            expect(client.notices.filter((one) => one.notice.type === 'assigned')).toHaveLength(1);
          if (notice.type === 'lost') expect(has).toBe(true);
          if (notice.type === 'reassigned') expect(has).toBe(false);
          if (notice.type === 'assigned' || notice.type === 'reassigned') has = true;
          if (notice.type === 'lost') has = false;
        }
      }),
      { numRuns: 100 },
    );
  });

  it('is only ever on a server that a valid answer named, whatever a forger sends', () => {
    fc.assert(
      fc.property(scenario, seed, (options, forgerSeed) => {
        const { network, client, run, servers, door } = aTroubledWorld({ ...options, seed: forgerSeed });
        const evil = Uint8Array.of(192, 0, 2, 66);
        /** Knows addresses and ports of everybody, and old nonces, but reads no packet in flight. */
        const forge = (): void => {
          const target = client.sent.at(-1 - Math.floor(network.rng.float() * 5));
          const from = network.chance(50) ? door.at : servers[Math.floor(network.rng.float() * 3)]!.at;
          if (target && target.bytes.length > 0)
            client.inject(target.localPort, from, forgery(network.rng.bytes(8), evil));
          const own = client.sent.at(-1);
          // The right nonce from an address that was not asked: what a man on another path could have read.
          if (own && own.bytes.length > 0) {
            client.inject(own.localPort, { address: evil, port: 7_001 }, forgery(readRequest(own.bytes).nonce, evil));
          }
          network.after(150, forge);
        };
        forge();

        run(60_000);

        const given = client.notices.flatMap(({ notice }) => ('grant' in notice ? [notice.grant.server.address] : []));
        expect(given.filter((address) => address.join() === evil.join())).toEqual([]);
        expect(client.sent.filter(({ to }) => to?.address.join() === evil.join())).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});

/** An answer that names the forger's server; its probe port is not the one that it is sent from. */
function forgery(nonce: Uint8Array, address: Uint8Array): Uint8Array {
  const encoded = encodeResponse(
    { address: toWireAddress(address), nonce, server: 'evil.0', ports: [{ role: 1, port: 7_000 }], ticket: 'forged' },
    { maxBytes: 1_200 },
  );
  if (!encoded.ok || !readResponsePacket(encoded.bytes, undefined)) throw new Error('not a response');
  return encoded.bytes;
}

describe('the loss of a server', () => {
  /** Times from death to the next server, over many sessions. */
  function mendTimes(count: number, traffic: { sendEveryMs?: number }, how: 'silent' | 'gone'): number[] {
    return Array.from({ length: count }, (_, index) => {
      const world = aWorld({
        seed: index + 1,
        servers: 4,
        conditions: { lossPct: 1, duplicatePct: 1, delayMs: [15, 60] },
        door: { pick: ([first]) => first, alternates: ([, second, third]) => [second!, third!] },
      });
      world.run(3_000);
      const server = world.serverOf(world.client.all('assigned')[0]!.grant.server);
      const receive = traffic.sendEveryMs === undefined ? {} : { receiveEveryMs: traffic.sendEveryMs };
      play(world, { ...traffic, ...receive, while: () => server.state === 'up' });
      world.run(5_000 + world.network.rng.float() * 25_000);
      server.state = how;
      const diedAtMs = world.network.nowMs;
      world.run(30_000);
      return (world.client.at('reassigned') ?? Number.POSITIVE_INFINITY) - diedAtMs;
    }).sort((one, other) => one - other);
  }

  it('is mended within 3 s, 99 of 100 times, for a client that sends 10 datagrams a second', () => {
    const times = mendTimes(300, { sendEveryMs: 100 }, 'silent');

    expect(times[Math.floor(times.length * 0.99)]).toBeLessThan(3_000);
  });

  it('is mended sooner where the network says that nobody is there', () => {
    const times = mendTimes(200, { sendEveryMs: 100 }, 'gone');

    expect(times[Math.floor(times.length * 0.99)]).toBeLessThan(2_500);
  });

  it('is mended within interval + 3 s for an idle client', () => {
    const times = mendTimes(200, {}, 'silent');

    expect(times[Math.floor(times.length * 0.99)]).toBeLessThan(23_000);
  });
});

describe('a living server', () => {
  it('is never declared lost while its game traffic flows, even if its agent is dead', () => {
    const traffic = fc.record({
      seed,
      gapMs: fc.integer({ min: 16, max: 5_000 }),
      jitterPct: fc.integer({ min: 0, max: 50 }),
    });
    fc.assert(
      fc.property(traffic, ({ seed, gapMs, jitterPct }) => {
        const world = aWorld({ seed });
        world.run(200);
        const receive = (): void => {
          world.client.event({ type: 'received' });
          world.network.after(gapMs * (1 + ((world.network.rng.float() * 2 - 1) * jitterPct) / 100), receive);
        };
        receive();
        world.run(gapMs * 4);
        for (const server of world.servers) server.state = world.network.chance(50) ? 'silent' : 'gone';
        play(world, { sendEveryMs: 100 });

        world.run(60_000);

        expect(world.client.all('lost')).toEqual([]);
      }),
      { numRuns: 80 },
    );
  });

  it('is rarely declared lost by an idle client at 10 % loss each way', () => {
    let lost = 0;
    for (let index = 1; index <= 100; index++) {
      const world = aWorld({ seed: index, conditions: { lossPct: 10, duplicatePct: 5, delayMs: [20, 120] } });
      world.run(3_600_000);
      lost += world.client.all('lost').length;
    }

    // Three keepalives of 19 % each: 0.7 % of 180 in an hour.
    expect(lost / 100).toBeLessThan(2.5);
    expect(lost).toBeGreaterThan(0);
  });
});

describe('an answer from elsewhere', () => {
  it('is ignored however near its source is', () => {
    const source = fc.record({
      address: fc.uint8Array({ minLength: 4, maxLength: 4 }),
      port: fc.integer({ min: 1, max: 65_535 }),
    });
    fc.assert(
      fc.property(source, (from: Endpoint) => {
        const world = aWorld();
        world.door.state = 'silent';
        world.run(10);
        const { localPort, bytes } = world.client.sent[0]!;
        const isDoor = from.port === 7_000 && from.address.join() === world.door.at.address.join();
        fc.pre(!isDoor && from.address.join() !== '192.0.2.66');

        world.client.inject(localPort, from, forgery(readRequest(bytes).nonce, Uint8Array.of(192, 0, 2, 66)));

        expect(world.client.all('assigned')).toEqual([]);
      }),
    );
  });
});
