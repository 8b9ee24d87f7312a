import { AwsSolutionsChecks } from 'cdk-nag';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseDeployConfig } from '../../core/config/parse-deploy-config.ts';
import { OnedoorStack } from '../../lib/onedoor-stack.ts';
import { anApp, bundles } from './support/synth.ts';

interface Acknowledgement {
  readonly rule: RegExp;
  /** Paths of the constructs, without the stack's name. */
  readonly where: RegExp;
  readonly because: string;
}

/** What the AWS Solutions rules find and why it stays so. A finding that is not here fails, and so does an entry that finds nothing. */
const ACKNOWLEDGED: readonly Acknowledgement[] = [
  {
    rule: /-EC23$/,
    where: /^(Endpoint|Fleet-\w+)\/SecurityGroup\//,
    because: 'the one address and the game servers are there for everybody; gateways and the inner balancer are not',
  },
  {
    rule: /-IAM5\[Resource::\*\]$/,
    where: /^(Writers\/R\w+Role|Reaper\/ResourceRole)\//,
    because: 'DescribeInstances, DescribeAutoScalingGroups and ListStreams know no resources',
  },
  {
    rule: /-IAM5\[Resource::\*\]$/,
    where: /^Door\/Role\//,
    because: 'the actions of a session of Systems Manager know no resources',
  },
  {
    rule: /-IAM5\[Resource::arn:.*:autoScalingGroup:\*:autoScalingGroupName\//,
    where: /^Reaper\/ResourceRole\//,
    because: 'the star stands for the id that AWS gives the group; its name is there',
  },
  {
    rule: /-SMG4$/,
    where: /^TicketKeys\/Resource\//,
    because: 'our own function rotates: the rotation of Secrets Manager knows no key that is published before it signs',
  },
  {
    rule: /-ELB2$/,
    where: /^Endpoint\//,
    because: 'access logs need a bucket in a region known at synthesis; the function logs each request',
  },
  {
    rule: /-AS3$/,
    where: /^(Door|Fleet-\w+)\/Group\//,
    because: 'alarms watch what the groups are for (ready servers, healthy gateways), not each start and stop',
  },
  {
    rule: /-EC26$/,
    where: /^Fleet-spot\/Group\//,
    because: 'the rule does not follow a mixed instances policy to its launch template, whose disk is encrypted',
  },
  {
    rule: /-VPC7$/,
    where: /^Network\//,
    because: 'flow logs of all game traffic would cost more than the door; who wants them adds them to the VPC',
  },
];

type Findings = { rule: string; where: string }[];

/** What the rules find in a deployment with fleets of every purchase. */
function findingsOf(more: object = {}): Findings {
  const app = anApp();
  const found: Findings = [];
  const config = parseDeployConfig({
    ...more,
    fleets: [
      { name: 'plain', app: 'arena', capacity: 8 },
      {
        name: 'spot',
        app: 'arena',
        group: 'b',
        capacity: 8,
        purchase: 'spot',
        instanceTypes: ['c7g.large', 'c6g.large'],
      },
    ],
  });
  const stack = new OnedoorStack(app, 'onedoor', { config, bundles });
  for (const { ruleName, violatingResources } of new AwsSolutionsChecks(app).validateScope(stack).violations) {
    for (const { constructPath } of violatingResources) {
      found.push({ rule: ruleName, where: String(constructPath).replace(/^onedoor\//, '') });
    }
  }
  return found;
}

describe('the AWS Solutions rules', () => {
  let found: Findings = [];
  beforeAll(() => {
    found = findingsOf();
  });

  it.each(['gateways', 'servers'])('find nothing that is not acknowledged where %s are the door', (door) => {
    const all = door === 'gateways' ? found : findingsOf({ door });
    const open = all.filter(
      (finding) => !ACKNOWLEDGED.some(({ rule, where }) => rule.test(finding.rule) && where.test(finding.where)),
    );
    expect(open).toEqual([]);
  });

  it('find everything that is acknowledged, each with its reason', () => {
    const idle = ACKNOWLEDGED.filter(
      ({ rule, where }) => !found.some((finding) => rule.test(finding.rule) && where.test(finding.where)),
    );
    expect(idle).toEqual([]);
  });
});
