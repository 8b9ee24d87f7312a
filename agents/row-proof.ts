import type { AgentStore, Clock } from '../core/ports.ts';
import { isLeased } from '../core/registry/lease.ts';
import type { SeatTiming } from '../core/registry/timing.ts';

interface RowProofOptions {
  /** The row's key. */
  readonly key: string;
  readonly store: Pick<AgentStore, 'get'>;
  readonly clock: Pick<Clock, 'monoMs'>;
  readonly timing: SeatTiming;
}

/** How long nobody is asked again who did not say that the row is ours. */
const AGAIN_MS = 1_000;

/** Until when the row was certainly ours (docs/decisions/0002-lock-port-lease.md). */
export class RowProof {
  readonly #options: RowProofOptions;
  #provenAtMs = Number.NEGATIVE_INFINITY;
  #askFromMs = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | undefined;

  constructor(options: RowProofOptions) {
    this.#options = options;
  }

  /** A write of ours that was sent then has landed. */
  landed(sentAtMs: number): void {
    this.#provenAtMs = Math.max(this.#provenAtMs, sentAtMs);
  }

  get ageMs(): number {
    return this.#options.clock.monoMs() - this.#provenAtMs;
  }

  get isLeased(): boolean {
    return isLeased(this.#provenAtMs, this.#options.clock.monoMs(), this.#options.timing);
  }

  /**
   * After an outage the first ticket must not wait for the next beat: a read that finds the row ours proves as much as a
   * write that lands. False: it is not, or nobody answers. Never rejects.
   * @param gen this life
   */
  async renew(gen: string | undefined): Promise<boolean> {
    if (this.isLeased) return true;
    if (this.#options.clock.monoMs() < this.#askFromMs) return false;
    this.#asking ??= this.#ask(gen).finally(() => {
      this.#asking = undefined;
    });
    await this.#asking;
    return this.isLeased;
  }

  async #ask(gen: string | undefined): Promise<void> {
    const { key, store, clock } = this.#options;
    const sentAtMs = clock.monoMs();
    const row = await store.get(key).catch(() => undefined);
    if (gen !== undefined && row?.seats?.gen === gen) this.landed(sentAtMs);
    else this.#askFromMs = clock.monoMs() + AGAIN_MS;
  }
}
