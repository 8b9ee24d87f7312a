/** How a call that is slow is sent once more. */
export interface HedgeOptions {
  /** The second is sent this long after the first, unless that has been answered. */
  readonly afterMs: number;
  /** Calls back after `ms`; what it returns calls that off. @default the system's timers */
  readonly timer?: (ms: number, run: () => void) => () => void;
}

function systemTimer(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
}

/**
 * The answer of the first try or of a second one, whichever comes first ("The Tail at Scale", Dean and Barroso, CACM
 * 2013, "hedged requests"). Only for what may be done twice. A first that fails before the second is sent is the end of
 * it; later each waits for the other, and the first failure is told when both have failed.
 *
 * @param send is told whether its try is the second
 */
export function hedged<T>({ afterMs, timer = systemTimer }: HedgeOptions, send: (isSecond: boolean) => Promise<T>) {
  return new Promise<T>((resolve, reject) => {
    let underWay = 1;
    let cause: unknown;
    const failed = (error: unknown): void => {
      cause ??= error;
      callOff();
      if (--underWay === 0) reject(cause);
    };
    const answered = (value: T): void => {
      callOff();
      resolve(value);
    };
    const callOff = timer(afterMs, () => {
      underWay++;
      send(true).then(answered, failed);
    });
    send(false).then(answered, failed);
  });
}
