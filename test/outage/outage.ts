import type { Part } from './control-plane.ts';
import type { Tally } from './tally.ts';
import { World } from './world.ts';

export interface OutageOptions {
  readonly seed: number;
  /** What is away. */
  readonly away: readonly Part[];
  readonly awayMs: number;
  readonly servers: number;
  readonly capacity: number;
  readonly players: number;
  /** Machines that die meanwhile, at even distances. */
  readonly crashes: number;
}

export interface OutageReport {
  readonly tally: Tally;
  readonly players: number;
  /** From the end of the outage until every living agent's beat has landed. */
  readonly backMs: number;
  readonly beatMs: number;
  /** Clients who asked for the first time while it lasted, and how many of them were in before it was over. */
  readonly newcomers: { readonly asked: number; readonly in: number };
  /** What was wrong at the end; empty: everybody plays, and no seat is away. */
  readonly left: readonly string[];
}

/** A failover counts when another game has let the client in within this time. */
export const FAILOVER_MS = 10_000;
const STEP_MS = 1_000;
const RESTART_EVERY_MS = 3_000;
const NEWCOMER_EVERY_MS = 10_000;
/** A program that is started again is back before its game takes it for gone. */
const RESTART_PAUSE_MS = 1_500;
const SETTLE_MS = 120_000;

/** Part of the control plane goes away while everybody plays, machines die, programs are started again and others come. */
export async function runOutage(options: OutageOptions): Promise<OutageReport> {
  const { away, awayMs, players, crashes } = options;
  const world = new World(options);
  const restore = world.time.install();
  try {
    await world.ready();
    await world.fill(players);
    // As many tickets as possible are out and not shown yet: their holders come when the registry is gone.
    await world.time.advance(30_000);
    const fresh = Array.from({ length: 10 }, () => world.join());
    await world.until(() => fresh.every(({ grant }) => grant !== undefined), 10_000);
    world.plane.takeAway(away);
    const newcomers = await live(world, awayMs, crashes);
    const newcomersIn = newcomers.filter(({ isIn }) => isIn).length;
    const before = new Map((await world.plane.registry.list()).map(({ key, seats }) => [key, seats?.beat ?? 0]));
    world.plane.bringBack();
    const backMs = await world.until(async () => {
      const rows = new Map((await world.plane.registry.list()).map(({ key, seats }) => [key, seats?.beat ?? 0]));
      return world.living().every(({ key }) => (rows.get(key) ?? 0) > (before.get(key) ?? 0));
    });
    await world.time.advance(SETTLE_MS);
    const all = [...world.tally.failovers.values()];
    return {
      tally: world.tally,
      players: world.players.length,
      backMs,
      beatMs: world.config.timing.beatMs,
      newcomers: { asked: newcomers.length, in: newcomersIn },
      left: [...(await leftOver(world)), ...(all.includes(Number.POSITIVE_INFINITY) ? ['a client is nowhere'] : [])],
    };
  } finally {
    restore();
  }
}

/** What happens while it lasts. Gives those who asked for the first time. */
async function live(world: World, awayMs: number, crashes: number) {
  const { time } = world;
  const startMs = time.nowMs;
  const newcomers: ReturnType<World['join']>[] = [];
  let died = 0;
  let restarts = 0;
  while (time.nowMs - startMs < awayMs) {
    await time.advance(STEP_MS);
    const passedMs = time.nowMs - startMs;
    if (died < crashes && passedMs >= ((died + 0.5) / crashes) * awayMs) {
      died++;
      world.crash(world.any(world.living()));
    }
    if (passedMs >= (newcomers.length + 1) * NEWCOMER_EVERY_MS) newcomers.push(world.join());
    if (passedMs >= (restarts + 1) * RESTART_EVERY_MS) {
      restarts++;
      const calm = world.players.filter(({ isIn, lostAtMs }) => isIn && lostAtMs === undefined);
      await world.restart(world.any(calm), RESTART_PAUSE_MS);
    }
  }
  return newcomers;
}

/** Everybody plays on a living server, and the rows say what the games say. */
export async function leftOver(world: World): Promise<string[]> {
  const wrong: string[] = [];
  for (const { name, isIn, server } of world.players) {
    if (!isIn || world.serverAt(server)?.state !== 'up') wrong.push(`${name} does not play`);
  }
  for (const server of world.living()) {
    const row = await world.plane.registry.get(server.key);
    const { free = -1, sessions = -1, capacity = -1, state } = row?.seats ?? {};
    if (sessions !== server.size) wrong.push(`${server.placement.id}: ${sessions} in its row, ${server.size} play`);
    // Whoever was let in on the reserve stands in its place until he leaves.
    if (state === 'ready' && (free + sessions > capacity || (free + sessions < capacity * 0.9 && free < 0))) {
      wrong.push(`${server.placement.id}: ${free} free and ${sessions} sessions of ${capacity}`);
    }
  }
  return wrong;
}
