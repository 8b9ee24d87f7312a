import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildAliasTable } from '../../core/select/alias-table.ts';
import { createPolicy, POLICY_NAMES } from '../../core/select/create-policy.ts';
import { leastLoaded } from '../../core/select/least-loaded.ts';
import type { PolicyName } from '../../core/select/policy.ts';
import { rendezvous } from '../../core/select/rendezvous.ts';
import { aPool, aQuery, servers } from '../support/builders.ts';
import { seededRng } from '../support/seeded-rng.ts';

const aLoad = fc
  .record({
    capacity: fc.integer({ min: 1, max: 1_000 }),
    used: fc.double({ min: 0, max: 1, noNaN: true }),
    open: fc.boolean(),
  })
  .map(({ capacity, used, open }) => ({ capacity, free: Math.floor(capacity * (1 - used)), suspect: !open }));
const aClient = fc.uint8Array({ minLength: 1, maxLength: 32 });
const anAddress = fc.oneof(
  fc.uint8Array({ minLength: 4, maxLength: 4 }),
  fc.uint8Array({ minLength: 16, maxLength: 16 }),
);

describe('every policy', () => {
  it.each(POLICY_NAMES)('%s gives a server exactly when one can be had, and only such a one', (name) => {
    const counts = !name.startsWith('stateless');
    fc.assert(
      fc.property(
        fc.array(aLoad, { maxLength: 30 }),
        fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }),
        aClient,
        fc.integer(),
        (loads, mask, client, seed) => {
          const pool = aPool(servers(loads.length, (index) => loads[index]!));
          const fits = (index: number) => mask[index]! && !loads[index]!.suspect && (!counts || loads[index]!.free > 0);
          const allowed = (index: number) => mask[index]!;
          const picked = createPolicy(name).pick(pool, aQuery({ client, allowed, rng: seededRng(seed) }));
          if (picked === -1) expect(loads.some((_, index) => fits(index))).toBe(false);
          else expect(fits(picked)).toBe(true);
        },
      ),
    );
  });
});

describe('rendezvous', () => {
  const sized = fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 2, maxLength: 40 });
  const clients = Array.from({ length: 60 }, (_, index) => `client-${index}`);

  it('moves nobody but the clients of a server that leaves', () => {
    fc.assert(
      fc.property(sized, fc.nat(), (capacities, which) => {
        const leaving = which % capacities.length;
        const listed = servers(capacities.length, (index) => ({ capacity: capacities[index]! }));
        const pool = aPool(listed);
        const policy = rendezvous();
        const before = clients.map((client) => policy.pick(pool, aQuery({ client })));
        const left = aPool(listed.filter((_, index) => index !== leaving));
        for (const [at, index] of before.entries()) {
          if (index === leaving) continue;
          const now = left.view.entries[policy.pick(left, aQuery({ client: clients[at]! }))];
          expect(now).toBe(pool.view.entries[index]);
        }
      }),
    );
  });

  it('moves clients to a server that grows and to no other', () => {
    fc.assert(
      fc.property(sized, fc.nat(), fc.integer({ min: 1, max: 5_000 }), (capacities, which, more) => {
        const growing = which % capacities.length;
        const listed = servers(capacities.length, (index) => ({ capacity: capacities[index]! }));
        const pool = aPool(listed);
        const policy = rendezvous();
        const before = clients.map((client) => policy.pick(pool, aQuery({ client })));
        pool.view.capacity[growing]! += more;
        const after = clients.map((client) => policy.pick(pool, aQuery({ client })));
        for (const [at, index] of after.entries()) expect([before[at], growing]).toContain(index);
      }),
    );
  });

  it('gives each server its share of 20,000 clients, by capacity', () => {
    const capacities = [10, 20, 80, 80, 10];
    const pool = aPool(servers(5, (index) => ({ capacity: capacities[index]! })));
    const policy = rendezvous();
    const counts = [0, 0, 0, 0, 0];
    for (let client = 0; client < 20_000; client++)
      counts[policy.pick(pool, aQuery({ client: `player-${client}` }))]! += 1;
    for (const [at, count] of counts.entries()) expect(Math.abs(count / (capacities[at]! * 100) - 1)).toBeLessThan(0.1);
  });

  it('spreads the clients of a server that leaves over all others', () => {
    const pool = aPool(servers(11));
    const policy = rendezvous();
    const names = Array.from({ length: 22_000 }, (_, client) => `player-${client}`);
    const orphans = names.filter((client) => policy.pick(pool, aQuery({ client })) === 4);
    pool.view.open[4] = 0;
    const counts = new Array<number>(11).fill(0);
    for (const client of orphans) counts[policy.pick(pool, aQuery({ client }))]! += 1;
    expect(orphans.length).toBeGreaterThan(1_800);
    expect(Math.max(...counts) / (orphans.length / 10)).toBeLessThan(1.25);
  });
});

describe('stateless policies', () => {
  const number = (bytes: Uint8Array) => bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  const isMapped = (bytes: Uint8Array) => number(bytes) >> 32n === 0xffffn && bytes.length === 16;

  it.each<PolicyName>(['stateless-3', 'stateless-5'])('%s is the exact sum modulo N for any addresses', (name) => {
    const policy = createPolicy(name);
    const port = fc.nat(65_535);
    fc.assert(
      fc.property(
        anAddress,
        anAddress,
        port,
        port,
        fc.constantFrom(6 as const, 17 as const),
        fc.integer({ min: 1, max: 300 }),
        (from, to, sourcePort, port, protocol, size) => {
          fc.pre(!isMapped(from) && !isMapped(to));
          const source = { address: from, port: sourcePort, protocol };
          const picked = policy.pick(aPool(servers(size)), aQuery({ source, service: { address: to, port } }));
          const others = name === 'stateless-5' ? sourcePort + port + protocol : port;
          expect(BigInt(picked)).toBe((number(from) + number(to) + BigInt(others)) % BigInt(size));
        },
      ),
    );
  });
});

describe('least-loaded', () => {
  it('gives a server than which none has a lower share of seats in use', () => {
    fc.assert(
      fc.property(fc.array(aLoad, { minLength: 1, maxLength: 30 }), fc.integer(), (loads, seed) => {
        const pool = aPool(servers(loads.length, (index) => ({ ...loads[index]!, suspect: false })));
        const picked = leastLoaded().pick(pool, aQuery({ rng: seededRng(seed) }));
        fc.pre(picked !== -1);
        const share = (index: number) => (loads[index]!.capacity - loads[index]!.free) / loads[index]!.capacity;
        for (const index of loads.keys())
          if (loads[index]!.free > 0) expect(share(picked)).toBeLessThanOrEqual(share(index));
      }),
    );
  });
});

describe('alias table', () => {
  it('gives every column exactly its share, for any weights', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(100_000), { minLength: 1, maxLength: 200 }), (weights) => {
        const sum = weights.reduce((total, weight) => total + weight, 0);
        fc.pre(sum > 0);
        const { size, own, alias } = buildAliasTable(weights)!;
        const chances = new Array<number>(size).fill(0);
        for (let column = 0; column < size; column++) {
          expect(own[column]).toBeGreaterThanOrEqual(0);
          expect(own[column]).toBeLessThanOrEqual(1);
          chances[column]! += own[column]! / size;
          chances[alias[column]!]! += (1 - own[column]!) / size;
        }
        for (const [column, weight] of weights.entries()) expect(chances[column]).toBeCloseTo(weight / sum, 9);
      }),
    );
  });
});
