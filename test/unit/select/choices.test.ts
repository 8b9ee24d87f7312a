import { describe, expect, it } from 'vitest';
import { hasSeat, isLessLoaded, mayHave } from '../../../core/select/availability.ts';
import { choicesFor, type PlaceRequest } from '../../../core/select/choices.ts';
import { createPolicy } from '../../../core/select/create-policy.ts';
import { allowedBy, type ServerFilter } from '../../../core/select/filters.ts';
import { createPools } from '../../../core/select/pools.ts';
import { aQuery, aServer, aView } from '../../support/builders.ts';

const world = aView([
  aServer({ id: 'a.0', app: 'arena', world: 'w1', group: 'eu' }),
  aServer({ id: 'b.0', app: 'arena', world: 'w1', group: 'us', ipv6: '2001:db8::b' }),
  aServer({ id: 'c.0', app: 'arena', world: 'w2', group: 'eu', labels: { map: 'dust', tier: 'gold' } }),
  aServer({ id: 'c.1', app: 'arena', world: 'w2', group: 'asia', labels: { map: 'dust' } }),
  aServer({ id: 'd.10', app: 'voice', world: 'w1', group: 'eu', ipv4: undefined, ipv6: '2001:db8::d' }),
]);
const anyServer: ServerFilter = { family: 4, slotZeroOnly: false, avoid: [] };

const ids = (members: Iterable<number>) => [...members].map((index) => world.entries[index]!.server.id);

function membersOf(app: string, inWorld?: string, group?: string): string[] | string {
  const found = createPools(world).pool(app, inWorld, group);
  return found.ok ? ids(found.pool.members) : found.code;
}

function allowedIds(filter: Partial<ServerFilter>): string[] {
  const allowed = allowedBy(world, { ...anyServer, ...filter });
  return ids(world.entries.keys()).filter((_, index) => allowed(index));
}

/** What a policy can be given by each choice in turn. */
function choiceIds(policy: string, request: PlaceRequest, fallback = {}, filter: Partial<ServerFilter> = {}) {
  const found = choicesFor(createPolicy(policy), createPools(world), request, { ...anyServer, ...filter }, fallback);
  if (!found.ok) return found.code;
  return found.choices.map(({ pool, allowed }) => ids(pool.members.filter((index) => allowed(index))));
}

describe('pools', () => {
  it('hold an app, a world, a group, or a group of a world', () => {
    expect(membersOf('arena')).toEqual(['a.0', 'b.0', 'c.0', 'c.1']);
    expect(membersOf('arena', 'w2')).toEqual(['c.0', 'c.1']);
    expect(membersOf('arena', undefined, 'eu')).toEqual(['a.0', 'c.0']);
    expect(membersOf('arena', 'w1', 'us')).toEqual(['b.0']);
    expect(membersOf('voice')).toEqual(['d.10']);
  });

  it('refuse an app or a world that the roster does not have', () => {
    expect(membersOf('chess')).toBe('assign.unknown-app');
    expect(membersOf('__proto__')).toBe('assign.unknown-app');
    expect(membersOf('arena', 'w3')).toBe('assign.unknown-world');
    expect(membersOf('voice', 'w2', 'eu')).toBe('assign.unknown-world');
  });

  it('are empty for a group that has no server: a group is a preference', () => {
    expect(membersOf('arena', undefined, 'moon')).toEqual([]);
    expect(membersOf('arena', 'w2', 'us')).toEqual([]);
  });

  it('are the same objects for the same view', () => {
    expect(createPools(world)).toBe(createPools(world));
    expect(createPools(world).pool('arena', 'w1', 'eu')).toBe(createPools(world).pool('arena', 'w1', 'eu'));
    expect(createPools(aView([]))).not.toBe(createPools(world));
  });

  it('hold closed servers too', () => {
    const view = aView([aServer({ id: 'a.0', state: 'draining' })]);
    const found = createPools(view).pool('arena');
    expect(found.ok && [...found.pool.members]).toEqual([0]);
  });
});

describe('filters', () => {
  it('ask for the family of the answer', () => {
    expect(allowedIds({ family: 4 })).toEqual(['a.0', 'b.0', 'c.0', 'c.1']);
    expect(allowedIds({ family: 6 })).toEqual(['b.0', 'd.10']);
  });

  it('leave slot 0 alone to classic answers', () => {
    expect(allowedIds({ slotZeroOnly: true })).toEqual(['a.0', 'b.0', 'c.0']);
    expect(allowedIds({ slotZeroOnly: true, family: 6 })).toEqual(['b.0']);
  });

  it('avoid the servers that the client lost, and no other for an unknown id', () => {
    expect(allowedIds({ avoid: ['b.0', 'gone.0'] })).toEqual(['a.0', 'c.0', 'c.1']);
  });

  it('ask for every label with its very value', () => {
    expect(allowedIds({ labels: { map: 'dust' } })).toEqual(['c.0', 'c.1']);
    expect(allowedIds({ labels: { map: 'dust', tier: 'gold' } })).toEqual(['c.0']);
    expect(allowedIds({ labels: { map: 'ice' } })).toEqual([]);
    expect(allowedIds({ labels: { constructor: 'x' } })).toEqual([]);
    expect(allowedIds({ labels: {} })).toHaveLength(4);
  });
});

describe('choices', () => {
  it('are the whole app where nothing else is asked for', () => {
    expect(choiceIds('two-choices', { app: 'arena' })).toEqual([['a.0', 'b.0', 'c.0', 'c.1']]);
  });

  it('start with the preferred group, go on with its fallback groups and end with all', () => {
    expect(choiceIds('two-choices', { app: 'arena', group: 'us' }, { us: ['asia', 'moon'] })).toEqual([
      ['b.0'],
      ['c.1'],
      [],
      ['a.0', 'b.0', 'c.0', 'c.1'],
    ]);
    expect(choiceIds('two-choices', { app: 'arena', group: 'constructor' })).toEqual([
      [],
      ['a.0', 'b.0', 'c.0', 'c.1'],
    ]);
  });

  it('never leave the world', () => {
    expect(choiceIds('two-choices', { app: 'arena', world: 'w2', group: 'us' })).toEqual([[], ['c.0', 'c.1']]);
  });

  it('filter in every pool', () => {
    expect(choiceIds('two-choices', { app: 'arena', group: 'eu' }, {}, { avoid: ['a.0'] })).toEqual([
      ['c.0'],
      ['b.0', 'c.0', 'c.1'],
    ]);
  });

  it('refuse what the pools refuse', () => {
    expect(choiceIds('two-choices', { app: 'chess' })).toBe('assign.unknown-app');
    expect(choiceIds('stateless-3', { app: 'arena', world: 'w9' })).toBe('assign.unknown-world');
  });

  it('count over the whole app for stateless policies, whatever world or group is asked for', () => {
    const found = choicesFor(
      createPolicy('stateless-3'),
      createPools(world),
      { app: 'arena', world: 'w2', group: 'asia' },
      anyServer,
    );
    if (!found.ok) throw new Error(found.code);
    const sizes = found.choices.map(({ pool }) => pool.members.length);
    expect(sizes).toEqual([4, 4]);
    expect(choiceIds('stateless-3', { app: 'arena', world: 'w2', group: 'asia' })).toEqual([['c.1'], ['c.0', 'c.1']]);
    const { pool, allowed } = found.choices[0]!;
    expect(createPolicy('stateless-3').pick(pool, aQuery({ allowed }))).toBe(world.indexOf.get('c.1'));
  });
});

describe('availability', () => {
  it('asks for an open server, then for a seat, then for the request’s own wishes', () => {
    const view = aView([
      aServer({ id: 'a.0' }),
      aServer({ id: 'b.0', free: 0 }),
      aServer({ id: 'c.0', suspect: true }),
    ]);
    expect([0, 1, 2].map((index) => mayHave(view, index, undefined))).toEqual([true, true, false]);
    expect([0, 1, 2].map((index) => hasSeat(view, index, undefined))).toEqual([true, false, false]);
    expect(hasSeat(view, 0, () => false)).toBe(false);
    expect(mayHave(view, 0, () => false)).toBe(false);
  });

  it('compares shares exactly', () => {
    const view = aView([
      aServer({ id: 'a.0', capacity: 3, free: 1 }),
      aServer({ id: 'b.0', capacity: 30_000_000, free: 10_000_000 }),
      aServer({ id: 'c.0', capacity: 30_000_000, free: 10_000_001 }),
    ]);
    expect(isLessLoaded(view, 0, 1) || isLessLoaded(view, 1, 0)).toBe(false);
    expect(isLessLoaded(view, 2, 0)).toBe(true);
    expect(isLessLoaded(view, 0, 2)).toBe(false);
  });
});
