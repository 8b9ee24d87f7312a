import type { Clock } from '../../core/ports.ts';

export interface FakeClock extends Clock {
  /** Lets `ms` pass on both clocks. */
  advance(ms: number): void;
  /** Sets the wall clock alone, as NTP or an operator would: monotonic time goes on undisturbed. */
  setWallMs(ms: number): void;
}

/** A clock that stands still until a test moves it. */
export function fakeClock(start: { monoMs?: number; wallMs?: number } = {}): FakeClock {
  let monoMs = start.monoMs ?? 1_000;
  let wallMs = start.wallMs ?? Date.UTC(2026, 0, 1);
  return {
    monoMs: () => monoMs,
    wallMs: () => wallMs,
    advance(ms) {
      if (ms < 0) throw new RangeError(`\`ms\` must not be negative, got: ${ms}`);
      monoMs += ms;
      wallMs += ms;
    },
    setWallMs(ms) {
      wallMs = ms;
    },
  };
}
