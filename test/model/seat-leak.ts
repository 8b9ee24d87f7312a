import { sawImage } from '../../core/registry/agent-beat.ts';
import type { SeatFields } from '../../core/registry/row.ts';
import { DEFAULT_TIMING } from '../../core/registry/timing.ts';
import type { SeatRules } from './seat-rules.ts';
import type { SeatState } from './seat-state.ts';

/**
 * Whether a seat would be lost for good: let nobody come any more, let all that is out expire, and one beat must bring
 * free + sessions = capacity, less the reserve. Says nothing of an agent that is dead, waits, or may not raise yet.
 */
export function leak(state: SeatState, rules: SeatRules, reserve: number): string | undefined {
  const { book, row, capacity, waitsFor, playing } = state;
  if (!book?.known || !row || waitsFor !== undefined || row.gen !== book.gens.at(-1)) return undefined;
  if (state.nowMs < state.raisesFromMs) return undefined;
  const seen = sawImage(book, row, book.marks.length);
  // The beat after the one by which it saw the row as it is now: all of that is T old by then.
  const plan = rules.planBeat(
    { ...seen, image: row, marks: [...seen.marks, { atMs: seen.marks.length, issued: row.issued }] },
    { capacity, state: 'ready', reserve },
    seen.marks.length + DEFAULT_TIMING.expireMs,
    0,
    DEFAULT_TIMING,
  );
  const reply = plan && rules.write(row, plan.command);
  if (!reply?.ok) return 'a beat computed from the row as it is was refused';
  const { free } = reply.row.seats as SeatFields;
  const most = Math.max(capacity - reserve, playing.length);
  return free + playing.length === most ? undefined : `all expired: ${free} free + ${playing.length} play, not ${most}`;
}
