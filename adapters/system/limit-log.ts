/** Counters of what a limit turned away; docs/SECURITY.md has each with its code. */
const LIMITS = [
  'shed',
  'shed-silent',
  'cookies',
  'silent.busy',
  'refused.door.rate-limited',
  'refused.wire.too-many-connections',
  'refused.http.too-many-connections',
];

/**
 * What to call about once a second: it tells in one line which limits turned something away since the last call, and how much;
 * nothing where none did. So a flood costs a line a second, whatever it consists of.
 */
export function createLimitLog(
  read: () => Readonly<Record<string, number>>,
  tell: (limits: Readonly<Record<string, number>>) => void,
): () => void {
  let before = read();
  return () => {
    const now = read();
    const grown = LIMITS.flatMap((name) => {
      const more = (now[name] ?? 0) - (before[name] ?? 0);
      return more > 0 ? [[name, more] as const] : [];
    });
    before = now;
    if (grown.length > 0) tell(Object.fromEntries(grown));
  };
}
