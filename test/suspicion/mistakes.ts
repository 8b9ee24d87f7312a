import { ProbeWorld } from '../support/probe-world.ts';

const HOUR_MS = 3_600_000;
/** Two probers watch each server, each with its own luck. */
const PROBERS = 2;
const SERVERS = 20;

/** Suspicions of servers that live, by all probers, in `serverHours` in which this share of all packets is lost each way. */
export function mistakes(serverHours: number, loss: number, seed: number): number {
  let count = 0;
  for (let prober = 0; prober < PROBERS; prober++) {
    const world = new ProbeWorld({ servers: SERVERS, loss, seed: seed + prober });
    world.run((serverHours / SERVERS) * HOUR_MS);
    count += world.suspicions().length;
  }
  return count;
}
