import { describe, expect, it } from 'vitest';
import { aPeerWorld } from '../../support/peer-world.ts';

const PATIENCE_MS = 4_000;

describe('machines that watch each other', () => {
  it('have two that watch each server, never its own', async () => {
    const { run, watches, machines } = await aPeerWorld(6);
    await run(7_000);
    const watched = watches.map(({ facts }) => facts());
    expect(watched.reduce((sum, each) => sum + each.watched, 0)).toBe(2 * machines.length);
    expect(new Set(watched.map(({ probers }) => probers))).toEqual(new Set([6]));
  });

  it('close a silent one for everybody by two words, and open it by its next answer', async () => {
    const { run, dead, suspects, store, machines } = await aPeerWorld(6);
    await run(7_000);
    dead.add('m-3');
    await run(PATIENCE_MS);
    expect(suspects()).toEqual(['m-3.0']);
    const rows = await Promise.all(machines.map(({ key }) => store.get(key)));
    expect(rows.filter((row) => row?.sees?.includes('m-3.0'))).toHaveLength(2);
    expect(rows.every((row) => row?.suspect === false)).toBe(true);
    dead.delete('m-3');
    await run(PATIENCE_MS);
    expect(suspects()).toEqual([]);
  });

  it('believe no machine that is cut off itself', async () => {
    const { run, cutOff, suspects, watches } = await aPeerWorld(8);
    await run(7_000);
    cutOff.add('m-1');
    await run(PATIENCE_MS);
    expect(suspects()).toEqual(['m-1.0']);
    const [, own] = watches;
    expect(own!.sees()).toHaveLength(own!.facts().watched);
  });

  it('suspect nobody by mistake in ten minutes in which a twentieth of all packets is lost each way', async () => {
    const { run, suspects } = await aPeerWorld(5, { loss: 0.05, seed: 7 });
    for (let minute = 0; minute < 10; minute++) {
      await run(60_000);
      expect(suspects()).toEqual([]);
    }
  });
});
