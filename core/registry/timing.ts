/**
 * The durations of the seat protocol (docs/SEATS.md, "Timing"). All are measured on one machine's monotonic clock.
 * The one safety rule between them: `expireMs >= holdMs + activateMs + handOverMs`. And `2 * beatMs < expireMs`, since an
 * agent admits nobody new without a beat for T: one lost beat must not close its server.
 */
export interface SeatTiming {
  /** W: how long after SENDING a take its seats may be handed out. */
  readonly holdMs: number;
  /** A: how long a client has to show its ticket. */
  readonly activateMs: number;
  /** tau: time to hand the ticket over. */
  readonly handOverMs: number;
  /** T: age of the row image whose `issued` becomes the floor. */
  readonly expireMs: number;
  /** H: the beat. */
  readonly beatMs: number;
}

export const DEFAULT_TIMING: SeatTiming = {
  holdMs: 10_000,
  activateMs: 30_000,
  handOverMs: 2_000,
  expireMs: 42_000,
  beatMs: 5_000,
};

/** Problems of a timing, in the shape "`x` must be …, got: …"; empty if it is safe. */
export function timingProblems(timing: SeatTiming): string[] {
  const problems: string[] = [];
  for (const [name, value] of Object.entries(timing)) {
    if (!Number.isInteger(value) || value <= 0) problems.push(`\`${name}\` must be a positive integer, got: ${value}.`);
  }
  const least = timing.holdMs + timing.activateMs + timing.handOverMs;
  if (timing.expireMs < least) {
    problems.push(
      `\`expireMs\` must be at least holdMs + activateMs + handOverMs = ${least}, got: ${timing.expireMs}.`,
    );
  }
  if (2 * timing.beatMs >= timing.expireMs) {
    problems.push(`\`beatMs\` must be less than half of expireMs = ${timing.expireMs}, got: ${timing.beatMs}.`);
  }
  return problems;
}
