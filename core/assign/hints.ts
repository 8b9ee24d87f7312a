/**
 * Classic answers take no seat. So that a burst of them does not herd, each lowers the door's own view of its server
 * for W; all hints together take at most a share of the pool's free seats (docs/PROTOCOL.md, "Unverified sources").
 * A ring of fixed size: what does not fit is answered all the same, without a hint.
 */
export interface Hints {
  /** True if the hint was recorded; `budget` is the most that may be outstanding now. */
  give(server: string, nowMs: number, budget: number): boolean;
  /** Calls back once for every hint older than W. */
  expire(nowMs: number, expired: (server: string) => void): void;
}

const RING_SIZE = 65_536;

export function createHints(holdMs: number): Hints {
  const servers = new Array<string>(RING_SIZE);
  const untilMs = new Float64Array(RING_SIZE);
  let head = 0;
  let count = 0;
  return {
    give(server, nowMs, budget) {
      if (count >= RING_SIZE || count >= budget) return false;
      const slot = (head + count) % RING_SIZE;
      servers[slot] = server;
      untilMs[slot] = nowMs + holdMs;
      count++;
      return true;
    },
    expire(nowMs, expired) {
      while (count > 0 && untilMs[head]! <= nowMs) {
        expired(servers[head] as string);
        head = (head + 1) % RING_SIZE;
        count--;
      }
    },
  };
}
