/**
 * Which probers live, judged by the arrival of their words on this one's monotonic clock: what the words say is wall
 * time, and only whether it changes counts.
 */
export interface Meetings {
  /** The last words of all, by name. */
  heard(words: ReadonlyMap<string, number>, nowMs: number): void;
  /** Names of those whose word changed lately, or was heard for the first time. */
  live(nowMs: number): readonly string[];
  /** Names of those that have been silent for so long that their words should go. */
  gone(nowMs: number): readonly string[];
}

const LIVE_MS = 15_000;
const GONE_MS = 60_000;

export function createMeetings(): Meetings {
  const known = new Map<string, { readonly word: number; readonly atMs: number }>();
  const silentFor = (ms: number, nowMs: number) =>
    [...known].flatMap(([name, { atMs }]) => (nowMs - atMs >= ms ? [name] : []));
  return {
    heard(words, nowMs) {
      for (const name of known.keys()) if (!words.has(name)) known.delete(name);
      for (const [name, word] of words) if (known.get(name)?.word !== word) known.set(name, { word, atMs: nowMs });
    },
    live(nowMs) {
      const silent = new Set(silentFor(LIVE_MS, nowMs));
      return [...known.keys()].filter((name) => !silent.has(name));
    },
    gone: (nowMs) => silentFor(GONE_MS, nowMs),
  };
}
