import { describe, expect, it } from 'vitest';
import { poolFigures } from '../../../core/registry/pool-figures.ts';
import type { Placement, SeatFields, ServerRow } from '../../../core/registry/row.ts';

function aRow(n: number, seats: Partial<SeatFields> = {}, placement: Partial<Placement> = {}): ServerRow {
  return {
    key: `SRV#AROAEXAMPLE:i-${n}#0`,
    suspect: false,
    seats: {
      ...{ free: 6, issued: 1, beat: 1, gen: '00000000000000a1', last: '', capacity: 10, hb: 1, sessions: 4 },
      state: 'ready',
      ...seats,
    },
    placement: {
      ...{ id: `i-${n}.0`, ipv4: '203.0.113.7', ports: { game: 7777, probe: 7000 }, zone: 'z', labels: {} },
      ...{ app: 'arena', world: 'main', group: 'main', maxCapacity: 10 },
      ...placement,
    },
  };
}

describe('the figures of a pool', () => {
  it('count seats of servers that take clients, and sessions of all', () => {
    expect(poolFigures([aRow(1), aRow(2, { state: 'draining', sessions: 3, free: 0 })], new Set())).toEqual([
      {
        ...{ app: 'arena', world: 'main', group: 'main' },
        ...{ servers: 2, readyServers: 1, sessions: 7, capacity: 10, freeSeats: 6, usePct: 40 },
        ...{ staleServers: 0, suspects: 0 },
      },
    ]);
  });

  it('tell ready servers whose beats have stopped from those that drain anyway', () => {
    const rows = [aRow(1), aRow(2), aRow(3, { state: 'draining' })];
    const stale = new Set([rows[0]!.key, rows[2]!.key]);
    expect(poolFigures(rows, stale)[0]).toMatchObject({ staleServers: 1 });
  });

  it('are kept apart by app, world and group', () => {
    const rows = [aRow(1), aRow(2, {}, { group: 'b' }), aRow(3, {}, { app: 'voice' })];
    expect(poolFigures(rows, undefined).map(({ app, group }) => [app, group])).toEqual([
      ['arena', 'main'],
      ['arena', 'b'],
      ['voice', 'main'],
    ]);
  });

  it('believe no capacity beyond what the registrar allows', () => {
    expect(poolFigures([aRow(1, { capacity: 1000, free: 1000, sessions: 0 })], undefined)[0]).toMatchObject({
      capacity: 10,
      freeSeats: 10,
      usePct: 0,
    });
  });

  it('have no use where there is no capacity', () => {
    expect(poolFigures([aRow(1, { state: 'starting' })], undefined)[0]).toMatchObject({
      capacity: 0,
      usePct: undefined,
    });
  });

  it('leave out servers that are gone or not verified', () => {
    const { placement: _none, ...unverified } = aRow(2);
    expect(poolFigures([aRow(1, { state: 'gone' }), unverified], undefined)).toEqual([]);
  });
});
