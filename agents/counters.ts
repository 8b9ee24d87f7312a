/** What a slot counts since it started: plain names, shown at /healthz and explained in docs/AGENT.md. */
export interface Counters {
  count(name: string): void;
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
