import type { Clock } from '../../core/ports.ts';

/** The machine's clocks: monotonic since the process started, wall since the epoch. */
export const systemClock: Clock = {
  monoMs: () => performance.now(),
  wallMs: () => Date.now(),
};
