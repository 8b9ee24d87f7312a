import { describe, expect, it } from 'vitest';
import { changesOf } from '../../../cli/commands/tail.ts';
import { sumPools } from '../../../cli/roster.ts';
import type { RosterServer } from '../../../client/http-answers.ts';

const server = (id: string, more: Partial<RosterServer> = {}): RosterServer => ({
  id,
  ports: { game: 7777, probe: 7000 },
  app: 'arena',
  world: 'main',
  group: 'main',
  status: 'ready',
  sessions: 1,
  capacity: 10,
  free: 9,
  ...more,
});

describe('two readings of the roster', () => {
  it('tell what appeared, vanished and changed, and nothing of what did not', () => {
    const before = [server('a.0'), server('b.0'), server('c.0')];
    const after = [server('a.0'), server('b.0', { status: 'draining', sessions: 0 }), server('d.0')];
    expect(changesOf(before, after)).toEqual([
      { event: 'status', server: 'b.0', from: 'ready', to: 'draining' },
      { event: 'sessions', server: 'b.0', from: 1, to: 0 },
      { event: 'appeared', server: 'd.0', status: 'ready' },
      { event: 'vanished', server: 'c.0' },
    ]);
    expect(changesOf(after, after)).toEqual([]);
  });
});

describe('the pools of a roster', () => {
  it('are summed by app, world and group, in the order of their names', () => {
    const pools = sumPools([
      server('a.0', { group: 'west', free: 3 }),
      server('b.0', { status: 'suspect', free: 0 }),
      server('c.0', { free: 5 }),
    ]);
    const pool = { app: 'arena', world: 'main' };
    expect(pools).toEqual([
      { ...pool, group: 'main', servers: 2, ready: 1, sessions: 2, capacity: 20, free: 5 },
      { ...pool, group: 'west', servers: 1, ready: 1, sessions: 1, capacity: 10, free: 3 },
    ]);
  });
});
