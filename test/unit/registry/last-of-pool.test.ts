import { expect, it } from 'vitest';
import { lastOfPool } from '../../../core/registry/last-of-pool.ts';
import { aServer, aView } from '../../support/builders.ts';

const said = (...servers: Parameters<typeof aServer>[0][]) => lastOfPool(aView(servers.map(aServer)), 0);

it('says nothing while another server of the pool is given out', () => {
  expect(said({ id: 'a.0' }, { id: 'b.0' })).toBeUndefined();
});

it('says nothing of a server that is not given out itself', () => {
  expect(said({ id: 'a.0', state: 'draining' }, { id: 'b.0', group: 'g2' })).toBeUndefined();
});

it('says where new clients go, and who can move, while other groups have servers', () => {
  const others = [
    { id: 'b.0', group: 'g2', free: 2 },
    { id: 'c.0', state: 'starting' as const },
  ];
  expect(said({ id: 'a.0', sessions: 1 }, ...others)).toBe(
    'a.0 is the last ready server of arena / w1 / g1. New clients of this pool go to other groups (1 ready server, 2 free seats). There is room for all of its players (1).',
  );
  expect(said({ id: 'a.0', sessions: 5 }, ...others)).toContain(
    'Of its players (5) at most 2 can move; the others stay',
  );
});

it('says that new clients are refused where no other server of the world is ready', () => {
  expect(said({ id: 'a.0', sessions: 0 }, { id: 'b.0', world: 'w2' })).toContain(
    'New clients of arena / w1 are refused (assign.no-capacity) until another server is ready. Nobody plays there now.',
  );
});
