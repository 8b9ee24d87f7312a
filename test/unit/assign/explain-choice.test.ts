import { describe, expect, it } from 'vitest';
import { explainChoice } from '../../../core/assign/explain-choice.ts';
import type { AssignRequest } from '../../../core/assign/types.ts';
import { createPolicy } from '../../../core/select/create-policy.ts';
import { aServer, aView } from '../../support/builders.ts';
import { seededRng } from '../../support/seeded-rng.ts';

const NOWHERE = { address: new Uint8Array(4), port: 0, protocol: 17 } as const;

function explain(policy: string, servers: Parameters<typeof aServer>[0][], request: Partial<AssignRequest> = {}) {
  const options = {
    policy: createPolicy(policy),
    service: { address: new Uint8Array(4), port: 7000 },
    rng: seededRng(1),
    groupFallback: { g1: ['g2'] },
  };
  const asked = { app: 'arena', family: 4, avoid: [], source: NOWHERE, ...request } as const;
  return explainChoice(options, aView(servers.map(aServer)), asked);
}

describe('explaining a choice', () => {
  it('says how often each server would be drawn', () => {
    const { chosen, sticky, shares, steps } = explain('random', [{ id: 'a.0' }, { id: 'b.0' }]);
    expect(['a.0', 'b.0']).toContain(chosen);
    expect(sticky).toBe(false);
    expect(shares.map(({ id }) => id).sort()).toEqual(['a.0', 'b.0']);
    expect(shares.reduce((sum, { part }) => sum + part, 0)).toBeCloseTo(1);
    for (const { part } of shares) expect(part).toBeGreaterThan(0.3);
    expect(steps).toEqual([{ where: 'any group', servers: 2, open: 2 }]);
  });

  it('names the one server of a client where the policy is sticky, the same every time', () => {
    const client = new TextEncoder().encode('ann');
    const servers = ['a', 'b', 'c', 'd'].map((name) => ({ id: `${name}.0` }));
    const first = explain('rendezvous', servers, { client });
    expect(first).toMatchObject({ sticky: true, shares: [{ id: first.chosen, part: 1 }] });
    expect(explain('rendezvous', servers, { client }).chosen).toBe(first.chosen);
  });

  it('goes through the groups in their order, and says why servers cannot be had', () => {
    const { chosen, steps, closed } = explain(
      'least-loaded',
      [
        { id: 'a.0', group: 'g1', free: 0 },
        { id: 'b.0', group: 'g1', suspect: true },
        { id: 'c.0', group: 'g1', state: 'draining' },
        { id: 'd.0', group: 'g2' },
        { id: 'e.0', group: 'g3', ipv4: undefined },
      ],
      { group: 'g1' },
    );
    expect(chosen).toBe('d.0');
    expect(steps).toEqual([
      { where: 'group g1', servers: 3, open: 0 },
      { where: 'group g2', servers: 1, open: 1 },
    ]);
    expect(closed).toEqual({ full: 1, suspect: 1, 'not ready': 1, 'does not fit': 1 });
  });

  it('says by which code none is given', () => {
    expect(explain('random', [{ free: 0 }])).toMatchObject({ code: 'assign.no-capacity', closed: { full: 1 } });
    expect(explain('random', [{}], { app: 'chess' })).toMatchObject({ code: 'assign.unknown-app', steps: [] });
  });
});
