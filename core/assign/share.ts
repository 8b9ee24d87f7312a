/**
 * Which part of all takes at some servers is this assigner's own. What may be taken ahead is for all assigners together,
 * and nobody tells one of them how many others there are; but rows count every seat that was ever taken: between two takes
 * of its own at one server an assigner sees how many there were in all.
 */
export interface Share {
  /** A take of k came back from server `id`, whose serials now end at `issued`. */
  took(id: string, k: number, issued: number, nowMs: number): void;
  /**
   * In (0, 1]: `own / (own + others)`, seats a second and server. Before much was seen: small.
   * @param servers how many there are, taken at or not
   */
  now(servers: number, nowMs: number): number;
  /** Servers that have left are forgotten. */
  keep(isThere: (id: string) => boolean): void;
}

/** Seats that count as one of its own among so many, beside those that were seen: of no weight under load. */
const GUESSED = 64;

/** @param halfMs what was seen counts half after so long */
export function createShare(halfMs: number): Share {
  const last = new Map<string, { readonly issued: number; readonly atMs: number }>();
  /** Own seats, and the time in which they were taken. */
  let [own, ownMs] = [0, 0];
  /** Seats between two own takes at one server: by all, by others, and the time between. */
  let [seen, others, gapMs] = [0, 0, 0];
  let fadedAtMs = Number.NaN;
  let countedAtMs = Number.NaN;

  const pass = (nowMs: number): void => {
    if (Number.isNaN(countedAtMs)) fadedAtMs = countedAtMs = nowMs;
    ownMs += nowMs - countedAtMs;
    countedAtMs = nowMs;
    const times = Math.floor((nowMs - fadedAtMs) / halfMs);
    if (times <= 0) return;
    const part = 0.5 ** times;
    own *= part;
    ownMs *= part;
    seen *= part;
    others *= part;
    gapMs *= part;
    fadedAtMs += times * halfMs;
  };

  return {
    took(id, k, issued, nowMs) {
      pass(nowMs);
      own += k;
      const before = last.get(id);
      last.set(id, { issued, atMs: nowMs });
      // A row that was made anew may count from elsewhere.
      if (before === undefined || issued - before.issued < k) return;
      seen += issued - before.issued;
      others += issued - before.issued - k;
      gapMs += nowMs - before.atMs;
    },
    now(servers, nowMs) {
      pass(nowMs);
      // A millisecond more, since no time may have passed yet.
      const ownPace = own / ((ownMs + 1) * servers);
      const othersPace = others / (gapMs + 1);
      const share = own > 0 ? ownPace / (ownPace + othersPace) : 0;
      return (seen * share + 1) / (seen + GUESSED);
    },
    keep(isThere) {
      for (const id of last.keys()) if (!isThere(id)) last.delete(id);
    },
  };
}
