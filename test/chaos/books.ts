/** What must hold while everything goes wrong, in the order of the report. */
export const INVARIANTS = {
  oversold: 'no server has more sessions than seats',
  cut: 'no session is cut by us while its server serves',
  homeless: 'every client is on a living server within the bound',
  counters: 'counters agree: opened = playing + ended + lost, and rows say what games say',
  leak: 'no seat is away for good',
} as const;
export type Invariant = keyof typeof INVARIANTS;

export interface Breach {
  readonly invariant: Invariant;
  readonly atMs: number;
  readonly text: string;
}

/** Everything that is counted over a run. */
export class Books {
  readonly breaches: Breach[] = [];
  readonly checks: Record<Invariant, number> = { oversold: 0, cut: 0, homeless: 0, counters: 0, leak: 0 };
  opened = 0;
  ended = 0;
  lost = 0;
  /** Clients who asked in vain for 5 s, by what they heard last. */
  readonly refused = new Map<string, number>();
  /** ms without a server, for each time that a client lost one and found another. */
  readonly gapsMs: number[] = [];
  readonly #startMs = performance.now();

  get nowMs(): number {
    return performance.now() - this.#startMs;
  }

  hold(invariant: Invariant, holds: boolean, text: () => string): void {
    this.checks[invariant]++;
    if (!holds) this.breaches.push({ invariant, atMs: this.nowMs, text: text() });
  }

  gapMs(share: number): number {
    const sorted = [...this.gapsMs].sort((one, other) => one - other);
    return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0;
  }
}
