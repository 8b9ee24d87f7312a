/** One way to the same thing, and when it starts if those before it have not all failed by then. */
export interface Attempt<T> {
  readonly afterMs: number;
  run(signal: AbortSignal): Promise<T>;
}

/**
 * What the first way to succeed gives; the others are told to stop.
 * @param isFinal errors that no other way changes
 * @throws the last error if all fail, the signal's reason if it aborts
 */
export function firstOf<T>(
  attempts: readonly Attempt<T>[],
  signal: AbortSignal,
  isFinal: (error: unknown) => boolean,
): Promise<T> {
  const stop = new AbortController();
  const timers = new Set<NodeJS.Timeout>();
  const aborted = (): void => stop.abort(signal.reason);
  const raced = new Promise<T>((resolve, reject) => {
    let next = 0;
    let running = 0;
    stop.signal.addEventListener('abort', () => reject(stop.signal.reason), { once: true });
    if (signal.aborted) aborted();
    else signal.addEventListener('abort', aborted, { once: true });
    const start = (index: number): void => {
      const attempt = attempts[index];
      if (!attempt || index < next || stop.signal.aborted) return;
      next = index + 1;
      running++;
      attempt.run(stop.signal).then(resolve, (error: unknown) => {
        running--;
        if (isFinal(error) || (running === 0 && next === attempts.length)) reject(error);
        else if (running === 0) start(next);
      });
    };
    for (const [index, { afterMs }] of attempts.entries()) timers.add(setTimeout(() => start(index), afterMs));
    if (attempts.length === 0) reject(new Error('no way to try'));
  });
  return raced.finally(() => {
    for (const timer of timers) clearTimeout(timer);
    signal.removeEventListener('abort', aborted);
    stop.abort(new Error('no longer needed'));
  });
}
