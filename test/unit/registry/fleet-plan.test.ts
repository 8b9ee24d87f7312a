import { describe, expect, it } from 'vitest';
import { type FleetMachine, planFleet } from '../../../core/registry/fleet-plan.ts';
import type { ServerRow, ServerState } from '../../../core/registry/row.ts';

function aRow(machine: string, slot: number, state: ServerState, sessions: number): ServerRow {
  const seats = { free: 0, issued: 1, beat: 1, gen: '00000000000000a1', last: '', capacity: 8, hb: 1, state, sessions };
  return { key: `SRV#AROAEXAMPLE:${machine}#${slot}`, seats, suspect: false };
}

function aMachine(id: string, more: Partial<FleetMachine> = {}): FleetMachine {
  return { id, group: 'arena', leaving: false, guarded: false, ...more };
}

const NEVER: ReadonlyMap<string, number> = new Map();

describe('machines that stay', () => {
  it('are guarded while somebody plays there, on whichever slot', () => {
    const plan = planFleet([aMachine('a')], [aRow('a', 0, 'ready', 0), aRow('a', 1, 'ready', 1)], NEVER, 0);
    expect(plan.guard.map(({ id }) => id)).toEqual(['a']);
    expect(plan.unguard).toEqual([]);
  });

  it('are guarded no longer when nobody plays there', () => {
    const machines = [aMachine('a', { guarded: true }), aMachine('b', { guarded: true })];
    const plan = planFleet(machines, [aRow('a', 0, 'ready', 0), aRow('b', 0, 'ready', 1)], NEVER, 0);
    expect(plan.unguard.map(({ id }) => id)).toEqual(['a']);
    expect(plan.guard).toEqual([]);
  });

  it('are not guarded by what a tombstone says', () => {
    expect(planFleet([aMachine('a')], [aRow('a', 0, 'gone', 3)], NEVER, 0).guard).toEqual([]);
  });

  it('are never released', () => {
    const first = planFleet([aMachine('a')], [aRow('a', 0, 'draining', 0)], NEVER, 0);
    expect(planFleet([aMachine('a')], [aRow('a', 0, 'draining', 0)], first.emptySince, 600_000).release).toEqual([]);
  });
});

describe('machines on their way out', () => {
  const leaving = [aMachine('a', { leaving: true })];

  /** Two passes with these rows, the second `afterMs` later. */
  function released(rows: readonly ServerRow[], afterMs: number): readonly string[] {
    const first = planFleet(leaving, rows, NEVER, 1_000);
    expect(first.release).toEqual([]);
    return planFleet(leaving, rows, first.emptySince, 1_000 + afterMs).release.map(({ id }) => id);
  }

  it('go when every slot is drained and no ticket can be about any more', () => {
    const drained = [aRow('a', 0, 'draining', 0), aRow('a', 1, 'gone', 2)];
    expect(released(drained, 54_999)).toEqual([]);
    expect(released(drained, 55_000)).toEqual(['a']);
  });

  it('go when no agent ever came', () => {
    expect(released([], 60_000)).toEqual(['a']);
  });

  it.each<[string, ServerRow]>([
    ['somebody plays', aRow('a', 0, 'draining', 1)],
    ['its agent has not noticed yet', aRow('a', 0, 'ready', 0)],
  ])('stay while %s', (_why, row) => {
    expect(released([row], 600_000)).toEqual([]);
  });

  it('wait anew when somebody came in between', () => {
    const drained = [aRow('a', 0, 'draining', 0)];
    const first = planFleet(leaving, drained, NEVER, 0);
    const second = planFleet(leaving, [aRow('a', 0, 'draining', 1)], first.emptySince, 60_000);
    const third = planFleet(leaving, drained, second.emptySince, 120_000);
    expect(third.release).toEqual([]);
    expect(third.emptySince.get('a')).toBe(120_000);
  });

  it('are not guarded: they are past scale-in', () => {
    expect(planFleet(leaving, [aRow('a', 0, 'draining', 1)], NEVER, 0).guard).toEqual([]);
  });
});
