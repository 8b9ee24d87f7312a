/** Which nonces were used lately: each is good once while it could still be taken for new. */
export class NonceWindow {
  readonly #keepMs: number;
  readonly #most: number;
  /** In the order in which they came. */
  readonly #seen = new Map<string, number>();

  constructor(keepMs: number, most: number) {
    this.#keepMs = keepMs;
    this.#most = most;
  }

  /** Undefined: new, and remembered. None is forgotten before its time to make room: then new ones are refused. */
  take(nonce: string, nowMs: number): 'replayed' | 'busy' | undefined {
    for (const [old, atMs] of this.#seen) {
      if (nowMs - atMs < this.#keepMs) break;
      this.#seen.delete(old);
    }
    if (this.#seen.has(nonce)) return 'replayed';
    if (this.#seen.size >= this.#most) return 'busy';
    this.#seen.set(nonce, nowMs);
    return undefined;
  }
}
