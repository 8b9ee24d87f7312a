import type { BeatWish } from '../core/registry/agent-beat.ts';
import type { Counters } from './counters.ts';
import type { DrainStage } from './drain-watch.ts';
import type { SeatKeeper } from './seat-keeper.ts';

export interface SlotHealth {
  readonly isGood: boolean;
  readonly facts: Readonly<Record<string, unknown>> & { readonly counters: Readonly<Record<string, number>> };
}

/** What `GET /healthz` says of a slot. Good while its last beat that landed is younger than the lease. */
export function slotHealth(
  { placement, provenAgeMs, sessions, book, isLeased }: SeatKeeper,
  { capacity, state }: BeatWish,
  game: { readonly isGameAlive: boolean; readonly drain: DrainStage },
  counters: Counters,
): SlotHealth {
  const facts = {
    serverId: placement?.id,
    capacity,
    state,
    sessions,
    free: book?.image?.free,
    ...game,
    lastBeatAgeMs: Number.isFinite(provenAgeMs) ? Math.round(provenAgeMs) : undefined,
    counters: counters.read(),
  };
  return { isGood: isLeased, facts };
}
