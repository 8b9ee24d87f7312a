import type { AgentStore, Clock, Rng } from '../ports.ts';
import type { ServerRow } from '../registry/row.ts';
import type { SeatTiming } from '../registry/timing.ts';
import type { LiveView } from './live-view.ts';
import { type Taken, takeSeats } from './seat-taker.ts';
import { createSecondLook } from './second-look.ts';

/** `conflicts`: the row refused; `takes-unreached`: the registry did not answer in time. */
export type OnTake = (outcome: 'takes' | 'conflicts' | 'takes-unreached') => void;

/** Takes at the rows of a view, which each reply corrects. */
export interface RowTakes {
  /**
   * Takes `wanted` seats at the server of `index`; where there are not as many, one, if `mayBeFewer`. `refused`: no seat
   * here; `unreached`: the registry did not answer in time.
   */
  take(
    index: number,
    wanted: number,
    mayBeFewer: boolean,
  ): Promise<Extract<Taken, { ok: true }> | 'refused' | 'unreached'>;
  /** A row came back from the registry for this server (undefined: the row is gone). */
  learn(id: string, row: ServerRow | undefined): void;
  /** A newer roster has other beats. */
  forget(): void;
}

export function createRowTakes(deps: {
  readonly store: Pick<AgentStore, 'write'>;
  readonly roster: { degraded(): boolean };
  readonly clock: Clock;
  readonly rng: Rng;
  readonly timing: SeatTiming;
  readonly live: LiveView;
  readonly onTake?: OnTake;
}): RowTakes {
  const { roster, clock, live, onTake } = deps;
  const secondLook = createSecondLook();

  const learn = (id: string, row: ServerRow | undefined): void => {
    const index = live.view.indexOf.get(id);
    if (index === undefined) return;
    live.learn(index, row);
    if (row?.seats) secondLook.saw(id, row.seats.beat, live.view.beat[index]!, clock.monoMs());
  };

  const seek = async (key: string, wanted: number, beatAfter: number | undefined): Promise<Taken> => {
    const taken = await takeSeats(deps, key, wanted, beatAfter);
    onTake?.(taken.ok ? 'takes' : taken.reached ? 'conflicts' : 'takes-unreached');
    return taken;
  };

  return {
    learn,
    forget: () => secondLook.forget(),
    async take(index, wanted, mayBeFewer) {
      const { key, server } = live.view.entries[index]!;
      const { id } = server;
      const beatAfter = roster.degraded()
        ? secondLook.beatAfter(id, live.view.beat[index]!, clock.monoMs())
        : undefined;
      let taken = await seek(key, wanted, beatAfter);
      if (!taken.ok && taken.reached && mayBeFewer && wanted > 1 && (taken.row?.seats?.free ?? 0) > 0) {
        taken = await seek(key, 1, beatAfter);
      }
      if (taken.ok || taken.reached || taken.row) learn(id, taken.row);
      if (!taken.ok) return taken.reached ? 'refused' : 'unreached';
      // Nobody is sent to a server that has left the roster meanwhile: its seats are forgotten.
      return live.view.indexOf.has(id) ? taken : 'refused';
    },
  };
}
