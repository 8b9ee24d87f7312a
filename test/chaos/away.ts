import { setTimeout as pause } from 'node:timers/promises';
import { seededRng } from '../support/seeded-rng.ts';
import { Books } from './books.ts';
import { untilReady } from './chaos.ts';
import { type ChaosCrowd, startChaosCrowd } from './crowd.ts';
import { countSessions } from './session-counter.ts';
import { type ChaosSystem, startSystem } from './system.ts';

/** What can be away in real time. */
export const AWAY = ['registry', 'functions', 'door'] as const;
export type Away = (typeof AWAY)[number];

export interface AwayReport {
  readonly books: Books;
  /** Who played on the machine that died meanwhile, and how many of them were on another one within the bound. */
  readonly failovers: number;
  readonly failedOver: number;
  /** From the end until the beat of every living agent had landed. */
  readonly backMs: number;
}

const FAILOVER_MS = 10_000;
const WITHIN_MS = 30_000;
const LOOK_MS = 200;
const SAY_MS = 30_000;

/** Everybody plays; parts of the control plane go away for `forMs` of real time; a machine dies in the middle. */
export async function runAway(options: {
  readonly seed: number;
  readonly away: readonly Away[];
  readonly forMs: number;
  readonly servers: number;
  readonly clients: number;
  readonly say: (line: string) => void;
}): Promise<AwayReport> {
  const { seed, away, forMs, servers, clients, say } = options;
  const capacity = Math.max(20, Math.ceil((4 * clients) / servers));
  const system = await startSystem({ servers, gateways: 2, capacity, rng: seededRng(seed) });
  const books = new Books();
  const counter = countSessions(system, books);
  let crowd: ChaosCrowd | undefined;
  let dead: string | undefined;
  try {
    await untilReady(system);
    crowd = startChaosCrowd(clients, { system, books, rng: seededRng(seed + 2), isWell: (at) => at !== dead });
    crowd.settle();
    await until(() => crowd!.clients.every(({ playsAt }) => playsAt !== undefined), 'everybody plays');
    takeAway(system, away, true);
    say(`${away.join(', ')} away, ${clients} play`);
    await goOn(forMs / 2, () => say(`${playing(crowd!)} play`));
    const victim = system.machines[seed % servers]!;
    const there = crowd.clients.filter(({ playsAt }) => playsAt === victim.address);
    dead = victim.address;
    victim.agent.kill();
    victim.game.kill();
    await pause(FAILOVER_MS);
    const failedOver = there.filter(({ playsAt }) => playsAt !== undefined && playsAt !== victim.address).length;
    say(`machine ${victim.index} died: ${failedOver} of ${there.length} clients are on another`);
    await goOn(forMs / 2 - FAILOVER_MS, () => say(`${playing(crowd!)} play`));
    const before = await beats(system);
    takeAway(system, away, false);
    const startMs = books.nowMs;
    await until(async () => {
      const now = await beats(system);
      return [...before].every(([id, beat]) => id === `srv-${victim.index}.0` || (now.get(id) ?? 0) > beat);
    }, 'every agent is back');
    const backMs = books.nowMs - startMs;
    await until(() => playing(crowd!) === clients, 'everybody plays again').catch((error) =>
      books.hold('homeless', false, () => String(error)),
    );
    return { books, failovers: there.length, failedOver, backMs };
  } finally {
    await crowd?.stop();
    counter.stop();
    await system.stop();
  }
}

const playing = ({ clients }: ChaosCrowd): number => clients.filter(({ playsAt }) => playsAt !== undefined).length;

async function beats(system: ChaosSystem): Promise<ReadonlyMap<string, number>> {
  return new Map((await system.store.list()).map(({ placement, seats }) => [placement?.id ?? '', seats?.beat ?? 0]));
}

function takeAway(system: ChaosSystem, away: readonly Away[], isAway: boolean): void {
  if (away.includes('registry')) {
    for (const { registry } of system.parts()) if (registry) registry.weather = { ...registry.weather, isCut: isAway };
  }
  const parts = [
    ...(away.includes('functions') ? [system.functions] : []),
    ...(away.includes('door') ? system.gateways.map(({ part }) => part) : []),
  ];
  for (const part of parts) {
    if (isAway) part.kill();
    else part.start();
  }
}

async function goOn(ms: number, say: () => void): Promise<void> {
  for (let left = ms; left > 0; left -= SAY_MS) {
    await pause(Math.min(left, SAY_MS));
    say();
  }
}

async function until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const endMs = performance.now() + WITHIN_MS;
  while (!(await isSo())) {
    if (performance.now() > endMs) throw new Error(`still not so after ${WITHIN_MS} ms: ${what}`);
    await pause(LOOK_MS);
  }
}
