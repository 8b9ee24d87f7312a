import { SimNetwork } from '../support/sim-network.ts';

interface Entry {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

const TIMERS = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] as const;
/** What else waits in the same moment runs first. */
const { setImmediate: soon } = globalThis;

/**
 * A network on a virtual clock that is also the clock of the process: while `install` is in force every timer is an entry
 * of the one queue, so that the product's own code runs through hours in seconds, in the same order each time.
 */
export class VirtualTime extends SimNetwork {
  readonly #heap: Entry[] = [];
  #order = 0;

  override after(ms: number, run: () => void): void {
    const heap = this.#heap;
    heap.push({ atMs: this.nowMs + Math.max(ms, 0), order: this.#order++, run });
    for (let at = heap.length - 1; at > 0; ) {
      const up = (at - 1) >> 1;
      if (!isBefore(heap[at]!, heap[up]!)) return;
      [heap[at], heap[up]] = [heap[up]!, heap[at]!];
      at = up;
    }
  }

  override run(): never {
    throw new Error('promises have to be waited for: use `advance`');
  }

  /** Lets `ms` pass; everything that follows from what happens in it has happened, too. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.nowMs + ms;
    for (let next = this.#heap[0]; next && next.atMs <= untilMs; next = this.#heap[0]) {
      this.nowMs = next.atMs;
      this.#take().run();
      await new Promise<void>((resolve) => {
        soon(resolve);
      });
    }
    this.nowMs = untilMs;
  }

  /** Puts this clock in the place of the process's timers; gives what takes it away again. */
  install(): () => void {
    const real = Object.fromEntries(TIMERS.map((name) => [name, globalThis[name]]));
    const every = (ms: number, again: boolean, run: () => void): NodeJS.Timeout => {
      const timer = { isOff: false, ref: () => timer, unref: () => timer, hasRef: () => true };
      const turn = (): void => {
        if (timer.isOff) return;
        if (again) this.after(Math.max(ms, 1), turn);
        run();
      };
      this.after(Math.max(ms, 1), turn);
      return timer as unknown as NodeJS.Timeout;
    };
    const stop = (timer: { isOff: boolean } | undefined): void => {
      if (timer) timer.isOff = true;
    };
    Object.assign(globalThis, {
      setTimeout: (run: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) =>
        every(ms, false, () => run(...args)),
      setInterval: (run: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) =>
        every(ms, true, () => run(...args)),
      clearTimeout: stop,
      clearInterval: stop,
    });
    return () => void Object.assign(globalThis, real);
  }

  #take(): Entry {
    const heap = this.#heap;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    heap[0] = last;
    for (let at = 0; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let least = at;
      if (left < heap.length && isBefore(heap[left]!, heap[least]!)) least = left;
      if (right < heap.length && isBefore(heap[right]!, heap[least]!)) least = right;
      if (least === at) return first;
      [heap[at], heap[least]] = [heap[least]!, heap[at]!];
      at = least;
    }
  }
}

function isBefore(one: Entry, other: Entry): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}
