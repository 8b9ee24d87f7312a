import { type Refusal, refuse } from '../errors.ts';
import type { TakeCommand, WriteReply } from './commands.ts';
import type { ServerRow } from './row.ts';
import type { SeatTiming } from './timing.ts';

/** Seats that a take won: serials `first`..`last` of life `gen`, good for handing out until `usableUntilMs`. */
export interface TakenSeats {
  readonly gen: string;
  readonly first: number;
  readonly last: number;
  /** Monotonic time of the assigner: sending of the take + W. */
  readonly usableUntilMs: number;
}

export type TakeOutcome =
  | { readonly ok: true; readonly seats: TakenSeats; readonly row: ServerRow }
  | (Refusal & { readonly row: ServerRow | undefined });

/**
 * Reads the reply to a take (docs/SEATS.md, "Take k").
 *
 * A refusal whose row carries our own token is the echo of a write that landed while its reply was lost: the seats are
 * ours and end at that row's `issued`. A reply that comes later than W after sending is too late to hand anything out.
 * @param sentAtMs monotonic time at which the FIRST try of this token was sent
 */
export function readTakeReply(
  command: TakeCommand,
  reply: WriteReply,
  sentAtMs: number,
  nowMs: number,
  timing: SeatTiming,
): TakeOutcome {
  const seats = reply.row?.seats;
  const ours = reply.ok || (seats !== undefined && seats.last === command.token);
  if (!ours || seats === undefined || reply.row === undefined) {
    return { ...refuse('assign.no-capacity'), row: reply.row };
  }
  const usableUntilMs = sentAtMs + timing.holdMs;
  if (nowMs >= usableUntilMs) return { ...refuse('assign.unavailable', { detail: 'late take' }), row: reply.row };
  return {
    ok: true,
    seats: { gen: seats.gen, first: seats.issued - command.k + 1, last: seats.issued, usableUntilMs },
    row: reply.row,
  };
}
