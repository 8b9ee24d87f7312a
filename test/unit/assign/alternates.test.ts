import { describe, expect, it } from 'vitest';
import { alternatesOf } from '../../../core/assign/alternates.ts';
import { decodeTicket } from '../../../core/ticket/decode.ts';
import { anAssignBench, aRequest } from '../../support/assign-bench.ts';
import type { ListedServer } from '../../support/build-view.ts';
import { aServer, aView, servers } from '../../support/builders.ts';

const ANY = { family: 4, avoid: [] } as const;
const client = (n: number): Uint8Array => new TextEncoder().encode(`client-${n}`);

/** Ids of the alternates of a client on the first of `entries`. */
function idsOf(
  entries: readonly ListedServer[],
  request: Parameters<typeof alternatesOf>[2] = ANY,
  who = client(1),
): readonly string[] {
  return alternatesOf(aView(entries), entries[0]!.server, request, who).map(({ id }) => id);
}

const zones = (count: number) => servers(count, (n) => ({ zone: `z${n % 3}` }));

describe('alternates', () => {
  it('are two, from zones that neither the server nor each other is in', () => {
    const entries = zones(30);
    for (let n = 0; n < 200; n++) {
      const found = alternatesOf(aView(entries), entries[n % 30]!.server, ANY, client(n));
      expect(new Set([entries[n % 30]!.server.zone, ...found.map(({ zone }) => zone)]).size).toBe(3);
    }
  });

  it('come from a zone that is used already where there is no other, but never from the same machine', () => {
    expect(
      idsOf([aServer({ id: 'a.0' }), aServer({ id: 'a.1' }), aServer({ id: 'b.0' }), aServer({ id: 'b.1' })]),
    ).toEqual([expect.stringMatching(/^b\./)]);
    expect(idsOf(servers(5))).toHaveLength(2);
    expect(idsOf([aServer()])).toEqual([]);
  });

  it('are of the same app and world, before all of the same group, and have a free seat where one has', () => {
    const here = aServer({ id: 'a.0' });
    expect(idsOf([here, aServer({ id: 'b.0', app: 'other' }), aServer({ id: 'c.0', world: 'w2' })])).toEqual([]);
    const farAway = aServer({ id: 'd.0', group: 'g2', zone: 'far' });
    expect(idsOf([here, farAway, aServer({ id: 'e.0' })])).toEqual(['e.0', 'd.0']);
    expect(idsOf([here, farAway, aServer({ id: 'e.0', free: 0 })])).toEqual(['d.0', 'e.0']);
  });

  it('are given only if they could be given themselves, and to this request', () => {
    const here = aServer({ id: 'a.0' });
    const closed = [aServer({ id: 'b.0', state: 'draining' }), aServer({ id: 'c.0', suspect: true })];
    const other = [
      aServer({ id: 'd.0', ipv4: undefined, ipv6: '2001:db8::1' }),
      aServer({ id: 'e.0', labels: { mode: 'x' } }),
    ];
    const entries = [here, ...closed, ...other, aServer({ id: 'f.0' })];
    expect(idsOf(entries, { ...ANY, avoid: ['f.0'], labels: {} })).toEqual(['e.0']);
    expect(idsOf(entries, { ...ANY, labels: { mode: 'x' } })).toEqual(['e.0']);
    expect(idsOf(entries, { ...ANY, family: 6 })).toEqual(['d.0']);
  });

  it('are the same for the same client, and spread the clients of one server evenly over all others', () => {
    const entries = zones(21);
    const view = aView(entries);
    const counts = new Map<string, number>();
    for (let n = 0; n < 14_000; n++) {
      const [first] = alternatesOf(view, entries[0]!.server, ANY, client(n));
      counts.set(first!.id, (counts.get(first!.id) ?? 0) + 1);
    }
    // 14 servers are in the two other zones: 1,000 each. A deviation of 160 is five standard deviations.
    expect(counts.size).toBe(14);
    for (const [id, count] of counts) expect(Math.abs(count - 1_000), id).toBeLessThan(160);
    expect(idsOf(entries, ANY, client(7))).toEqual(idsOf(zones(21), ANY, client(7)));
  });

  it('follow capacity', () => {
    const entries = [
      aServer({ id: 'a.0' }),
      aServer({ id: 'b.0', capacity: 30 }),
      aServer({ id: 'c.0', capacity: 10 }),
    ];
    let big = 0;
    for (let n = 0; n < 4_000; n++) if (idsOf(entries, ANY, client(n))[0] === 'b.0') big++;
    expect(Math.abs(big / 4_000 - 0.75)).toBeLessThan(0.04);
  });

  it('of a large pool are found all over it', () => {
    const entries = servers(2_000, (n) => ({ zone: `z${n % 3}` }));
    const view = aView(entries);
    const quarters = new Set<number>();
    for (let n = 0; n < 100; n++) {
      const found = alternatesOf(view, entries[0]!.server, ANY, client(n));
      expect(found).toHaveLength(2);
      for (const { id } of found) quarters.add(Math.floor(Number(id.slice(2, 7)) / 500));
    }
    expect(quarters.size).toBe(4);
  });
});

describe('an assignment', () => {
  it('names its alternates in the ticket, in their order', async () => {
    const bench = await anAssignBench(zones(6));
    const outcome = await bench.assigner().assign(aRequest());
    if (!outcome.ok) throw new Error(outcome.code);
    const ticket = decodeTicket(outcome.ticket);
    expect(outcome.alternates).toHaveLength(2);
    expect(ticket).toMatchObject({ ok: true, claims: { alt: outcome.alternates.map(({ id }) => id) } });
  });

  it('without an alternate has no such claim', async () => {
    const bench = await anAssignBench([aServer()]);
    const outcome = await bench.assigner().assign(aRequest());
    if (!outcome.ok) throw new Error(outcome.code);
    const ticket = decodeTicket(outcome.ticket);
    expect(outcome.alternates).toEqual([]);
    expect(ticket.ok && 'alt' in ticket.claims).toBe(false);
  });
});
