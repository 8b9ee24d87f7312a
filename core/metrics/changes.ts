import { metricInfo, type Sample } from './catalogue.ts';
import type { Emitter } from './metric-info.ts';
import { together } from './together.ts';

/** Values that go to CloudWatch under the same labels. */
export interface MetricGroup {
  readonly labels: Readonly<Record<string, string>>;
  /** By the name in CloudWatch; several values of one metric as a list. */
  readonly values: Readonly<Record<string, number | readonly number[]>>;
}

/** Most values of one metric that one line of CloudWatch may have (Embedded Metric Format, "Target members"). */
const MOST_VALUES = 100;

/**
 * What changed since the last call, for CloudWatch, which adds up what all machines tell: of a counter what came on top
 * (nothing, if that is nothing: a metric without a value costs nothing), of a gauge what it is.
 */
export function createChanges(emitter: Emitter): (samples: readonly Sample[]) => readonly MetricGroup[] {
  let before: ReadonlyMap<string, number> = new Map();
  return (samples) => {
    const groups = new Map<string, { labels: MetricGroup['labels']; values: Record<string, number> }>();
    const now = new Map<string, number>();
    for (const { name, labels = {}, value } of together(samples)) {
      const { kind, cloudWatch } = metricInfo(name);
      if (!cloudWatch?.from.includes(emitter)) continue;
      const group = JSON.stringify(labels);
      const key = `${name}${group}`;
      now.set(key, value);
      const was = before.get(key) ?? 0;
      // A counter that fell is that of a process that was started anew.
      const told = kind !== 'counter' ? value : value < was ? value : value - was;
      if (kind === 'counter' && told === 0) continue;
      const { values } = groups.get(group) ?? put(groups, group, { labels, values: {} });
      values[cloudWatch.name] = told;
    }
    before = now;
    return [...groups.values()];
  };
}

function put<K, V>(map: Map<K, V>, key: K, value: V): V {
  map.set(key, value);
  return value;
}

/** The times of a histogram that came on top, each by the upper bound of its bucket in s, at most `MOST_VALUES`. */
export function createNewTimes(): (buckets: readonly (readonly [number, number])[]) => readonly number[] {
  let before: ReadonlyMap<number, number> = new Map();
  return (buckets) => {
    const times = buckets.flatMap(([upToUs, count]) =>
      Array.from({ length: Math.min(MOST_VALUES, count - (before.get(upToUs) ?? 0)) }, () => upToUs / 1_000_000),
    );
    before = new Map(buckets);
    return times.slice(0, MOST_VALUES);
  };
}
