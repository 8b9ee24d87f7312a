import type { Clock, Rng } from '../core/ports.ts';
import type { BeatWish } from '../core/registry/agent-beat.ts';
import type { SeatTiming } from '../core/registry/timing.ts';
import type { Counters } from './counters.ts';
import type { Outage } from './log.ts';
import type { BeatResult, SeatKeeper } from './seat-keeper.ts';

export interface BeatLoopOptions {
  readonly keeper: SeatKeeper;
  readonly wish: () => BeatWish;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly timing: SeatTiming;
  readonly outage: Outage;
  readonly counters: Pick<Counters, 'count'>;
  /** The row is ours. */
  readonly onClaim: () => void;
  /** A beat landed, and told the row this. */
  readonly onBeat: (told: BeatWish) => void;
}

/** Beats never follow each other faster, whatever happens (docs/SEATS.md, "Beat"). */
const LEAST_MS = 500;
/** Before the registrar has found the server, each beat also asks whether it has. */
const UNVERIFIED_MS = 500;
const FIRST_RETRY_MS = 250;
/** A refused beat is computed anew at once, since only takes of the very moment can have come in between; not for ever. */
const AGAIN_AT_ONCE = 3;
/** Beats spread by this part of H, and never come later than H: T + 2H is promised. */
const JITTER = 0.2;

/** What became of a beat; after `lost` the agent ends. */
const COUNT = { ok: 'beats.landed', again: 'beats.again', unknown: 'beats.lost' } as const;

/** Claims the row and beats until it is stopped or the row is lost. */
export class BeatLoop {
  readonly #options: BeatLoopOptions;
  #wake: (() => void) | undefined;
  #isKicked = false;
  #isStopped = false;
  #startedAtMs = Number.NEGATIVE_INFINITY;
  #done: Promise<void> | undefined;

  constructor(options: BeatLoopOptions) {
    this.#options = options;
  }

  start(): void {
    this.#done = this.#run();
  }

  /** What the row says is out of date: beat as soon as may be. */
  kick(): void {
    this.#isKicked = true;
    this.#wake?.();
  }

  /** Resolves when no beat is under way any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#wake?.();
    await this.#done;
  }

  async #run(): Promise<void> {
    for (let tries = 0; !this.#isStopped && !(await this.#claim()); tries++)
      await this.#wait(this.#backOffMs(tries), 0);
    for (let failures = 0; !this.#isStopped; ) {
      const result = await this.#beatUntilItLands();
      if (result === 'lost') return;
      failures = result === 'unknown' ? failures + 1 : 0;
      if (failures > 0) await this.#wait(this.#backOffMs(failures - 1), 0);
      else await this.#wait(this.#restMs(), this.#leastMs());
    }
  }

  async #claim(): Promise<boolean> {
    const { keeper, clock, outage, onClaim } = this.#options;
    this.#startedAtMs = clock.monoMs();
    try {
      if (!(await keeper.claim())) return false;
    } catch (error) {
      outage.bad(error);
      return false;
    }
    outage.good();
    onClaim();
    return true;
  }

  async #beatUntilItLands(): Promise<BeatResult> {
    const { keeper, wish, clock, outage, counters, onBeat } = this.#options;
    this.#isKicked = false;
    this.#startedAtMs = clock.monoMs();
    let result: BeatResult = 'again';
    for (let tries = 0; result === 'again' && tries <= AGAIN_AT_ONCE; tries++) {
      const told = wish();
      result = await keeper.beat(told, (error) => outage.bad(error));
      if (result !== 'lost') counters.count(COUNT[result]);
      if (result === 'ok') onBeat(told);
    }
    if (result !== 'unknown') outage.good();
    return result;
  }

  #leastMs(): number {
    return Math.min(LEAST_MS, this.#options.timing.beatMs);
  }

  #restMs(): number {
    const { keeper, timing, rng } = this.#options;
    const beatMs = keeper.placement ? timing.beatMs : Math.min(UNVERIFIED_MS, timing.beatMs);
    return beatMs * (1 - JITTER * rng.float());
  }

  /** Exponential with jitter, at most one beat long: the lease runs. */
  #backOffMs(tries: number): number {
    const { timing, rng } = this.#options;
    return (0.5 + rng.float() / 2) * Math.min(timing.beatMs, FIRST_RETRY_MS * 2 ** tries);
  }

  /** Waits `restMs` from the start of the last beat; a kick ends it, but not before `leastMs`. */
  async #wait(restMs: number, leastMs: number): Promise<void> {
    const { clock } = this.#options;
    for (;;) {
      const isUrgent = leastMs > 0 && this.#isKicked;
      const leftMs = this.#startedAtMs + (isUrgent ? leastMs : restMs) - clock.monoMs();
      if (this.#isStopped || leftMs <= 0) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}
