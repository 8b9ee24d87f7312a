import { describe, expect, it } from 'vitest';
import { ProbeWorld } from '../../support/probe-world.ts';

const aWorld = (options: Partial<ConstructorParameters<typeof ProbeWorld>[0]> = {}) => {
  const world = new ProbeWorld({ servers: 4, loss: 0, seed: 1, ...options });
  world.run(2_000);
  return world;
};

describe('a detector', () => {
  it('asks each server once in 0.9 s while all is well, and ten times before it suspects one', () => {
    const world = aWorld({ servers: 10 });
    const before = world.probes;
    world.run(90_000);
    expect(Math.abs(world.probes - before - 1_000)).toBeLessThan(40);
    const busy = world.probes;
    world.kill('s-3.0');
    world.run(2_000);
    // Nine repeats more than the ten servers get anyway.
    expect(world.suspicions()).toEqual(['s-3.0']);
    expect(Math.abs(world.probes - busy - 10 * (2_000 / 900) - 9)).toBeLessThan(8);
  });

  it('asks a suspect on at the same rate, and takes one answer for enough', () => {
    const world = aWorld();
    world.kill('s-1.0');
    world.run(10_000);
    world.revive('s-1.0');
    world.run(1_000);
    expect(world.said.map(({ id, suspect }) => [id, suspect])).toEqual([
      ['s-1.0', true],
      ['s-1.0', false],
    ]);
  });

  it('lifts what others say of a server that answers, once, though the roster shows it for a while', () => {
    const world = aWorld();
    world.show(['s-2.0']);
    for (let n = 0; n < 4; n++) {
      world.run(1_000);
      world.show(['s-2.0']);
    }
    expect(world.said.map(({ id, suspect }) => [id, suspect])).toEqual([['s-2.0', false]]);
    world.show([]);
    world.run(10_000);
    world.show(['s-2.0']);
    world.run(1_000);
    expect(world.said).toHaveLength(2);
  });

  it('has patience with a server that is far away', () => {
    const world = aWorld({ rttMs: (draw) => 350 + 40 * draw, loss: 0.02 });
    const before = world.probes;
    world.run(200_000);
    expect(world.suspicions()).toEqual([]);
    // No repeats but for what was lost.
    expect(world.probes - before).toBeLessThan(4 * (200_000 / 900) * 1.2);
  });

  it('forgets servers that it need no longer watch', () => {
    const world = aWorld();
    world.kill('s-0.0');
    world.detector.watch([{ id: 's-1.0', isSuspect: false }], world.nowMs);
    world.run(10_000);
    expect(world.said).toEqual([]);
    expect(world.detector.answered('s-0.0', world.nowMs, world.nowMs)).toBe(false);
  });
});

describe('a detector that is ill itself', () => {
  it('suspects nobody after it was stopped for 5 s, whenever that was', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const world = aWorld({ servers: 20, loss: 0.1, seed });
      world.run(31 * seed);
      world.stall(5_000);
      world.run(5_000);
      expect(world.suspicions(), `seed ${seed}`).toEqual([]);
      expect(world.detector.stalls).toBe(1);
    }
  });

  it('suspects nobody while it gets a fifth of the time that it needs', () => {
    const world = aWorld({ servers: 20, lateMs: (_, draw) => 60 + 150 * draw });
    world.run(600_000);
    expect(world.suspicions()).toEqual([]);
    world.kill('s-5.0');
    world.run(20_000);
    expect(world.suspicions()).toEqual(['s-5.0']);
  });

  it('suspects nobody while it is cut off from more than half of the servers, and says that it is', () => {
    const world = aWorld({ servers: 10 });
    const lost = world.ids.slice(0, 6);
    world.kill(...lost);
    world.run(30_000);
    expect(world.suspicions()).toEqual([]);
    expect(world.detector.isDegraded).toBe(true);
    world.revive(...lost.slice(0, 5));
    world.run(3_000);
    expect(world.detector.isDegraded).toBe(false);
    expect(world.suspicions()).toEqual([lost[5]]);
  });

  it('asks no more often while all servers are silent, also after a stall, and does not take it for their return', () => {
    const world = aWorld({ servers: 100 });
    const probesIn = (ms: number): number => {
      const before = world.probes;
      world.run(ms);
      return world.probes - before;
    };
    world.run(2_000);
    const well = probesIn(9_000);
    world.kill(...world.ids);
    world.run(3_000);
    expect(world.detector.isDegraded).toBe(true);
    const silent = probesIn(9_000);
    world.stall(1_000);
    expect(world.detector.isDegraded).toBe(true);
    const stalled = probesIn(9_000);
    expect(world.detector.isDegraded).toBe(true);
    expect(Math.max(silent, stalled) / well).toBeLessThan(1.15);
    expect(Math.min(silent, stalled) / well).toBeGreaterThan(0.85);
  });

  it('suspects half of the servers, also when they die at once, and later others one by one', () => {
    const world = aWorld({ servers: 10 });
    world.kill(...world.ids.slice(0, 5));
    world.run(3_000);
    expect(world.suspicions()).toHaveLength(5);
    for (const id of world.ids.slice(5, 9)) {
      world.run(10_000);
      world.kill(id);
    }
    world.run(3_000);
    // Of two that are left one may die; the last one is not given up.
    expect(world.suspicions()).toHaveLength(9);
  });
});
