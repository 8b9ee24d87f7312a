import { describe, expect, it } from 'vitest';
import { createLiveView } from '../../../core/assign/live-view.ts';
import { createRowTakes } from '../../../core/assign/row-takes.ts';
import { DEFAULT_TIMING } from '../../../core/registry/timing.ts';
import { anAssignBench } from '../../support/assign-bench.ts';
import { aServer } from '../../support/builders.ts';

/** Takes at one server, whose row has fewer free seats than the roster says. */
async function takesAt(free: number) {
  const bench = await anAssignBench([aServer({ id: 'a.0', capacity: 8 })]);
  const options = bench.options();
  const live = createLiveView(options.roster.view);
  const takes = createRowTakes({ ...options, timing: DEFAULT_TIMING, live });
  if (free < 8) await takes.take(0, 8 - free, false);
  bench.landed.splice(0);
  return { bench, live, takes, sizes: () => bench.landed.map((command) => command.kind === 'take' && command.k) };
}

describe('takes at the rows of a view', () => {
  it('win what was wanted, and correct the view', async () => {
    const { takes, live } = await takesAt(8);
    const taken = await takes.take(0, 3, false);
    if (typeof taken === 'string') throw new Error(taken);
    expect(taken.seats.last - taken.seats.first).toBe(2);
    expect(live.view.free[0]).toBe(5);
  });

  it('fall back to one seat where there are fewer, but not for those who need them all', async () => {
    const stock = await takesAt(2);
    expect(await stock.takes.take(0, 4, true)).toMatchObject({ ok: true });
    expect(stock.sizes()).toEqual([4, 1]);
    const party = await takesAt(2);
    expect(await party.takes.take(0, 4, false)).toBe('refused');
    expect(party.sizes()).toEqual([4]);
    expect(await party.bench.free('a.0')).toBe(2);
  });

  it('are unreached while the registry does not answer', async () => {
    const { bench, takes, live } = await takesAt(8);
    bench.fates.push('never-arrives', 'never-arrives');
    expect(await takes.take(0, 2, true)).toBe('unreached');
    expect(live.view.free[0]).toBe(8);
  });

  it('give nothing at a server that has left the roster meanwhile', async () => {
    const { bench, takes } = await takesAt(8);
    bench.lag = async () => bench.showOnly([]);
    expect(await takes.take(0, 1, false)).toBe('refused');
  });
});
