import { seededRng } from '../support/seeded-rng.ts';
import { anAttackedDoor, UNVERIFIED_PER_SECOND } from './door.ts';

export interface SpoofedFlood {
  readonly sources: number;
  readonly seconds: number;
  readonly rssGrowthMb: number;
  readonly writesInFirstSecond: number;
  readonly writesLater: number;
  /** Of the seats that were free before the flood, how many real clients got, in percent. */
  readonly realSeatsPct: number;
  /** Of CPU time, which other programs on the machine do not change. */
  readonly p99BeforeUs: number;
  readonly p99DuringUs: number;
  readonly worstReplyRatio: number;
}

const MB = 1_048_576;
/** Real clients in the flood: enough for a p99, few enough that what is kept for them is not much. */
const REAL_CLIENTS = 1_000;
const LEAST_BETWEEN = 20;
/** A little less than a beat. */
const PASS_MS = 3_000;
/** Forged ones before anything is measured: their code is compiled by then. */
const WARM_SOURCES = 20_000;
const CALM_CLIENTS = 1_000;

/**
 * Forged sources ask a gateway for seats as fast as it answers, each once; real clients echo their cookie among them. Then real
 * clients take all seats that are left.
 */
export async function floodSpoofed(options: {
  readonly sources: number;
  readonly seed: number;
}): Promise<SpoofedFlood> {
  const { sources, seed } = options;
  // Enough for the clients in the flood, and at the end all are counted.
  const between = Math.max(LEAST_BETWEEN, Math.ceil(sources / REAL_CLIENTS));
  const real = Math.ceil(sources / between);
  const attacked = await anAttackedDoor({ servers: 50, capacity: Math.ceil((real + CALM_CLIENTS) / 10), seed });
  const { door, ask, writes } = attacked;
  const rng = seededRng(seed + 2);
  let clients = 0;
  /** A client that shows the cookie it gets: CPU time of the answer to the request with the cookie in us, and whether it has a seat. */
  const realClient = async (): Promise<{ us: number; isSeated: boolean }> => {
    const number = ++clients;
    const at = [`100.64.${(number >> 8) & 255}.${number & 255}`, 40_000 + (number % 20_000)] as const;
    const client = Buffer.from(`real-${number}`);
    const first = await ask({ client }, ...at);
    const cookie = first?.cookie?.slice();
    const from = process.threadCpuUsage();
    const second = cookie ? await ask({ client, cookie }, ...at) : first;
    const { user, system } = process.threadCpuUsage(from);
    return { us: user + system, isSeated: second?.ticket !== undefined };
  };
  // Compiled, and past the seats that need no cookie, before anything is timed.
  for (let n = 0; n < CALM_CLIENTS; n++) await realClient();
  const before: number[] = [];
  for (let n = 0; n < CALM_CLIENTS; n++) before.push((await realClient()).us);
  for (let n = 0; n < Math.min(sources, WARM_SOURCES); n++) await ask({}, `9.9.${n >> 8}.${n & 255}`, 5_000);
  await new Promise((resolve) => setTimeout(resolve, 2_100));
  await attacked.passTime();
  const freeBefore = freeOf(door);
  const rssBefore = settledRss();
  let writesInFirstSecond = 0;
  let writesLater = 0;
  let seated = 0;
  const during: number[] = [];
  const startMs = performance.now();
  let passedMs = startMs;
  for (let n = 0; n < sources; n++) {
    const at = `${1 + ((n >> 16) % 222)}.${(n >> 8) & 255}.${n & 255}.${(n * 7) & 255}`;
    const was = writes();
    await ask({}, at, 1_024 + Math.floor(rng.float() * 60_000));
    const more = writes() - was;
    if (performance.now() - startMs < 1_000) writesInFirstSecond += more;
    else writesLater += more;
    if (performance.now() - passedMs > PASS_MS) {
      passedMs = performance.now();
      await attacked.passTime();
    }
    if (n % between !== between - 1) continue;
    const { us, isSeated } = await realClient();
    during.push(us);
    if (isSeated) seated++;
    // The sockets have their turn in a gateway too.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const seconds = (performance.now() - startMs) / 1_000;
  const rssGrowthMb = (settledRss() - rssBefore) / MB;
  await attacked.passTime();
  for (let misses = 0; misses < 20; ) {
    const { isSeated } = await realClient();
    if (isSeated) seated++;
    else misses++;
  }
  return {
    ...{ sources, seconds, rssGrowthMb, writesInFirstSecond, writesLater },
    realSeatsPct: (100 * seated) / freeBefore,
    p99BeforeUs: p99(before),
    p99DuringUs: p99(during),
    worstReplyRatio: attacked.worstRatio(),
  };
}

export { UNVERIFIED_PER_SECOND };

function freeOf(door: Awaited<ReturnType<typeof anAttackedDoor>>['door']): number {
  return door.view().free.reduce((sum, free) => sum + free, 0);
}

/** What is held, without what only waits to be collected, where the process may ask for that (`--expose-gc`). */
function settledRss(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage.rss();
}

function p99(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(0.99 * (sorted.length - 1))] ?? 0;
}
