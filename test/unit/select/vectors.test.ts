import { describe, expect, it } from 'vitest';
import { createPolicy } from '../../../core/select/create-policy.ts';
import { fnv1a64, mix32 } from '../../../core/select/hash.ts';
import { pickFrom } from '../../../core/select/stateless-modulo.ts';
import { parseAddress } from '../../../core/wire/address.ts';
import { aPool, aQuery, servers, setOpen } from '../../support/builders.ts';
import vectors from '../../vectors/select.json' with { type: 'json' };

const address = (text: string) => parseAddress(text)!;

describe('golden vectors of the stateless policies', () => {
  it.each(vectors.stateless)('$name', ({ policy, source, service, servers: count, closed, expect: expected }) => {
    const pool = aPool(servers(count, (index) => ({ suspect: (closed as number[]).includes(index) })));
    const query = aQuery({
      source: { address: address(source.address), port: source.port, protocol: source.protocol as 6 | 17 },
      service: { address: address(service.address), port: service.port },
    });
    expect(createPolicy(policy).pick(pool, query)).toBe(expected);
  });

  it('a mapped address is the IPv4 address in it', () => {
    const pool = aPool(servers(7));
    const pickBy = (source: string, service: string) =>
      pickFrom(
        pool,
        aQuery({
          source: { address: address(source), port: 1, protocol: 17 },
          service: { address: address(service), port: 7_000 },
        }),
        7_000,
      );
    const expected = pickBy('203.0.113.9', '198.51.100.4');
    expect(pickBy('::ffff:203.0.113.9', '198.51.100.4')).toBe(expected);
    expect(pickBy('203.0.113.9', '::ffff:198.51.100.4')).toBe(expected);
    expect(pickBy('::fffd:203.0.113.9', '198.51.100.4')).not.toBe(expected);
  });
});

describe('golden vectors of rendezvous', () => {
  it.each(vectors.fnv1a64)('FNV-1a-64 of $text is $hash', ({ text, hash }) => {
    const { high, low } = fnv1a64(new TextEncoder().encode(text));
    expect([high, low].map((half) => half.toString(16).padStart(8, '0')).join('')).toBe(hash);
  });

  it('mix32 is the finalizer of MurmurHash3', () => {
    expect([0, 1, 0xffffffff].map(mix32)).toEqual([0, 0x514e28b7, 0x81f16f39]);
  });

  it.each(vectors.rendezvous)('$name', ({ client, servers: entries, order }) => {
    const pool = aPool(servers(entries.length, (index) => entries[index]!));
    const policy = createPolicy('rendezvous');
    const query = aQuery({ client: Uint8Array.from(client.match(/../g)!, (hex) => Number.parseInt(hex, 16)) });
    const ranked: string[] = [];
    while (ranked.length < entries.length) {
      const index = policy.pick(pool, query);
      ranked.push(pool.view.entries[index]!.server.id);
      setOpen(pool.view, index, false);
    }
    expect(ranked).toEqual(order);
  });
});
