import { describe, expect, it } from 'vitest';
import { pack } from '../../core/select/pack.ts';
import { aPool, aQuery, servers } from '../support/builders.ts';
import { seededRng } from '../support/seeded-rng.ts';

const CAPACITY = 300;
const SESSIONS = 6_000;

describe('pack', () => {
  it('needs hardly more servers than the sessions fill, while people come and go at random', () => {
    const pool = aPool(servers(40, () => ({ capacity: CAPACITY })));
    const { free } = pool.view;
    const policy = pack();
    const query = aQuery();
    const rng = seededRng(21);
    const sessions: number[] = [];
    let used = 0;
    let ideal = 0;
    for (let n = 0; n < 60_000; n++) {
      // As many come as go, once SESSIONS are there.
      if (rng.float() * (SESSIONS + sessions.length) < SESSIONS) {
        const index = policy.pick(pool, query);
        free[index]! -= 1;
        sessions.push(index);
      } else {
        const [index] = sessions.splice(Math.floor(rng.float() * sessions.length), 1);
        free[index!]! += 1;
      }
      if (n < 30_000) continue;
      used += free.filter((left) => left < CAPACITY).length;
      ideal += Math.ceil(sessions.length / CAPACITY);
    }
    expect(ideal / used).toBeGreaterThan(0.95);
    expect(ideal / used).toBeLessThanOrEqual(1);
  });
});
