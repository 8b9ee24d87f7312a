import type { AgentCount } from '../core/metrics/counts.ts';

/** What a slot counts since it started (docs/METRICS.md). */
export interface Counters {
  count(name: AgentCount): void;
  read(): Readonly<Record<string, number>>;
}

export function createCounters(): Counters {
  const counts: Record<string, number> = {};
  return {
    count(name) {
      counts[name] = (counts[name] ?? 0) + 1;
    },
    read: () => ({ ...counts }),
  };
}
