import type { LifeStart } from './agent-beat.ts';
import type { BeatCommand } from './commands.ts';
import type { SeatTiming } from './timing.ts';

/**
 * What stands behind lock and port, should two agents serve one row after all (docs/SEATS.md, "Restart"): the old one
 * stops admitting before the new one gives anything back. The lease is T, so that every ticket that was issued before
 * the registry went away can be used. All times are of one machine's monotonic clock.
 */

/** Whether an agent may let somebody new in. @param provenAtMs sending of its last write that landed */
export function isLeased(provenAtMs: number, nowMs: number, timing: SeatTiming): boolean {
  return nowMs - provenAtMs < timing.expireMs;
}

/** From when on a life that was claimed at `nowMs` may raise `free`: with the journal comes its lock, and no wait. */
export function raisesFromMs(start: LifeStart, nowMs: number, timing: SeatTiming): number {
  const mayHaveRival = start.command.kind === 'claim' && !start.resumes;
  return mayHaveRival ? nowMs + timing.expireMs + timing.beatMs : Number.NEGATIVE_INFINITY;
}

/** The beat as it may be sent: until `raisesFromMs` it raises nothing. */
export function withinLease(command: BeatCommand, fromMs: number, nowMs: number): BeatCommand {
  return nowMs >= fromMs ? command : { ...command, addFree: Math.min(0, command.addFree) };
}
