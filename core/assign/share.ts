/**
 * Which part of all takes is this assigner's own. What may be taken ahead is for all assigners together, and nobody tells
 * one of them how many others there are; but rows count every seat that was ever taken: between two takes of its own at
 * one server an assigner sees how many there were in all.
 */
export interface Share {
  /** A take of k came back from server `id`, whose serials now end at `issued`. */
  took(id: string, k: number, issued: number, nowMs: number): void;
  /** In (0, 1]. Before much was seen: as if there were `OTHERS_AT_FIRST` of them. */
  now(nowMs: number): number;
  /** Servers that have left the roster are forgotten. */
  keep(isThere: (id: string) => boolean): void;
}

/** Seats that count as taken by others, beside those that were seen: a guess at first, of no weight under load. */
const OTHERS_AT_FIRST = 64;

/** @param halfMs what was seen counts half after so long */
export function createShare(halfMs: number): Share {
  const issuedAt = new Map<string, number>();
  let own = 0;
  let all = 0;
  let sinceMs = Number.NEGATIVE_INFINITY;

  const fade = (nowMs: number): void => {
    const passed = Math.floor((nowMs - sinceMs) / halfMs);
    if (passed <= 0) return;
    own *= 0.5 ** passed;
    all *= 0.5 ** passed;
    sinceMs = Number.isFinite(sinceMs) ? sinceMs + passed * halfMs : nowMs;
  };

  return {
    took(id, k, issued, nowMs) {
      const before = issuedAt.get(id);
      issuedAt.set(id, issued);
      // A row that was made anew may count from elsewhere.
      if (before === undefined || issued - before < k) return;
      fade(nowMs);
      own += k;
      all += issued - before;
    },
    now(nowMs) {
      fade(nowMs);
      return (own + 1) / (all + OTHERS_AT_FIRST);
    },
    keep(isThere) {
      for (const id of issuedAt.keys()) if (!isThere(id)) issuedAt.delete(id);
    },
  };
}
