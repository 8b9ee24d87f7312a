import { leftOver } from './outage.ts';
import type { Tally } from './tally.ts';
import { World } from './world.ts';

/** Whose wall clock is off. */
export const CLOCKS = ['agent', 'gateway', 'function'] as const;
export type WhoseClock = (typeof CLOCKS)[number];

export interface ClocksReport {
  readonly tally: Tally;
  readonly players: number;
  readonly in: number;
  /** Codes with which games and agents refused tickets. */
  readonly codes: readonly string[];
  readonly left: readonly string[];
}

const PLAY_MS = 60_000;

/** People join, play, lose a machine and come back, while one kind of part has a wall clock that is off. */
export async function runClocks(options: {
  readonly seed: number;
  readonly whose: WhoseClock;
  readonly skewMs: number;
  readonly servers: number;
  readonly players: number;
}): Promise<ClocksReport> {
  const { seed, whose, skewMs, servers, players } = options;
  const world = new World({ seed, servers, capacity: 50, skewMs: { [whose]: skewMs } });
  const restore = world.time.install();
  try {
    await world.ready();
    // Functions are asked where no gateway answers.
    if (whose === 'function') world.plane.takeAway(['door']);
    await world.fill(players).catch(() => {});
    const isWell = world.players.every(({ isIn }) => isIn);
    if (isWell) {
      world.crash(world.any(world.servers));
      await world.time.advance(PLAY_MS);
      await world.restart(world.any(world.players), 1_500);
    }
    const { tally } = world;
    const codes = new Set(tally.ticketsRefused.map((line) => line.split(': ')[1]!));
    return {
      tally,
      players: world.players.length,
      in: world.players.filter(({ isIn }) => isIn).length,
      codes: [...codes].sort(),
      left: isWell ? await leftOver(world) : [],
    };
  } finally {
    restore();
  }
}
