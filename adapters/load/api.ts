import type { Clock } from '../../core/ports.ts';
import { type LoadAdapter, type LoadReading, queryFailed } from './load-adapter.ts';

const NAME = 'api';

/** A game that reports to its agent by itself (`PUT /load`). */
export interface ApiLoad extends LoadAdapter {
  /** The game gave a sign of life, and perhaps news. */
  report(reading: LoadReading): void;
}

/** The newest report stands for the answer to a query, until it is `freshMs` old. */
export function createApiLoad(clock: Clock, freshMs: number): ApiLoad {
  let last: { readonly reading: LoadReading; readonly atMs: number } | undefined;
  return {
    name: NAME,
    report(reading) {
      last = { reading, atMs: clock.monoMs() };
    },
    async query() {
      if (!last) throw queryFailed(NAME, 'the game has not called yet');
      const ageMs = clock.monoMs() - last.atMs;
      if (ageMs >= freshMs) throw queryFailed(NAME, `no call for ${freshMs} ms`);
      return { ...last.reading, ageMs };
    },
  };
}
