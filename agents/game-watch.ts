import type { LoadAdapter, LoadReading } from '../adapters/load/load-adapter.ts';
import type { Clock } from '../core/ports.ts';

export interface GameWatchOptions {
  readonly adapter: LoadAdapter;
  readonly clock: Clock;
  /** Every good answer, with the monotonic time at which it was asked for. */
  readonly onReading: (reading: LoadReading, sentAtMs: number) => void;
  /** The game came or went; `error` says why it went. */
  readonly onChange: (isAlive: boolean, error?: unknown) => void;
}

/** An agent answers for its game while the last good query is younger (docs/PROTOCOL.md, "Answering keepalives"). */
export const GAME_FRESH_MS = 2_000;
/** Three answers may be lost before a game counts as dead. */
const POLL_MS = 500;
/** Games that start together with their agent need some seconds before they answer. */
const PATIENCE_MS = 5_000;

/** Asks one game again and again how it is. */
export class GameWatch {
  readonly #options: GameWatchOptions;
  #goodAtMs = Number.NEGATIVE_INFINITY;
  /** Undefined until the first word on it: a game that never came is told of like one that went. */
  #wasAlive: boolean | undefined;
  #startedAtMs = 0;
  #error: unknown;
  #timer: NodeJS.Timeout | undefined;
  #asking: Promise<void> | undefined;
  #isStopped = false;

  constructor(options: GameWatchOptions) {
    this.#options = options;
  }

  /** Whether the game lives, at this very moment. */
  get isAlive(): boolean {
    return this.silentMs < GAME_FRESH_MS;
  }

  /** Time since the last good answer. */
  get silentMs(): number {
    return this.#options.clock.monoMs() - this.#goodAtMs;
  }

  start(): void {
    this.#startedAtMs = this.#options.clock.monoMs();
    void this.#turn();
  }

  /** Asks at once: there is news. */
  async ask(): Promise<void> {
    this.#asking ??= this.#query().finally(() => {
      this.#asking = undefined;
    });
    await this.#asking;
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  async #turn(): Promise<void> {
    await this.ask();
    if (!this.#isStopped) this.#timer = setTimeout(() => void this.#turn(), POLL_MS);
  }

  async #query(): Promise<void> {
    const { adapter, clock, onReading } = this.#options;
    const sentAtMs = clock.monoMs();
    try {
      const reading = await adapter.query();
      if (this.#isStopped) return;
      this.#goodAtMs = sentAtMs - (reading.ageMs ?? 0);
      onReading(reading, sentAtMs);
    } catch (error) {
      this.#error = error;
    }
    this.#tell();
  }

  #tell(): void {
    const { isAlive } = this;
    if (isAlive === this.#wasAlive || this.#isStopped) return;
    const isStarting = this.#options.clock.monoMs() - this.#startedAtMs < PATIENCE_MS;
    if (!isAlive && this.#wasAlive === undefined && isStarting) return;
    this.#wasAlive = isAlive;
    this.#options.onChange(isAlive, isAlive ? undefined : this.#error);
  }
}
