import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Match, type Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseDeployConfig } from '../../core/config/parse-deploy-config.ts';
import { METRICS, type MetricName, metricInfo } from '../../core/metrics/catalogue.ts';
import { OnedoorStack } from '../../lib/onedoor-stack.ts';
import { anApp, bundles, deploymentTemplate, messageOf, rendered, resourcesOf } from './support/synth.ts';

describe('the observability of a deployment', () => {
  let template: Template;
  beforeAll(() => {
    template = deploymentTemplate({ alarmEmail: 'ops@example.com' });
  });

  it.each<[string, object]>([
    ['AssignFails', { MetricName: 'Errors', Threshold: 1, EvaluationPeriods: 5 }],
    ['AssignThrottled', { MetricName: 'Throttles', Threshold: 1, EvaluationPeriods: 5 }],
    [
      'DoorsGone',
      {
        MetricName: 'HealthyHostCount',
        Threshold: 1,
        ComparisonOperator: 'LessThanThreshold',
        TreatMissingData: 'breaching',
      },
    ],
    ['RosterLate', { MetricName: 'IteratorAge', Threshold: 30_000, EvaluationPeriods: 3, Statistic: 'Maximum' }],
    ['RosterFails', { MetricName: 'Errors' }],
    ['RegistrarFails', { MetricName: 'Errors' }],
    ['ReaperFails', { MetricName: 'Errors' }],
    ['ProbersDegraded', { Namespace: 'Onedoor', MetricName: 'degradedProbers', EvaluationPeriods: 1 }],
    ['EventsLost', { MetricName: 'ApproximateNumberOfMessagesVisible', EvaluationPeriods: 1 }],
    ['RotationFails', { MetricName: 'ApproximateNumberOfMessagesVisible', EvaluationPeriods: 1 }],
    [
      'FleetsampleGone',
      {
        Namespace: 'Onedoor',
        MetricName: 'readyServers',
        ComparisonOperator: 'LessThanThreshold',
        TreatMissingData: 'breaching',
        Dimensions: Match.arrayWith([
          { Name: 'app', Value: 'world' },
          { Name: 'deployment', Value: 'onedoor' },
        ]),
      },
    ],
    ['FleetsampleStale', { Namespace: 'Onedoor', MetricName: 'staleServers', Threshold: 1, EvaluationPeriods: 10 }],
    ['FleetsampleFull', { Namespace: 'Onedoor', MetricName: 'usePct', Threshold: 98, EvaluationPeriods: 10 }],
  ])('raises %s', (name, properties) => {
    const alarms = resourcesOf(template, 'AWS::CloudWatch::Alarm');
    const [id] = Object.keys(alarms).filter((key) => key.startsWith(`Observability${name}`));
    expect(id).toBeDefined();
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      ...properties,
      AlarmDescription: alarms[id!]!.Properties.AlarmDescription,
    });
  });

  it('tells the address of every alarm, and when it is over', () => {
    const alarms = Object.values(resourcesOf(template, 'AWS::CloudWatch::Alarm'));
    expect(alarms).toHaveLength(13);
    for (const { Properties } of alarms) {
      expect(Properties.AlarmActions).toEqual(Properties.OKActions);
      expect(rendered(Properties.AlarmActions[0])).toMatch(/^\$\{ObservabilityAlarms\w+\}$/);
      expect(Properties.AlarmDescription).toMatch(/\. (See|Raise|Keys|The next|No )|datagrams/);
    }
    template.hasResourceProperties('AWS::SNS::Subscription', { Protocol: 'email', Endpoint: 'ops@example.com' });
  });

  it('has a page for every alarm, named in it, and an alarm for every page', () => {
    const folder = join(import.meta.dirname, '../../docs/runbooks');
    const alarms = resourcesOf(template, 'AWS::CloudWatch::Alarm');
    const named = Object.entries(alarms).map(([id, { Properties }]) => {
      const [, page = ''] = /What to do: docs\/runbooks\/(\w+)\.md$/.exec(Properties.AlarmDescription) ?? [];
      expect(id.replace('Fleetsample', 'Fleet')).toContain(`Observability${page}`);
      return page;
    });
    expect(named.sort()).toEqual(
      readdirSync(folder)
        .map((file) => file.replace('.md', ''))
        .sort(),
    );
    for (const page of named) {
      const text = readFileSync(join(folder, `${page}.md`), 'utf8');
      expect(text).toMatch(new RegExp(`^# ${page}\n\n\\*\\*Fires when\\*\\* `));
      const heads = [...text.matchAll(/^## (.+)$/gm)].map(([, head]) => head);
      expect(heads).toEqual(['What it means', 'How to see it', 'What to do', 'When to wake somebody']);
    }
  });

  it('shows no metric of ours that the catalogue does not have', () => {
    const [dashboard] = Object.values(resourcesOf(template, 'AWS::CloudWatch::Dashboard'));
    const body = rendered(dashboard!.Properties.DashboardBody);
    const shown = [
      ...[...body.matchAll(/MetricName=\\?"(\w+)/g)].map(([, name]) => name),
      ...[...body.matchAll(/"Onedoor","(\w+)"/g)].map(([, name]) => name),
    ];
    const known = (Object.keys(METRICS) as MetricName[]).map((name) => metricInfo(name).cloudWatch?.name);
    expect(shown.length).toBeGreaterThan(15);
    for (const name of shown) expect(known).toContain(name);
  });

  it('needs no metric math, which emulators lack', () => {
    template.allResourcesProperties('AWS::CloudWatch::Alarm', { Metrics: Match.absent() });
  });

  it('shows door, pools and registry on one dashboard', () => {
    const [dashboard] = Object.values(resourcesOf(template, 'AWS::CloudWatch::Dashboard'));
    const body = rendered(dashboard!.Properties.DashboardBody);
    for (const title of [
      'HTTP assignments',
      'Doors that are well',
      'world / main / main: seats taken',
      'Dead letters',
      'Refusals by code',
      'Drops by reason',
      'Tickets that failed',
      'Silence until a server was suspected',
      'takes and conflicts',
      'world / main / main: time to full',
      'that are silent',
    ]) {
      expect(body).toContain(title);
    }
  });
});

describe('without an address', () => {
  it('alarms go to a topic that nobody has subscribed to yet', () => {
    deploymentTemplate().resourceCountIs('AWS::SNS::Subscription', 0);
  });
});

describe('validateEmail', () => {
  it('refuses what is no address', () => {
    const config = { ...parseDeployConfig({}), alarmEmail: 'nobody' };
    expect(messageOf(() => new OnedoorStack(anApp(), 'onedoor', { config, bundles }))).toBe(
      '`alarmEmail` must be an address, got: nobody.',
    );
  });
});
