import { describe, expect, it } from 'vitest';
import { type ChooseOptions, chooseServers } from '../../../client/choose.ts';
import type { RosterServer } from '../../../client/http-answers.ts';
import { seededRng } from '../../support/seeded-rng.ts';

const rng = seededRng(5);

function aListed(id: string, more: Partial<RosterServer> = {}): RosterServer {
  const place = { ipv4: '203.0.113.1', ports: { probe: 7_000 }, group: 'g1' };
  return { id, ...place, status: 'ready', sessions: 0, capacity: 10, free: 10, ...more };
}

const ids = async (servers: readonly RosterServer[], options: Partial<ChooseOptions> = {}) =>
  (await chooseServers(servers, { choose: 'fewest-users', avoid: [], random: () => rng.float(), ...options })).map(
    ({ id }) => id,
  );

describe('a choice', () => {
  it('of the fewest users leaves out who takes nobody: full, draining, suspected, lost', async () => {
    const servers = [
      aListed('a', { sessions: 5 }),
      aListed('b', { sessions: 1 }),
      aListed('full', { free: 0 }),
      aListed('draining', { status: 'draining' }),
      aListed('suspect', { status: 'suspect' }),
      aListed('lost'),
    ];
    expect(await ids(servers, { avoid: ['lost'] })).toEqual(['b', 'a']);
    expect(await ids([])).toEqual([]);
  });

  it('begins with the preferred group, and goes on with the others', async () => {
    const servers = [aListed('a'), aListed('b', { group: 'g2', sessions: 3 }), aListed('c', { group: 'g2' })];
    expect(await ids(servers, { group: 'g2' })).toEqual(['c', 'b', 'a']);
  });

  it('at random is spread evenly, and so are equal servers', async () => {
    const servers = Array.from({ length: 4 }, (_, n) => aListed(`s${n}`, { sessions: n }));
    const equal = Array.from({ length: 4 }, (_, n) => aListed(`s${n}`));
    for (const [those, choose] of [
      [servers, 'random'],
      [equal, 'fewest-users'],
    ] as const) {
      const first = new Map<string, number>();
      for (let n = 0; n < 2_000; n++) {
        const [id = ''] = await ids(those, { choose });
        first.set(id, (first.get(id) ?? 0) + 1);
      }
      for (const count of first.values()) expect(count).toBeGreaterThan(400);
      expect(first.size).toBe(4);
    }
  });

  it('by latency pings the best four and no others; who is silent comes last of them', async () => {
    const servers = Array.from({ length: 6 }, (_, n) => aListed(`s${n}`, { sessions: n }));
    let pinged: readonly string[] = [];
    const measure = async (those: readonly RosterServer[]) => {
      pinged = those.map(({ id }) => id);
      return new Map([
        ['s0', 80],
        ['s3', 20],
        ['s2', 50],
      ]);
    };
    expect(await ids(servers, { choose: 'latency', measure })).toEqual(['s3', 's2', 's0', 's1', 's4', 's5']);
    expect(pinged).toEqual(['s0', 's1', 's2', 's3']);
    expect((await ids(servers, { choose: 'latency' }))[0]).toBe('s0');
  });

  it('by a function sees every status, and may give one id, several, a promise, none, or nonsense', async () => {
    const servers = [aListed('a', { status: 'draining' }), aListed('b'), aListed('lost')];
    const options = { avoid: ['lost'] };
    let seen: string[] = [];
    const all = (those: readonly RosterServer[]) => {
      seen = those.map(({ id }) => id);
      return 'a';
    };
    expect(await ids(servers, { ...options, choose: all })).toEqual(['a']);
    expect(seen).toEqual(['a', 'b']);
    expect(await ids(servers, { ...options, choose: async () => ['b', 'nowhere', 'a'] })).toEqual(['b', 'a']);
    expect(await ids(servers, { ...options, choose: () => undefined })).toEqual([]);
    expect(await ids(servers, { ...options, choose: () => ['lost'] })).toEqual([]);
  });
});
