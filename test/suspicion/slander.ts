import type { Server } from '../outage/server.ts';
import { World } from '../outage/world.ts';
import { watchServers } from './watchers.ts';

export interface SlanderOptions {
  readonly seed: number;
  readonly servers: number;
  readonly clients: number;
}

export interface SlanderReport {
  /** Reports of liars that the door took. */
  readonly reports: number;
  /** Sessions that ended, or went elsewhere, although their servers live. */
  readonly moved: number;
  /** The longest time for which a living server was not given out. */
  readonly closedMs: number;
}

export interface BlackHoleReport {
  /** From the moment in which clients no longer reached it until it was suspect. */
  readonly suspectMs: number;
  /** Clients on other servers at the end. */
  readonly elsewhere: number;
  readonly clients: number;
}

const CAPACITY = 400;
const LIARS = 0.01;
const JOIN_MS = 20;
const LOOK_MS = 50;
const SETTLE_MS = 6_000;
const WATCH_MS = 20_000;
/** Addresses of clients begin with this. */
const CLIENTS_NET = 10;

/** One of a hundred says of its healthy server that it cannot be reached, all in the same second. */
export async function runSlander({ seed, servers, clients }: SlanderOptions): Promise<SlanderReport> {
  const world = new World({ seed, servers, capacity: CAPACITY });
  const { time, plane, players, tally } = world;
  const restore = time.install();
  try {
    await world.ready();
    watchServers(world);
    await world.fill(clients, 5);
    await time.advance(SETTLE_MS);
    const before = players.map(({ server }) => server);
    // The worst of them are all on one server.
    const target = world.any(world.servers).address;
    const there = players.filter(({ server }) => server === target);
    const others = players.filter(({ server }) => server !== target);
    const liars = [...there, ...others].slice(0, Math.ceil(clients * LIARS));
    const answers = Promise.all(
      liars.map(({ grant }) =>
        plane.api()!({
          method: 'POST',
          path: '/v1/reports',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ ticket: grant!.ticket, reason: 'silent' }),
          sourceAddress: '10.0.0.9',
        }),
      ),
    );
    // The virtual clock has to go on for them to be answered.
    const closedMs = await longestClosed(world, WATCH_MS);
    return {
      reports: (await answers).filter(({ status }) => status === 202).length,
      moved: tally.lost.length + players.filter(({ server, isIn }, n) => server !== before[n] || !isIn).length,
      closedMs,
    };
  } finally {
    restore();
  }
}

async function longestClosed(world: World, forMs: number): Promise<number> {
  const { time, plane } = world;
  const since = new Map<string, number>();
  let longestMs = 0;
  for (const endMs = time.nowMs + forMs; time.nowMs < endMs; await time.advance(LOOK_MS)) {
    for (const { suspect, key } of await plane.registry.list()) {
      if (!suspect) since.delete(key);
      else longestMs = Math.max(longestMs, time.nowMs - (since.get(key) ?? time.nowMs));
      if (suspect && !since.has(key)) since.set(key, time.nowMs);
    }
  }
  return longestMs;
}

/** A server that answers those who probe it, and that no client reaches, while clients come at `1000 / JOIN_MS` a second. */
export async function runBlackHole({ seed, servers, clients }: SlanderOptions): Promise<BlackHoleReport> {
  const world = new World({ seed, servers, capacity: CAPACITY });
  const { time, plane, players } = world;
  const restore = time.install();
  try {
    await world.ready();
    watchServers(world);
    await world.fill(clients, 5);
    await time.advance(SETTLE_MS);
    const hole = world.any(world.servers);
    swallow(world, hole);
    const fromMs = time.nowMs;
    let suspectMs = Number.POSITIVE_INFINITY;
    while (suspectMs === Number.POSITIVE_INFINITY && time.nowMs - fromMs < WATCH_MS) {
      world.join();
      await time.advance(JOIN_MS);
      const row = await plane.registry.get(hole.key);
      if (row?.suspect) suspectMs = time.nowMs - fromMs;
    }
    await time.advance(SETTLE_MS);
    const elsewhere = players.filter(({ isIn, server }) => isIn && server !== hole.address).length;
    return { suspectMs, elsewhere, clients: players.length };
  } finally {
    restore();
  }
}

function swallow({ time, config }: World, server: Server): void {
  const at = { address: Uint8Array.from(server.address.split('.'), Number), port: config.probePort };
  time.listen(at, {
    get state() {
      return server.state;
    },
    take(bytes, from, via, reply) {
      if (from.address[0] !== CLIENTS_NET) server.take(bytes, from, via, reply);
    },
  });
  server.hear = () => {};
}
