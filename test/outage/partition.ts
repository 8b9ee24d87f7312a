import type { Tally } from './tally.ts';
import { World } from './world.ts';

export interface PartitionOptions {
  readonly seed: number;
  readonly servers: number;
  readonly capacity: number;
  readonly players: number;
  readonly cutMs: number;
}

export interface PartitionReport {
  readonly tally: Tally;
  /** Who played on the server, and how many of them had to go elsewhere. */
  readonly there: number;
  readonly moved: number;
  /** Clients sent there after this part of the cut, when its beat was too old. */
  readonly sentThere: number;
  /** From the end of the cut until its beat had landed, and until every door gave it out again. */
  readonly beatMs: number;
  readonly openMs: number;
  readonly beatEveryMs: number;
}

const JOIN_EVERY_MS = 2_000;

/** One agent cannot reach the registry for a while; its server goes on, and everybody else. */
export async function runPartition(options: PartitionOptions): Promise<PartitionReport> {
  const { players, cutMs } = options;
  const world = new World(options);
  const { time, config, plane } = world;
  const restore = time.install();
  try {
    await world.ready();
    await world.fill(players);
    await time.advance(10_000);
    const server = world.any(world.servers);
    const there = world.players.filter((player) => player.server === server.address);
    server.link.isCut = true;
    const staleAtMs = time.nowMs + config.freshMs + config.timing.beatMs;
    const endMs = time.nowMs + cutMs;
    let sentThere = 0;
    while (time.nowMs < endMs) {
      const newcomer = world.join();
      await time.advance(JOIN_EVERY_MS);
      if (time.nowMs > staleAtMs && newcomer.server === server.address) sentThere++;
    }
    const beat = async () => (await plane.registry.get(server.key))?.seats?.beat ?? 0;
    const before = await beat();
    server.link.isCut = false;
    const beatMs = await world.until(async () => (await beat()) > before);
    const openMs = beatMs + (await world.until(() => world.isOpen()));
    const moved = there.filter((player) => player.server !== server.address || !player.isIn).length;
    const { beatMs: beatEveryMs } = config.timing;
    return { tally: world.tally, there: there.length, moved, sentThere, beatMs, openMs, beatEveryMs };
  } finally {
    restore();
  }
}
