import { READY, type RosterView, STATES } from '../registry/roster.ts';
import type { MetricName, Sample } from './catalogue.ts';
import { createTimeToFull, type TimeToFull } from './time-to-full.ts';

/** The pools as one roster shows them. */
export interface PoolWatch {
  /** Notes how many seats are free; call it about once a second. */
  look(): void;
  /** A sample of each figure of each pool, reckoned now. */
  samples(): readonly Sample[];
}

interface Figures {
  readonly labels: { readonly app: string; readonly world: string; readonly group: string };
  servers: number;
  ready: number;
  stale: number;
  suspects: number;
  sessions: number;
  capacity: number;
  free: number;
}

const LOOK_MS = 10_000;
const GONE = STATES.indexOf('gone');

export function createPoolWatch(view: () => RosterView, monoMs: () => number): PoolWatch {
  const trends = new Map<string, TimeToFull>();
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  return {
    look() {
      const nowMs = monoMs();
      if (nowMs - lookedAtMs < LOOK_MS) return;
      lookedAtMs = nowMs;
      const pools = poolsOf(view());
      for (const key of trends.keys()) if (!pools.has(key)) trends.delete(key);
      for (const [key, { free }] of pools) {
        const trend = trends.get(key) ?? createTimeToFull();
        trends.set(key, trend);
        trend.saw(free, nowMs);
      }
    },
    samples: () => [...poolsOf(view())].flatMap(([key, figures]) => samplesOf(figures, trends.get(key)?.seconds())),
  };
}

function poolsOf({ entries, state, suspect, listed, sessions, capacity, free }: RosterView): Map<string, Figures> {
  const pools = new Map<string, Figures>();
  for (const [index, { server }] of entries.entries()) {
    if (state[index] === GONE) continue;
    const { app, world, group } = server;
    const key = JSON.stringify([app, world, group]);
    let pool = pools.get(key);
    if (!pool) {
      const labels = { app, world, group };
      pool = { labels, servers: 0, ready: 0, stale: 0, suspects: 0, sessions: 0, capacity: 0, free: 0 };
      pools.set(key, pool);
    }
    pool.servers++;
    pool.sessions += sessions[index]!;
    pool.suspects += suspect[index]!;
    if (state[index] !== READY) continue;
    pool.ready++;
    pool.capacity += capacity[index]!;
    pool.free += Math.max(0, free[index]!);
    // Ready and not suspect, and yet not given out: only its beats can be the reason.
    if (suspect[index] === 0 && listed[index] === 0) pool.stale++;
  }
  return pools;
}

function samplesOf(pool: Figures, timeToFull: number | undefined): Sample[] {
  const { labels, capacity, free } = pool;
  const values: readonly (readonly [MetricName, number | undefined])[] = [
    ['onedoor_pool_servers', pool.servers],
    ['onedoor_pool_ready_servers', pool.ready],
    ['onedoor_pool_stale_servers', pool.stale],
    ['onedoor_pool_suspects', pool.suspects],
    ['onedoor_pool_sessions', pool.sessions],
    ['onedoor_pool_capacity', capacity],
    ['onedoor_pool_free_seats', free],
    ['onedoor_pool_use_percent', capacity === 0 ? undefined : Math.max(0, ((capacity - free) / capacity) * 100)],
    ['onedoor_pool_time_to_full_seconds', timeToFull],
  ];
  return values.flatMap(([name, value]) => (value === undefined ? [] : [{ name, labels, value }]));
}
