import type { WatchStore } from '../../core/ports.ts';

const WINDOW_MS = 5_000;

/** Probers and reports in memory, for tests and benches. */
export function createMemoryWatchStore(): WatchStore {
  const words = new Map<string, number>();
  const cutOffs = new Map<string, number>();
  const tickets = new Set<string>();
  const windows = new Map<string, Set<string>>();
  return {
    async meet(name, wallMs, gone, isCutOff = false) {
      for (const other of gone) {
        words.delete(other);
        cutOffs.delete(other);
      }
      if (isCutOff) cutOffs.set(name, wallMs);
      words.set(name, wallMs);
      return new Map(words);
    },
    probers: async () => new Map(words),
    cutOffs: async () => new Map(cutOffs),
    async report({ server, jti, sub, wallMs }) {
      if (tickets.has(jti)) return undefined;
      tickets.add(jti);
      const window = Math.floor(wallMs / WINDOW_MS);
      const now = windows.get(`${server} ${window}`) ?? new Set();
      windows.set(`${server} ${window}`, now.add(sub));
      return new Set([...now, ...(windows.get(`${server} ${window - 1}`) ?? [])]).size;
    },
  };
}
