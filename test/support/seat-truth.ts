import type { SeatFields } from '../../core/registry/row.ts';
import type { SeatBook } from '../../core/registry/seat-book.ts';

/** What nobody in a SeatWorld knows whole: who plays, what was ever taken, and whether it is too much. */
export class SeatTruth {
  /** Who really plays, by session id: the game knows, whatever happens to its agent. */
  readonly playing = new Map<string, string>();
  /** Every seat that was ever taken. */
  readonly taken: { readonly gen: string; readonly serial: number }[] = [];
  /** Breaches of the invariant of docs/SEATS.md, "Why it is right". */
  readonly problems: string[] = [];
  /** More play than the capacity ever was: what a breach of the invariant leads to. */
  isOversold = false;
  private mostCapacity = 0;
  /** How often a history came where it is hard to be right. */
  readonly seen = {
    full: 0,
    busyRestarts: 0,
    voids: 0,
    again: 0,
    echoes: 0,
    burns: 0,
    given: 0,
    direct: 0,
    resumed: 0,
    rowsMade: 0,
  };
  private lastSum = 0;

  /**
   * `free + K + (serials that would be admitted) <= capacity in force`, or falling. To be asked after every happening.
   * @param book of the agent that lives, or of the one that died last
   */
  check(row: SeatFields | undefined, book: SeatBook | undefined): void {
    const { free = 0, capacity = 0 } = row ?? {};
    const live = new Set<number>();
    for (const { gen, serial } of this.taken) {
      if (book && serial > book.floor && book.gens.includes(gen) && !book.used.has(serial)) live.add(serial);
    }
    const sum = free + this.playing.size + live.size;
    if (free < 0) this.problems.push(`free is ${free}`);
    if (sum > capacity && sum > this.lastSum) {
      this.problems.push(`${free} free + ${this.playing.size} play + ${live.size} may come > ${capacity}`);
    }
    this.mostCapacity = Math.max(this.mostCapacity, capacity);
    this.isOversold ||= this.playing.size > this.mostCapacity;
    if (free === 0 && this.playing.size === capacity && capacity > 0) this.seen.full++;
    this.lastSum = sum;
  }
}
