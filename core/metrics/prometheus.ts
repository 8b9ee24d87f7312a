import { type Histogram, type MetricName, metricInfo, type Sample } from './catalogue.ts';
import { together } from './together.ts';

const US = 1_000_000;
/** 10 µs to 21 s. */
const BOUNDS_US = Array.from({ length: 22 }, (_, octave) => 10 * 2 ** octave);

/**
 * Samples as text for Prometheus (Prometheus documentation, "Exposition formats", text format 0.0.4). Every metric has its
 * lines together; what a pool or a code is called is escaped as the format says.
 */
export function prometheusText(samples: readonly Sample[], histograms: readonly Histogram[] = []): string {
  const lines: string[] = [];
  for (const [name, group] of Map.groupBy(together(samples), (sample) => sample.name)) {
    lines.push(...head(name));
    for (const { labels, value } of group) lines.push(`${name}${labelText(labels)} ${value}`);
  }
  for (const { name, buckets } of histograms) lines.push(...head(name), ...histogramLines(name, buckets));
  return `${lines.join('\n')}\n`;
}

function head(name: MetricName): string[] {
  const { kind, means } = metricInfo(name);
  const help = means.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${kind}`];
}

/**
 * Bounds that never change, an octave apart and each the bound of a bucket, or a reader's rates would be wrong. The sum is
 * reckoned from upper bounds of buckets: at most a fifth too high.
 */
function histogramLines(name: MetricName, buckets: Histogram['buckets']): string[] {
  const upTo = (boundUs: number) => total(buckets.filter(([upToUs]) => upToUs <= boundUs));
  const count = total(buckets);
  const sumUs = buckets.reduce((sum, [upToUs, more]) => sum + upToUs * more, 0);
  return [
    ...BOUNDS_US.map((boundUs) => `${name}_bucket{le="${boundUs / US}"} ${upTo(boundUs)}`),
    `${name}_bucket{le="+Inf"} ${count}`,
    `${name}_sum ${sumUs / US}`,
    `${name}_count ${count}`,
  ];
}

function total(buckets: Histogram['buckets']): number {
  return buckets.reduce((sum, [, count]) => sum + count, 0);
}

function labelText(labels: Sample['labels']): string {
  if (!labels) return '';
  return `{${Object.entries(labels)
    .map(([label, value]) => `${label}="${escaped(value)}"`)
    .join(',')}}`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
