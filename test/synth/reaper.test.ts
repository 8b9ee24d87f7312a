import { Match, Template } from 'aws-cdk-lib/assertions';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { describe, expect, it } from 'vitest';
import { Reaper, type ReaperProps } from '../../lib/reaper.ts';
import { ServerFleet } from '../../lib/server-fleet.ts';
import { ServerRegistry } from '../../lib/server-registry.ts';
import { aStack, aVpc, bundles, rendered, resourcesOf, statementsOf } from './support/synth.ts';

function aReaper(fleetNames: readonly string[], props: Partial<ReaperProps> = {}): Template {
  const stack = aStack();
  const vpc = aVpc(stack);
  const registry = new ServerRegistry(stack, 'Registry');
  const fleets = fleetNames.map(
    (name) => new ServerFleet(stack, name, { vpc, registry, app: name, capacity: 8, bundles }),
  );
  new Reaper(stack, 'Reaper', { registry, bundles, fleets, ...props });
  return Template.fromStack(stack);
}

function rights(template: Template): readonly unknown[] {
  return statementsOf(template)
    .filter(({ roles, Sid }) => roles[0]?.startsWith('Reaper') && Sid !== undefined)
    .map(({ Sid, Action }) => [Sid, Action]);
}

const REGISTRY_RIGHTS = [
  ['ListServers', 'dynamodb:Query'],
  ['ReadServers', ['dynamodb:BatchGetItem', 'dynamodb:GetItem']],
  ['PlaceServers', 'dynamodb:UpdateItem'],
  ['BuryServers', 'dynamodb:UpdateItem'],
  ['ForgetServers', 'dynamodb:DeleteItem'],
  ['ReadProbers', 'dynamodb:GetItem'],
];

describe('the reaper', () => {
  it('comes every minute and knows the groups and their hook', () => {
    const template = aReaper(['One', 'Two']);
    const [rule] = Object.values(resourcesOf(template, 'AWS::Events::Rule'));
    expect(rule?.Properties.ScheduleExpression).toBe('rate(1 minute)');
    expect(rendered(rule?.Properties.Targets[0].Input)).toMatch(
      /^\{"groups":\["\$\{OneGroup\w+\}","\$\{TwoGroup\w+\}"\],"hook":"onedoor-drain"\}$/,
    );
  });

  it('may guard and release machines of these groups alone', () => {
    const template = aReaper(['One', 'Two']);
    expect(rights(template)).toEqual([
      ...REGISTRY_RIGHTS,
      ['AskEc2', ['autoscaling:DescribeAutoScalingGroups', 'ec2:DescribeInstances']],
      ['LetMachinesGo', ['autoscaling:CompleteLifecycleAction', 'autoscaling:SetInstanceProtection']],
    ]);
    const statement = statementsOf(template).find(({ Sid }) => Sid === 'LetMachinesGo');
    expect((statement!.Resource as unknown[]).map(rendered)).toEqual([
      expect.stringMatching(/:autoscaling:.*:autoScalingGroup:\*:autoScalingGroupName\/\$\{OneGroup\w+\}$/),
      expect.stringMatching(/:autoscaling:.*:autoScalingGroup:\*:autoScalingGroupName\/\$\{TwoGroup\w+\}$/),
    ]);
  });

  it('may do nothing to groups when there are none', () => {
    expect(rights(aReaper([]))).toEqual([...REGISTRY_RIGHTS, ['AskEc2', 'ec2:DescribeInstances']]);
  });

  it('takes settings and retention', () => {
    const template = aReaper([], { settings: '{"a":1}', logRetention: RetentionDays.ONE_DAY });
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: Match.objectLike({ ONEDOOR_CONFIG: '{"a":1}' }) },
    });
    template.hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 1 });
  });
});
