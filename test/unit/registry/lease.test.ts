import { describe, expect, it } from 'vitest';
import type { LifeStart } from '../../../core/registry/agent-beat.ts';
import type { BeatCommand } from '../../../core/registry/commands.ts';
import { isLeased, raisesFromMs, withinLease } from '../../../core/registry/lease.ts';
import { DEFAULT_TIMING } from '../../../core/registry/timing.ts';

const { expireMs, beatMs } = DEFAULT_TIMING;

function start(overrides: Partial<LifeStart> = {}): LifeStart {
  return { command: { kind: 'claim', seen: 'a', gen: 'b' }, resumes: false, journal: [], ...overrides };
}

function beat(addFree: number): BeatCommand {
  return { kind: 'beat', gen: 'b', beat: 1, addFree, hb: 0, sessions: 0, capacity: 4, state: 'ready' };
}

describe('the lease', () => {
  it('lasts T from the sending of the last write that landed', () => {
    expect(isLeased(1_000, 1_000 + expireMs - 1, DEFAULT_TIMING)).toBe(true);
    expect(isLeased(1_000, 1_000 + expireMs, DEFAULT_TIMING)).toBe(false);
  });

  it('is over, by a beat more, before a life without the journal gives anything back', () => {
    expect(raisesFromMs(start(), 1_000, DEFAULT_TIMING)).toBe(1_000 + expireMs + beatMs);
  });

  it('is not waited for by who holds the journal, and with it its lock, nor at a row that nobody had', () => {
    expect(raisesFromMs(start({ resumes: true }), 1_000, DEFAULT_TIMING)).toBe(Number.NEGATIVE_INFINITY);
    const made = start({ command: { kind: 'create', gen: 'b', nowMs: 0 } });
    expect(raisesFromMs(made, 1_000, DEFAULT_TIMING)).toBe(Number.NEGATIVE_INFINITY);
  });

  it('lets a beat burn seats meanwhile, and raise them at its end', () => {
    expect(withinLease(beat(3), 1_000, 999).addFree).toBe(0);
    expect(withinLease(beat(-2), 1_000, 999).addFree).toBe(-2);
    expect(withinLease(beat(3), 1_000, 1_000)).toEqual(beat(3));
  });
});
