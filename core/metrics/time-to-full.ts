/** How long the free seats of a pool last, by how they fell lately. */
export interface TimeToFull {
  /** The free seats now; call it from time to time, with at least a second between. */
  saw(free: number, nowMs: number): void;
  /** Seconds until the last seat is gone if it goes on like this; undefined while the pool does not fill. */
  seconds(): number | undefined;
}

/** What is older says little about the next minutes. */
const WINDOW_MS = 5 * 60_000;
/** A shorter time says more about single clients than about a trend. */
const LEAST_MS = 30_000;

/** free / (fall of free in the window / its length). */
export function createTimeToFull(): TimeToFull {
  let seen: { readonly free: number; readonly atMs: number }[] = [];
  return {
    saw(free, atMs) {
      seen = [...seen.filter((one) => atMs - one.atMs <= WINDOW_MS), { free, atMs }];
    },
    seconds() {
      const first = seen[0];
      const last = seen.at(-1);
      if (!first || !last || last.atMs - first.atMs < LEAST_MS) return undefined;
      if (last.free <= 0) return 0;
      const fell = first.free - last.free;
      return fell <= 0 ? undefined : (last.free * (last.atMs - first.atMs)) / fell / 1_000;
    },
  };
}
