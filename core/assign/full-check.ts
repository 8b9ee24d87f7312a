import type { Clock } from '../ports.ts';
import type { Pool } from '../registry/roster.ts';
import type { ServerRow } from '../registry/row.ts';

/**
 * "Full" is said only after a fresh consistent read of every server that could have a seat. A pool of up to
 * `SMALL_POOL` servers is read for every refusal; a larger one at most so often that the reads stay below
 * `READS_PER_SECOND` an assigner, and the answer in between rests on the last reading. Requests that wait for a reading
 * share the next one that starts after they came.
 */
export interface FullCheck {
  /** Reads the pool and reports each row; true if any row now has a free seat. `name` tells pools apart. */
  anyFree(name: string, pool: Pool): Promise<boolean>;
}

const SMALL_POOL = 16;
const READS_PER_SECOND = 200;
const PARALLEL_READS = 16;

interface Reading {
  running: Promise<boolean> | undefined;
  next: Promise<boolean> | undefined;
  doneAtMs: number;
}

export function createFullCheck(deps: {
  readonly clock: Clock;
  readonly read: (key: string) => Promise<ServerRow | undefined>;
  /** The server's index in the view of now, and the row just read. */
  readonly learn: (id: string, row: ServerRow | undefined) => void;
}): FullCheck {
  const readings = new Map<string, Reading>();

  const readAll = async (pool: Pool): Promise<boolean> => {
    const members = [...pool.members];
    let any = false;
    let at = 0;
    const worker = async (): Promise<void> => {
      while (at < members.length) {
        const entry = pool.view.entries[members[at++]!]!;
        const row = await deps.read(entry.key);
        deps.learn(entry.server.id, row);
        if (row?.seats && row.seats.state === 'ready' && !row.suspect && row.seats.free > 0) any = true;
      }
    };
    await Promise.all(Array.from({ length: Math.min(PARALLEL_READS, members.length) }, worker));
    return any;
  };

  return {
    async anyFree(name, pool) {
      const reading = readings.get(name) ?? { running: undefined, next: undefined, doneAtMs: Number.NEGATIVE_INFINITY };
      readings.set(name, reading);
      const pauseMs = pool.members.length <= SMALL_POOL ? 0 : (1_000 * pool.members.length) / READS_PER_SECOND;
      if (pauseMs > 0 && deps.clock.monoMs() - reading.doneAtMs < pauseMs) return false;
      if (reading.next) return reading.next;
      const start = (): Promise<boolean> => {
        reading.next = undefined;
        reading.running = readAll(pool).finally(() => {
          reading.running = undefined;
          reading.doneAtMs = deps.clock.monoMs();
        });
        return reading.running;
      };
      if (!reading.running) return start();
      // A reading that began before this request may have missed a seat that came back since: wait for the next one.
      reading.next = reading.running.then(start, start);
      return reading.next;
    },
  };
}
