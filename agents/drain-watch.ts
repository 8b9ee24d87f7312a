import type { Clock } from '../core/ports.ts';
import type { ServerState } from '../core/registry/row.ts';
import type { SeatBook } from '../core/registry/seat-book.ts';

/**
 * `begun`: this agent lets nobody new in; `written`: the row says so, too, so that no seat can be taken any more;
 * `acknowledged`: nor can one that was taken before be handed out. From then on nobody is sent here.
 */
export type DrainStage = 'no' | 'begun' | 'written' | 'acknowledged';

interface DrainWatchOptions {
  readonly isDraining: () => boolean;
  readonly book: () => SeatBook | undefined;
  /** W: how long after it was sent a take's seats may be handed out (docs/SEATS.md). */
  readonly holdMs: number;
  readonly clock: Pick<Clock, 'monoMs'>;
  readonly onAcknowledged: () => void;
}

/** How far a drain has come (docs/AGENT.md, "Going away"). */
export class DrainWatch {
  readonly #options: DrainWatchOptions;
  #written: { readonly atMs: number; readonly issued: number } | undefined;
  #isAcknowledged = false;

  constructor(options: DrainWatchOptions) {
    this.#options = options;
  }

  /** A beat has landed, and told the row this. */
  told(state: ServerState): void {
    const { book, clock } = this.#options;
    const issued = book()?.image?.issued;
    if (state !== 'draining') {
      this.#written = undefined;
      this.#isAcknowledged = false;
    } else if (issued !== undefined) this.#written ??= { atMs: clock.monoMs(), issued };
  }

  /**
   * A take that landed before the beat was sent before its reply came: W later its seats are forgotten. Sooner, if all
   * serials up to that beat's were shown or are expired.
   */
  stage(): DrainStage {
    const { isDraining, clock, holdMs, onAcknowledged } = this.#options;
    const book = this.#options.book();
    const written = this.#written;
    if (!isDraining()) return 'no';
    if (!book || !written) return 'begun';
    if (this.#isAcknowledged) return 'acknowledged';
    this.#isAcknowledged = clock.monoMs() - written.atMs >= holdMs || unshown(book, written.issued) === 0;
    if (!this.#isAcknowledged) return 'written';
    onAcknowledged();
    return 'acknowledged';
  }
}

/** Serials up to `issued` that somebody may still show for the first time. */
function unshown({ floor, used }: SeatBook, issued: number): number {
  let shown = 0;
  for (const serial of used) if (serial <= issued && serial > floor) shown++;
  return Math.max(0, issued - floor - shown);
}
