import type { Clock } from '../ports.ts';
import type { Pool, RosterEntry } from '../registry/roster.ts';
import type { ServerRow } from '../registry/row.ts';
import { nextPace, type Pace } from './pace.ts';

/**
 * "Full" is said only after a fresh consistent read of every server that could have a seat. In a pool of up to
 * `readAnewUpTo` servers each is read for every refusal; in a larger one at most so often that the reads of the pool stay
 * below `READS_PER_SECOND` an assigner, and the answer in between rests on the last reading. Readings are shared server
 * by server, never pool by pool: what a request must and must not have differs from one to the next, and is the
 * client's to say. Requests that wait for a server share the next reading of it that starts after they came.
 */
export interface FullCheck {
  /** Reads the pool and reports each row; true if any row now has k free seats. Rejects if none has and one is unread. */
  anyFree(pool: Pool, k?: number): Promise<boolean>;
  /** Seats that are taken in the pool each second, as its readings show; undefined before they tell. */
  pace(pool: Pool): number | undefined;
}

const READ_ANEW_UP_TO = 16;
const READS_PER_SECOND = 200;
const PARALLEL_READS = 16;

/** Of one server. */
interface Reading {
  running: Promise<number> | undefined;
  next: Promise<number> | undefined;
  /** Sending and result of the last one that was answered. */
  sentAtMs: number;
  free: number;
  pace: Pace | undefined;
}

export function createFullCheck(deps: {
  readonly clock: Clock;
  readonly read: (key: string) => Promise<ServerRow | undefined>;
  /** The server's id and the row just read. */
  readonly learn: (id: string, row: ServerRow | undefined) => void;
  readonly readAnewUpTo?: number;
}): FullCheck {
  const { readAnewUpTo = READ_ANEW_UP_TO } = deps;
  const readings = new Map<string, Reading>();

  const readNow = async (entry: RosterEntry, reading: Reading): Promise<number> => {
    const sentAtMs = deps.clock.monoMs();
    const row = await deps.read(entry.key);
    deps.learn(entry.server.id, row);
    reading.free = row?.seats?.state === 'ready' && !row.suspect ? row.seats.free : 0;
    reading.pace = row?.seats && nextPace(reading.pace, row.seats, sentAtMs);
    reading.sentAtMs = sentAtMs;
    return reading.free;
  };

  const readingOf = (entry: RosterEntry): Reading => {
    const known = readings.get(entry.key);
    if (known) return known;
    const reading = {
      running: undefined,
      next: undefined,
      sentAtMs: Number.NEGATIVE_INFINITY,
      free: 0,
      pace: undefined,
    };
    readings.set(entry.key, reading);
    return reading;
  };

  /** `mayJoin`: a reading that is under way is new enough. */
  const read = (entry: RosterEntry, mayJoin: boolean): Promise<number> => {
    const reading = readingOf(entry);
    if (mayJoin && reading.running) return reading.running;
    const start = (): Promise<number> => {
      reading.next = undefined;
      reading.running = readNow(entry, reading).finally(() => {
        reading.running = undefined;
      });
      return reading.running;
    };
    if (!reading.running) return start();
    // A reading that began before this request may have missed a seat that came back since: wait for the next one.
    reading.next ??= reading.running.then(start, start);
    return reading.next;
  };

  /** Servers come and go; their readings must not stay for ever. */
  const forgetOld = (servers: number): void => {
    if (readings.size <= 2 * servers) return;
    for (const [key, { running }] of readings) if (!running) readings.delete(key);
  };

  return {
    pace({ view, members }) {
      let sum: number | undefined;
      for (const member of members) {
        const each = readings.get(view.entries[member]!.key)?.pace?.perSecond;
        if (each !== undefined) sum = (sum ?? 0) + each;
      }
      return sum;
    },
    async anyFree({ view, members }, k = 1) {
      forgetOld(view.entries.length);
      const pauseMs = members.length <= readAnewUpTo ? 0 : (1_000 * members.length) / READS_PER_SECOND;
      const nowMs = deps.clock.monoMs();
      const unread: RosterEntry[] = [];
      let any = false;
      // Every client of a full pool comes through here, so what is known costs no more than a look.
      for (const member of members) {
        const entry = view.entries[member]!;
        const known = pauseMs > 0 ? readings.get(entry.key) : undefined;
        if (!known || nowMs - known.sentAtMs >= pauseMs) unread.push(entry);
        else if (known.free >= k) any = true;
      }
      let at = 0;
      let failure: { readonly error: unknown } | undefined;
      const worker = async (): Promise<void> => {
        while (at < unread.length && !failure) {
          try {
            if ((await read(unread[at++]!, pauseMs > 0)) >= k) any = true;
          } catch (error) {
            failure = { error };
          }
        }
      };
      await Promise.all(Array.from({ length: Math.min(PARALLEL_READS, unread.length) }, worker));
      if (failure && !any) throw (failure as { readonly error: unknown }).error;
      return any;
    },
  };
}
