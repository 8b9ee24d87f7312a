/** Writes docs/METRICS.md from the catalogue of metrics: `npm run docs:metrics`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DOOR_METRICS } from '../core/metrics/door-metrics.ts';
import type { MetricInfo } from '../core/metrics/metric-info.ts';
import { POOL_METRICS } from '../core/metrics/pool-metrics.ts';
import { REQUEST_METRICS } from '../core/metrics/request-metrics.ts';
import { SERVER_METRICS } from '../core/metrics/server-metrics.ts';

const HEAD = `# Metrics

Everything that Onedoor counts and measures, by its name for Prometheus. A name is never changed and never gets another
meaning. This page is made from \`core/metrics/\`; \`npm run docs:metrics\` writes it anew.

**Prometheus** reads \`GET /metrics\` (text format 0.0.4) at the health port of a gateway (17080 in AWS, 8090 by default) and at
the loopback port of an agent's API (7100 for slot 0, slot n: 7100 + n; slot 0 has what belongs to the machine). No token is
needed; neither port is public: in AWS the load balancer alone reaches a gateway's health port, so a scraper in the same
network needs a rule in the gateways' security group, one on the machine needs nothing. Values are read when they are asked
for. A counter begins at zero with its process. Where a gateway has several processes, counters are those of all, the other
figures and the histograms those of the first.

**CloudWatch** has the metrics with a name in the column "CloudWatch", in the namespace \`Onedoor\`, with the labels as
dimensions beside \`service\` (gateway, agent, assign) and \`deployment\`; pools have no \`service\`. Gateways tell once a minute,
the assign function at most once in 10 s, the reaper once a minute. No machine is a dimension: CloudWatch adds up what all of
them tell, so the number of metrics does not grow with that of machines. Counters are told as what came on top, and not at
all while that is nothing; read them with the statistic Sum, the others with Maximum. Agents tell nothing unless
\`agentMetrics\` says so ([CONFIGURATION.md](CONFIGURATION.md)).
`;

const SECTIONS: readonly (readonly [string, Readonly<Record<string, MetricInfo>>])[] = [
  ['Requests', REQUEST_METRICS],
  ['Doors', DOOR_METRICS],
  ['Pools', POOL_METRICS],
  ['Servers', SERVER_METRICS],
];

const EXACT_LABELS = 8;

/** The whole page. */
export function metricsPage(): string {
  return [HEAD, ...SECTIONS.map(([title, metrics]) => section(title, metrics))].join('\n');
}

function section(title: string, metrics: Readonly<Record<string, MetricInfo>>): string {
  const rows = Object.entries(metrics).map(([name, info]) => row(name, info));
  const head =
    '| metric | kind | labels | at | CloudWatch | means | when it moves, look at |\n|---|---|---|---|---|---|---|\n';
  return `## ${title}\n\n${head}${rows.join('')}`;
}

function row(name: string, { kind, unit, labels = {}, at, cloudWatch, means, look }: MetricInfo): string {
  const told = cloudWatch ? `\`${cloudWatch.name}\` by ${cloudWatch.from.join(', ')}` : '';
  const kindText = unit === 'Count' ? kind : `${kind}, ${unit.toLowerCase()}`;
  const cells = [`\`${name}\``, kindText, labelsText(labels), at.join(', '), told, means, linked(look)];
  return `| ${cells.join(' | ')} |\n`;
}

function labelsText(labels: NonNullable<MetricInfo['labels']>): string {
  return Object.entries(labels)
    .map(([label, values]) => `\`${label}\`: ${typeof values === 'string' ? values : valuesText(label, values)}`)
    .join('; ');
}

function valuesText(label: string, values: readonly string[]): string {
  if (values.length <= EXACT_LABELS) return values.join(', ');
  return label === 'code'
    ? 'a code of [ERRORS.md](ERRORS.md)'
    : values.map((value) => value.replace('|', '\\|')).join(', ');
}

/** The catalogue names pages as they are called in the repository. */
function linked(text: string): string {
  return text.replaceAll(/docs\/((?:runbooks\/)?(\w+)\.md)/g, '[$2]($1)');
}

if (import.meta.main) writeFileSync(join(import.meta.dirname, '../docs/METRICS.md'), metricsPage());
