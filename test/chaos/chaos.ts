import { setTimeout as pause } from 'node:timers/promises';
import { reserveOf } from '../../core/registry/failover.ts';
import { seededRng } from '../support/seeded-rng.ts';
import { Books } from './books.ts';
import { type ChaosCrowd, startChaosCrowd } from './crowd.ts';
import { createFaults, type Fault } from './faults.ts';
import { countSessions, type SessionCounter } from './session-counter.ts';
import { type ChaosSystem, startSystem } from './system.ts';
import { Trouble } from './trouble.ts';

export interface ChaosOptions {
  readonly seed: number;
  readonly forMs: number;
  readonly servers?: number;
  readonly gateways?: number;
  readonly clients?: number;
  readonly capacity?: number;
  /** At once, at most. */
  readonly faults?: number;
  /** A line now and then. */
  readonly say: (line: string) => void;
  /** A fault to see that it is found: a game dies without anybody being told that this is a fault. */
  readonly plant?: 'kill-unseen';
  /** Everybody stays where he is, and comes back if he must. */
  readonly stays?: boolean;
  readonly signal?: AbortSignal;
  /** Called every second; for who watches the processes. */
  readonly onSecond?: (system: ChaosSystem) => void;
}

export interface ChaosReport {
  readonly books: Books;
  readonly faults: ReadonlyMap<string, number>;
  readonly settledMs: number;
  readonly stalls: number;
}

const READY_MS = 60_000;
/** Without any fault a client is on a server within this. */
const BOUND_MS = 15_000;
const SETTLE_MS = 60_000;
const EVERY_MS = [400, 2_000] as const;
const LOOK_MS = 250;
const SAY_MS = 5_000;

/** Runs the local system with everything going wrong by a seeded schedule, then lets it settle, and counts. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { seed, servers = 4, gateways = 2, clients = 24, capacity = 16, faults: most = 3, say } = options;
  const rng = seededRng(seed);
  const system = await startSystem({ servers, gateways, capacity, rng: seededRng(seed + 1) });
  const books = new Books();
  let crowd: ChaosCrowd | undefined;
  const counter = countSessions(system, books);
  try {
    await untilReady(system);
    const trouble = new Trouble(books);
    say(`ready: ${servers} servers of ${capacity} seats, ${gateways} gateways, ${clients} clients, seed ${seed}`);
    crowd = startChaosCrowd(clients, { system, books, rng: seededRng(seed + 2), isWell: (at) => trouble.isWell(at) });
    if (options.stays) crowd.settle();
    const counts = new Map<string, number>();
    await storms({ ...options, most, rng, system, books, trouble, crowd, counts });
    const settledMs = options.plant ? 0 : await settle({ system, books, crowd, counter, say });
    return { books, faults: counts, settledMs, stalls: trouble.stalls };
  } finally {
    await crowd?.stop();
    counter.stop();
    await system.stop();
  }
}

interface Running {
  readonly system: ChaosSystem;
  readonly books: Books;
  readonly crowd: ChaosCrowd;
}

async function storms(
  run: Running &
    ChaosOptions & {
      readonly most: number;
      readonly rng: ReturnType<typeof seededRng>;
      readonly trouble: Trouble;
      readonly counts: Map<string, number>;
    },
): Promise<void> {
  const { system, books, crowd, rng, trouble, counts, forMs, most, say, signal, plant } = run;
  const draw = createFaults(system, rng);
  const endMs = books.nowMs + forMs;
  let nextMs = books.nowMs + READY_GRACE_MS;
  let saidMs = books.nowMs;
  let secondMs = books.nowMs;
  const ends: { readonly fault: Fault; readonly atMs: number }[] = [];
  if (plant === 'kill-unseen') setTimeout(() => system.machines[0]!.game.kill(), forMs / 2).unref();
  while (books.nowMs < endMs && !signal?.aborted) {
    await pause(LOOK_MS / 5);
    trouble.tick();
    for (const { fault } of ends.filter(({ atMs }) => atMs <= books.nowMs)) {
      trouble.end(fault);
      ends.splice(
        ends.findIndex((each) => each.fault === fault),
        1,
      );
    }
    if (nextMs <= books.nowMs) {
      // Drawn in any case, so that the list does not depend on how quick this machine is.
      const fault = draw();
      const waitMs = EVERY_MS[0] + rng.float() * (EVERY_MS[1] - EVERY_MS[0]);
      nextMs = books.nowMs + waitMs;
      if (ends.length < most && !overlaps(fault, trouble)) {
        const kind = fault.name.replace(/\d+/g, 'N');
        counts.set(kind, (counts.get(kind) ?? 0) + 1);
        trouble.begin(fault);
        ends.push({ fault, atMs: books.nowMs + fault.lastsMs });
      }
    }
    for (const { name, wantsSinceMs = books.nowMs } of crowd.clients) {
      const waitedMs = Math.min(books.nowMs - wantsSinceMs, trouble.calmMs);
      books.hold(
        'homeless',
        waitedMs <= BOUND_MS,
        () => `${name} has no server ${waitedMs.toFixed(0)} ms after all faults`,
      );
    }
    if (books.nowMs - secondMs >= 1_000) {
      secondMs = books.nowMs;
      run.onSecond?.(system);
    }
    if (books.nowMs - saidMs < SAY_MS) continue;
    saidMs = books.nowMs;
    const inCount = crowd.clients.filter(({ playsAt }) => playsAt !== undefined).length;
    const now = [...trouble.running].map(({ name }) => name).join('; ') || 'calm';
    say(`${(books.nowMs / 1_000).toFixed(0)} s: ${inCount} play, ${books.opened} opened, ${books.lost} moved; ${now}`);
  }
  for (const { fault } of ends) trouble.end(fault);
}

const READY_GRACE_MS = 2_000;

/** What runs already on the same part would end this one too soon. */
function overlaps(fault: Fault, trouble: Trouble): boolean {
  const key = (name: string): string =>
    name.replace(/^\S+ /, '').replace(/^(double and delay|off by).*?clients/, 'clients');
  return [...trouble.running].some(({ name, hurts }) => {
    const sameServer = hurts.some((address) => fault.hurts.includes(address));
    return sameServer || key(name) === key(fault.name) || (isRegistry(name) && isRegistry(fault.name));
  });
}

const isRegistry = (name: string): boolean => name.includes('registry');

/** All faults are over: everybody plays, and nothing is missing. Gives how long that took. */
async function settle(run: Running & { readonly counter: SessionCounter; readonly say: ChaosOptions['say'] }) {
  const { books, crowd, say } = run;
  const startMs = books.nowMs;
  crowd.settle();
  let wrong: string[] = [];
  for (;;) {
    wrong = await looksWrong(run);
    if (wrong.length === 0 || books.nowMs - startMs > SETTLE_MS) break;
    await pause(LOOK_MS);
  }
  const took = books.nowMs - startMs;
  say(`settled after ${(took / 1_000).toFixed(1)} s`);
  const playing = crowd.clients.filter(({ playsAt }) => playsAt !== undefined).length;
  books.hold('homeless', playing === crowd.clients.length, () =>
    wrong.filter((text) => text.startsWith('client')).join('; '),
  );
  books.hold(
    'counters',
    books.opened === playing + books.ended + books.lost,
    () => `${books.opened} opened, ${playing} playing, ${books.ended} ended, ${books.lost} lost`,
  );
  books.hold('leak', wrong.length === 0, () => wrong.slice(0, 5).join('; '));
  return took;
}

async function looksWrong({
  system,
  crowd,
  counter,
}: Running & { readonly counter: SessionCounter }): Promise<string[]> {
  const rows = new Map((await system.store.list()).map((row) => [row.placement?.id, row.seats]));
  const wrong = crowd.clients.filter(({ playsAt }) => playsAt === undefined).map(({ name }) => `${name} does not play`);
  for (const machine of system.machines) {
    const here = counter.sessions.get(machine.index);
    const clients = crowd.clients.filter(({ playsAt }) => playsAt === machine.address).length;
    const seats = rows.get(`srv-${machine.index}.0`);
    if (here !== clients) wrong.push(`machine ${machine.index}: its game has ${here}, ${clients} clients think so`);
    if (!seats) wrong.push(`machine ${machine.index} has no row`);
    else if (seats.sessions !== here)
      wrong.push(`machine ${machine.index}: ${seats.sessions} in its row, its game has ${here}`);
    // Whoever came on the reserve stands in its place.
    else if (seats.free + seats.sessions < machine.capacity - reserveOf(machine.capacity, RESERVE_PERCENT)) {
      wrong.push(`machine ${machine.index}: ${seats.free} free and ${seats.sessions} sessions of ${machine.capacity}`);
    }
  }
  return wrong;
}

const RESERVE_PERCENT = 20;

export async function untilReady(system: ChaosSystem): Promise<void> {
  const endMs = performance.now() + READY_MS;
  for (;;) {
    const rows = await system.store.list();
    const open = rows.filter(({ placement, seats }) => placement && seats?.state === 'ready' && seats.free > 0).length;
    if (open === system.machines.length) return;
    if (performance.now() > endMs) throw new Error(`only ${open} servers are ready; logs were in ${system.logDir}`);
    const dead = system.parts().find((part) => !part.running());
    if (dead) throw new Error(`${dead.name} has ended; see ${dead.process().logPath}`);
    await pause(LOOK_MS);
  }
}
