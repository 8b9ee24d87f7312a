import type { MetricName, Sample } from '../core/metrics/catalogue.ts';
import { AGENT_COUNTS, countedSamples } from '../core/metrics/counts.ts';
import type { Counters } from './counters.ts';
import type { SeatKeeper } from './seat-keeper.ts';

const MS_PER_SECOND = 1_000;

/** How a slot stands, for `GET /metrics` of its API. */
export function slotSamples(
  { provenAgeMs, sessions, book }: Pick<SeatKeeper, 'provenAgeMs' | 'sessions' | 'book'>,
  { capacity }: { readonly capacity: number },
  { isAlive }: { readonly isAlive: boolean },
  counters: Pick<Counters, 'read'>,
): readonly Sample[] {
  const free = book?.image?.free;
  const figures: readonly (readonly [MetricName, number | undefined])[] = [
    ['onedoor_server_sessions', sessions],
    ['onedoor_server_capacity', Number.isFinite(capacity) ? capacity : undefined],
    ['onedoor_server_free_seats', free],
    ['onedoor_server_game_alive', Number(isAlive)],
    ['onedoor_server_beat_age_seconds', Number.isFinite(provenAgeMs) ? provenAgeMs / MS_PER_SECOND : undefined],
  ];
  return [
    ...countedSamples(counters.read(), AGENT_COUNTS),
    ...figures.flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }])),
  ];
}
