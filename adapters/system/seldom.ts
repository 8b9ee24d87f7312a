/** Writes a line now or, with the number of its like that were left out, at the end of a second. */
type Write = (leftOut: number) => void;

const PERIOD_MS = 1_000;

/**
 * At most one line a second of each kind: a flood must not fill a disk. The first comes at once; of those that follow within
 * a second the last is written when it is over, with how many were left out.
 */
export function createSeldom(): (kind: string, write: Write) => void {
  const waiting = new Map<string, { count: number; write: Write }>();

  const wait = (kind: string): void => {
    const more: { count: number; write: Write } = { count: 0, write: () => {} };
    waiting.set(kind, more);
    const end = (): void => {
      if (more.count === 0) waiting.delete(kind);
      else {
        wait(kind);
        more.write(more.count - 1);
      }
    };
    // Nobody stays for a line that says how many others there were.
    setTimeout(end, PERIOD_MS).unref();
  };

  return (kind, write) => {
    const more = waiting.get(kind);
    if (more) {
      more.count++;
      more.write = write;
      return;
    }
    wait(kind);
    write(0);
  };
}
