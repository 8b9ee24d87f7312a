import type { DoorFacts, Point } from '../wire.ts';

type Times = NonNullable<DoorFacts['answerTimes']>;
type Rates = Pick<Point, 'answers' | 'p50' | 'p95' | 'p99' | 'lost'>;

/** Counters of answers that gave a server. */
const GAVE = ['classic', 'assigned'] as const;
const LOST_PREFIXES = ['dropped.', 'refused.'] as const;
const US_PER_MS = 1_000;

const UNKNOWN: Rates = { answers: null, p50: null, p95: null, p99: null, lost: {} };

/** What a door did between two readings of its health. Counters that fell are those of a door that was started anew. */
export function ratesBetween(before: DoorFacts | undefined, now: DoorFacts | undefined, elapsedMs: number): Rates {
  if (!before?.counters || !now?.counters || elapsedMs <= 0) return UNKNOWN;
  const seconds = elapsedMs / 1_000;
  const was = before.counters;
  const is = now.counters;
  const rate = (name: string): number => Math.max(0, (is[name] ?? 0) - (was[name] ?? 0)) / seconds;
  const lost: Record<string, number> = {};
  for (const name of Object.keys(is)) {
    if (!LOST_PREFIXES.some((prefix) => name.startsWith(prefix))) continue;
    const perSecond = rate(name);
    if (perSecond > 0) lost[name] = round(perSecond);
  }
  const times = timesBetween(before.answerTimes ?? [], now.answerTimes ?? []);
  return {
    answers: round(GAVE.reduce((sum, name) => sum + rate(name), 0)),
    p50: percentile(times, 0.5),
    p95: percentile(times, 0.95),
    p99: percentile(times, 0.99),
    lost,
  };
}

function timesBetween(before: Times, now: Times): [number, number][] {
  const was = new Map(before);
  return now.flatMap(([upToUs, count]): [number, number][] => {
    const more = count - (was.get(upToUs) ?? 0);
    return more > 0 ? [[upToUs, more]] : [];
  });
}

/** The upper bound of the bucket in which the part lies, in ms. */
function percentile(times: readonly (readonly [number, number])[], part: number): number | null {
  const total = times.reduce((sum, [, count]) => sum + count, 0);
  let left = total * part;
  for (const [upToUs, count] of times) {
    left -= count;
    if (left <= 0) return upToUs / US_PER_MS;
  }
  return null;
}

function round(perSecond: number): number {
  return Math.round(perSecond * 10) / 10;
}
