import { type Profiler, Session } from 'node:inspector';

/**
 * Which bytes of the source have run, by V8's own block coverage (Profiler.takePreciseCoverage of the inspector's protocol),
 * asked for from within the process: no other build of the code, nothing to instrument.
 */
export class Coverage {
  readonly #session = new Session();
  readonly #isOurs: (url: string) => boolean;
  /** A byte for each byte of a script that has ever run. */
  readonly #seen = new Map<string, Uint8Array>();

  constructor(isOurs: (url: string) => boolean) {
    this.#isOurs = isOurs;
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** What has run since the last call; counts begin anew. */
  take(): readonly Profiler.ScriptCoverage[] {
    let taken: readonly Profiler.ScriptCoverage[] = [];
    // The other end is this very thread: the answer is there before `post` returns.
    this.#session.post('Profiler.takePreciseCoverage', (error, answer) => {
      if (error) throw error;
      taken = answer.result.filter(({ url }) => this.#isOurs(url));
    });
    return taken;
  }

  /** Bytes of source in `taken` that had never run before; `merge`: from now on they have. */
  news(taken: readonly Profiler.ScriptCoverage[], merge: boolean): number {
    let news = 0;
    for (const { url, functions } of taken) {
      for (const { ranges } of functions) news += this.#newsOf(url, ranges, merge);
    }
    return news;
  }

  stop(): void {
    this.#session.disconnect();
  }

  #newsOf(url: string, ranges: readonly Profiler.CoverageRange[], merge: boolean): number {
    const [whole] = ranges;
    if (!whole || whole.count === 0) return 0;
    // Outer ranges come first, inner ones say what differs.
    const ran = new Uint8Array(whole.endOffset - whole.startOffset);
    for (const { startOffset, endOffset, count } of ranges) {
      ran.fill(count > 0 ? 1 : 0, startOffset - whole.startOffset, endOffset - whole.startOffset);
    }
    const seen = this.#roomFor(url, whole.endOffset);
    let news = 0;
    for (let at = 0; at < ran.length; at++) {
      if (ran[at] === 0 || seen[whole.startOffset + at] === 1) continue;
      news++;
      if (merge) seen[whole.startOffset + at] = 1;
    }
    return news;
  }

  #roomFor(url: string, length: number): Uint8Array {
    const seen = this.#seen.get(url);
    if (seen && seen.length >= length) return seen;
    const longer = new Uint8Array(2 * length);
    if (seen) longer.set(seen);
    this.#seen.set(url, longer);
    return longer;
  }

  /** Bytes of source that have run. */
  size(): number {
    let size = 0;
    for (const seen of this.#seen.values()) for (const byte of seen) size += byte;
    return size;
  }
}
