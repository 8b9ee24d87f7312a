import type { Clock } from '../core/ports.ts';
import type { RosterReader } from '../core/registry/roster-reader.ts';

export interface FreshRosterOptions {
  /** With `refreshMs` 0: how often it is read is decided here. */
  readonly reader: Pick<RosterReader, 'refresh' | 'ageMs'>;
  readonly clock: Pick<Clock, 'monoMs'>;
  /** Shortest time between two readings. */
  readonly refreshMs: number;
  /** Told why the roster could not be read. */
  readonly onError: (error: unknown) => void;
}

/**
 * How long a roster serves after the last time that the registry answered. Takes fail without the registry anyway, so this
 * is about what the API shows: a minute-old list is still a help, an older one misleads.
 */
const MAX_STALE_MS = 60_000;

/**
 * Reads the roster when a request needs it, since a frozen environment has no timers. Requests of the same moment share
 * one reading; those between two readings are answered at once. False if there is no roster yet, or only one that is too old.
 */
export function createFreshRoster(options: FreshRosterOptions): () => boolean | Promise<boolean> {
  const { reader, clock, refreshMs, onError } = options;
  let triedAtMs = Number.NEGATIVE_INFINITY;
  let confirmedAtMs = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;

  async function read(): Promise<void> {
    triedAtMs = clock.monoMs();
    try {
      await reader.refresh();
      confirmedAtMs = clock.monoMs();
    } catch (error) {
      onError(error);
    }
    reading = undefined;
  }

  const isFresh = (): boolean => Number.isFinite(reader.ageMs()) && clock.monoMs() - confirmedAtMs < MAX_STALE_MS;

  return () => {
    if (!reading && clock.monoMs() - triedAtMs >= refreshMs) reading = read();
    return reading ? reading.then(isFresh) : isFresh();
  };
}
