import type { Journal } from '../adapters/journal/journal.ts';
import type { AgentStore, Clock, Rng } from '../core/ports.ts';
import type { JournalEntry } from '../core/registry/journal-entry.ts';
import type { SeatTiming } from '../core/registry/timing.ts';

export interface SeatKeeperOptions {
  /** The row's key. */
  readonly key: string;
  readonly store: AgentStore;
  readonly journal: Journal<JournalEntry>;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly timing: SeatTiming;
  /** The game refuses nobody and is only counted. */
  readonly isCounted: boolean;
  /** The row is another life's or gone: stop at once, for good. */
  readonly onLost: (reason: string) => void;
}
