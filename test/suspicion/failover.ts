import { World } from '../outage/world.ts';

export interface FailoverOptions {
  readonly seed: number;
  /** Clients of servers that die, in as many worlds as it takes. */
  readonly clients: number;
}

export interface FailoverReport {
  /** From a server's death until another game had let the client in, sorted; infinite: never. */
  readonly times: readonly number[];
  readonly oversold: readonly string[];
  /** Answers of a door after it died. */
  readonly answers: number;
}

const SERVERS = 6;
const CAPACITY = 200;
const PLAYERS = 300;
/** Ten datagrams a second. */
const PING_MS = 100;
const SETTLE_MS = 6_000;
const WATCH_MS = 15_000;

/** A server dies without a word, and in the same moment all gateways: who plays there has the alternates alone. */
export async function runFailover({ seed, clients }: FailoverOptions): Promise<FailoverReport> {
  const times: number[] = [];
  const oversold: string[] = [];
  let answers = 0;
  for (let n = 0; times.length < clients; n++) {
    const world = new World({ seed: seed + 1_000 * n, servers: SERVERS, capacity: CAPACITY, pingMs: PING_MS });
    const { time, plane, tally } = world;
    const restore = time.install();
    try {
      await world.ready();
      await world.fill(Math.min(PLAYERS, SERVERS * (clients - times.length)), 5);
      await time.advance(SETTLE_MS);
      plane.takeAway(['door']);
      world.crash(world.any(world.servers));
      const before = tally.answers.length;
      await time.advance(WATCH_MS);
      times.push(...tally.failovers.values());
      oversold.push(...tally.oversold);
      answers += tally.answers.length - before - tally.failovers.size;
    } finally {
      restore();
    }
  }
  return { times: times.sort((one, other) => one - other), oversold, answers };
}
