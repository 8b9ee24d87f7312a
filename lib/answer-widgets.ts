import { Duration } from 'aws-cdk-lib';
import { GraphWidget, type IWidget, MathExpression } from 'aws-cdk-lib/aws-cloudwatch';

interface Figure {
  readonly title: string;
  /** Names in the namespace `Onedoor`, see docs/METRICS.md. */
  readonly metrics: readonly string[];
  readonly statistic: 'Sum' | 'Maximum' | 'p99';
  /** By what it is told apart, beside who tells it. */
  readonly by?: 'code' | 'reason' | 'verdict' | 'what';
}

const FIGURES: readonly Figure[] = [
  { title: 'Assignments, takes and conflicts', metrics: ['assignments', 'takes', 'conflicts'], statistic: 'Sum' },
  { title: 'Refusals by code', metrics: ['refusals'], statistic: 'Sum', by: 'code' },
  { title: 'Drops by reason', metrics: ['drops'], statistic: 'Sum', by: 'reason' },
  { title: 'Tickets that failed, by code', metrics: ['ticketFailures'], statistic: 'Sum', by: 'code' },
  { title: 'Silence until a server was suspected, s', metrics: ['detectionSeconds'], statistic: 'Maximum' },
  { title: 'Suspected and lifted', metrics: ['verdicts'], statistic: 'Sum', by: 'verdict' },
  { title: 'Answer time over HTTP, s, p99', metrics: ['answerSeconds'], statistic: 'p99' },
  { title: 'Roster age and queue age, s', metrics: ['rosterAgeSeconds', 'queueAgeSeconds'], statistic: 'Maximum' },
  { title: 'Calls of the registry that failed', metrics: ['registryFailures'], statistic: 'Sum', by: 'code' },
];

/** What gateways, agents and the assign function tell of their answers; found by search, since codes come as they occur. */
export function answerWidgets(deployment: string): readonly IWidget[] {
  return FIGURES.map(
    ({ title, metrics, statistic, by }) =>
      new GraphWidget({
        title,
        width: 8,
        height: 6,
        left: metrics.map((name) => {
          const dimensions = ['Onedoor', 'service', 'deployment', ...(by ? [by] : [])].join(',');
          const found = `{${dimensions}} MetricName="${name}" deployment="${deployment}"`;
          const expression = `SEARCH('${found}', '${statistic}', 60)`;
          return new MathExpression({ expression, usingMetrics: {}, label: '', period: Duration.minutes(1) });
        }),
      }),
  );
}
