import type { BeatWish } from '../core/registry/agent-beat.ts';

/** What a machine sees of other servers, as far as its row does not say so yet. */
export interface Sight {
  /** For the next beat; nothing where nothing has changed. */
  news(): Pick<BeatWish, 'sees'>;
  /** A beat has landed with this. */
  told(beat: BeatWish): void;
}

/** A new life's row says nothing of others. */
export function createSight(sees: () => readonly string[] = () => []): Sight {
  let said = '';
  return {
    news() {
      const now = sees();
      return now.join() === said ? {} : { sees: now };
    },
    told(beat) {
      if (beat.sees) said = beat.sees.join();
    },
  };
}
