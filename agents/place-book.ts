import type { Clock } from '../core/ports.ts';
import type { RosterReader } from '../core/registry/roster-reader.ts';
import type { Placement } from '../core/registry/row.ts';

/** Where the servers of these ids are, as far as this agent knows now. */
export type PlaceBook = (ids: readonly string[]) => readonly Placement[];

/** Servers do not move; the roster is read again for those that have come since. */
const REREAD_MS = 60_000;
/** For an id that is not known. */
const MISSING_REREAD_MS = 5_000;

/**
 * Looks ids up in the roster, which is read while nobody waits: what is not known yet is left out this time. An agent that
 * is never asked reads nothing.
 */
export function createPlaceBook(deps: {
  readonly reader: Pick<RosterReader, 'view' | 'refresh'>;
  readonly clock: Pick<Clock, 'monoMs'>;
}): PlaceBook {
  const { reader, clock } = deps;
  let readAtMs = Number.NEGATIVE_INFINITY;
  return (ids) => {
    const { indexOf, entries } = reader.view();
    const found = ids.flatMap((id) => entries[indexOf.get(id) ?? -1]?.server ?? []);
    const ageMs = clock.monoMs() - readAtMs;
    if (ageMs >= (found.length === ids.length ? REREAD_MS : MISSING_REREAD_MS)) {
      readAtMs = clock.monoMs();
      reader.refresh().catch(() => {});
    }
    return found;
  };
}
