import { describe, expect, it } from 'vitest';
import { watchList } from '../../../core/suspect/watch-list.ts';
import { aServer, aView, servers } from '../../support/builders.ts';

const FRESH_MS = 15_000;
const GATEWAYS = ['g-1', 'g-2', 'g-3', 'g-4', 'g-5'];

const idsOf = (...args: Parameters<typeof watchList>) => watchList(...args).map(({ server }) => server.id);

describe('who watches whom', () => {
  it('has two probers for each server, whatever each gateway calls itself', () => {
    const view = aView(servers(500));
    const counts = new Map<string, number>();
    for (const self of GATEWAYS) {
      const mine = idsOf(view, GATEWAYS, self);
      // 200 of 500; a deviation of 50 is nearly five standard deviations.
      expect(Math.abs(mine.length - 200)).toBeLessThan(50);
      for (const id of mine) counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    expect([...counts.values()].every((count) => count === 2)).toBe(true);
    expect(counts.size).toBe(500);
  });

  it('moves no server but those of a gateway that goes', () => {
    const view = aView(servers(300));
    const left = GATEWAYS.slice(1);
    const gone = new Set(idsOf(view, GATEWAYS, 'g-1'));
    for (const self of left) {
      const before = new Set(idsOf(view, GATEWAYS, self));
      const after = idsOf(view, left, self);
      expect(after.filter((id) => !before.has(id)).every((id) => gone.has(id))).toBe(true);
      expect(after.length).toBeGreaterThanOrEqual(before.size);
    }
  });

  it('has all servers watched by one or two gateways, also before the others know of them', () => {
    const view = aView(servers(20));
    expect(idsOf(view, [], 'g-1')).toHaveLength(20);
    expect(idsOf(view, ['g-1', 'g-2'], 'g-2')).toHaveLength(20);
  });

  it('leaves out who is not ready, but nobody who is suspect or has fallen silent', () => {
    const view = aView([
      aServer({ id: 'a.0' }),
      aServer({ id: 'b.0', state: 'draining' }),
      aServer({ id: 'c.0', beatAgeMs: FRESH_MS }),
      aServer({ id: 'd.0', suspect: true }),
      aServer({ id: 'e.0', suspect: true, beatAgeMs: FRESH_MS }),
      aServer({ id: 'f.0', ports: { game: 1 } }),
    ]);
    expect(idsOf(view, [], 'g-1')).toEqual(['a.0', 'c.0', 'd.0', 'e.0']);
  });
});
