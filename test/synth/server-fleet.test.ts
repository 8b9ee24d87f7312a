import { Duration } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { InstanceType } from 'aws-cdk-lib/aws-ec2';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ServerFleetProps } from '../../lib/server-fleet-props.ts';
import { aFleet } from './support/a-fleet.ts';
import { aFile, rendered, resourcesOf, statementsOf } from './support/synth.ts';

function userData(template: Template): string {
  const [launchTemplate] = Object.values(resourcesOf(template, 'AWS::EC2::LaunchTemplate'));
  return rendered(launchTemplate!.Properties.LaunchTemplateData.UserData);
}

/** The agent's command line without its identity, which only the machine knows. */
function argumentsOf(script: string): string | undefined {
  return /^ONEDOOR_ARGUMENTS='(.*)'$/m.exec(script)?.[1];
}

function tagsOf(template: Template): Readonly<Record<string, unknown>> {
  const [group] = Object.values(resourcesOf(template, 'AWS::AutoScaling::AutoScalingGroup'));
  const tags = group!.Properties.Tags as { Key: string; Value: unknown; PropagateAtLaunch: boolean }[];
  return Object.fromEntries(
    tags
      .filter(({ Key, PropagateAtLaunch }) => PropagateAtLaunch && Key !== 'Name')
      .map(({ Key, Value }) => [Key, Value]),
  );
}

describe('a fleet with no more than it needs', () => {
  let template: Template;
  beforeAll(() => {
    template = Template.fromStack(aFleet());
  });

  it('is replaced by EC2’s checks alone, and never by a deployment', () => {
    template.hasResource('AWS::AutoScaling::AutoScalingGroup', {
      Properties: {
        MinSize: '1',
        MaxSize: '4',
        HealthCheckType: 'EC2',
        MaxInstanceLifetime: Match.absent(),
        MixedInstancesPolicy: Match.absent(),
      },
      UpdatePolicy: { AutoScalingScheduledAction: { IgnoreUnmodifiedGroupSizeProperties: true } },
      DependsOn: Match.arrayWith([Match.stringLikeRegexp('^FleetRoleDefaultPolicy')]),
    });
  });

  it('lets a machine drain before it goes', () => {
    template.hasResourceProperties('AWS::AutoScaling::LifecycleHook', {
      LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
      LifecycleHookName: 'onedoor-drain',
      HeartbeatTimeout: 3600,
      DefaultResult: 'CONTINUE',
    });
  });

  it('tells the registrar by tags what runs there', () => {
    expect(tagsOf(template)).toEqual({
      'onedoor:app': 'arena',
      'onedoor:world': 'main',
      'onedoor:group': 'main',
      'onedoor:capacity': '32',
      'onedoor:slots': '1',
      'onedoor:port:game': '7777',
      'onedoor:port:probe': '7000',
    });
  });

  it('grows and shrinks with the share of seats taken', () => {
    template.hasResourceProperties('AWS::AutoScaling::ScalingPolicy', {
      TargetTrackingConfiguration: {
        TargetValue: 70,
        CustomizedMetricSpecification: {
          Namespace: 'Onedoor',
          MetricName: 'usePct',
          Statistic: 'Average',
          Dimensions: Match.arrayWith([
            { Name: 'app', Value: 'arena' },
            { Name: 'deployment', Value: 'onedoor' },
          ]),
        },
      },
    });
  });

  it('starts machines with IMDSv2 over one hop, an encrypted disk and a public address', () => {
    template.hasResourceProperties('AWS::EC2::LaunchTemplate', {
      LaunchTemplateData: {
        InstanceType: 't4g.small',
        MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
        BlockDeviceMappings: [{ Ebs: Match.objectLike({ Encrypted: true, VolumeType: 'gp3', VolumeSize: 8 }) }],
        NetworkInterfaces: [Match.objectLike({ AssociatePublicIpAddress: true })],
      },
    });
  });

  it('gives a machine its own rows, the roster, the public keys and its two files: nothing else', () => {
    const statements = statementsOf(template);
    expect(statements.map(({ Sid, Action }) => [Sid, Action])).toEqual([
      ['FetchPrograms', 's3:GetObject'],
      ['WriteOwnRows', 'dynamodb:UpdateItem'],
      ['ReadOwnRows', 'dynamodb:GetItem'],
      ['ReadRosterAndKeys', 'dynamodb:GetItem'],
      ['ReadWantedVersion', 'dynamodb:GetItem'],
    ]);
    expect(statements[0]?.Resource).toHaveLength(2);
    template.hasResourceProperties('AWS::IAM::Role', { ManagedPolicyArns: Match.absent() });
  });

  it('opens the ports of its roles to everybody, UDP and TCP, and no other', () => {
    const [group] = Object.values(resourcesOf(template, 'AWS::EC2::SecurityGroup'));
    const open = (group!.Properties.SecurityGroupIngress as Record<string, unknown>[]).map((rule) => [
      rule['IpProtocol'],
      rule['FromPort'],
      rule['ToPort'],
      rule['CidrIp'],
    ]);
    expect(open).toEqual([
      ['udp', 7777, 7777, '0.0.0.0/0'],
      ['tcp', 7777, 7777, '0.0.0.0/0'],
      ['udp', 7000, 7000, '0.0.0.0/0'],
      ['tcp', 7000, 7000, '0.0.0.0/0'],
    ]);
  });

  it('starts the agent and no game', () => {
    const script = userData(template);
    expect(script).toContain("PROGRAM='agent'");
    expect(script).toMatch(/ONEDOOR_TABLE='\$\{Registry\w+\}'/);
    expect(script).toMatch(/^ROLE_ID='\$\{FleetRole\w+\.RoleId\}'$/m);
    expect(argumentsOf(script)).toMatch(
      /^--game 127\.0\.0\.1:7777 --capacity 32 --load "api" --probe-port 7000 --api-port/,
    );
    expect(script).not.toContain('/etc/systemd/system/onedoor-game@.service');
    expect(script).not.toContain('cfn-signal');
    expect(script).not.toContain('ONEDOOR_KEY_SECRET');
  });
});

describe('a fleet with everything given', () => {
  const maximal = (): Partial<ServerFleetProps> => ({
    world: 'north',
    serverGroup: 'eu',
    labels: { mode: 'duel' },
    instanceTypes: [new InstanceType('c7i.large'), new InstanceType('c6i.large')],
    spot: true,
    minCapacity: 2,
    maxCapacity: 20,
    slots: 4,
    ports: { game: 27960, probe: 7000, lobby: 8000 },
    load: 'gamedig:quake3',
    gameFile: aFile('game.tar.gz', 'archive'),
    gameCommand: './server --port "$PORT"',
    imageId: 'ami-0123456789abcdef0',
    diskGib: 40,
    drainTime: Duration.hours(2),
    deployment: 'studio',
    targetUsePercent: 50,
    settings: '{"a":1}',
  });
  let template: Template;
  beforeAll(() => {
    template = Template.fromStack(aFleet(maximal()));
  });

  it('chooses among types on spot, and starts the next machine on AWS’s advice', () => {
    template.hasResourceProperties('AWS::AutoScaling::AutoScalingGroup', {
      MinSize: '2',
      MaxSize: '20',
      CapacityRebalance: true,
      MixedInstancesPolicy: {
        InstancesDistribution: {
          OnDemandPercentageAboveBaseCapacity: 0,
          SpotAllocationStrategy: 'price-capacity-optimized',
        },
        LaunchTemplate: { Overrides: [{ InstanceType: 'c7i.large' }, { InstanceType: 'c6i.large' }] },
      },
    });
  });

  it('tells the registrar all of it', () => {
    expect(tagsOf(template)).toEqual({
      'onedoor:app': 'arena',
      'onedoor:world': 'north',
      'onedoor:group': 'eu',
      'onedoor:capacity': '32',
      'onedoor:slots': '4',
      'onedoor:port:game': '27960',
      'onedoor:port:probe': '7000',
      'onedoor:port:lobby': '8000',
      'onedoor:label:mode': 'duel',
    });
  });

  it('keeps its own share of seats free', () => {
    template.hasResourceProperties('AWS::AutoScaling::ScalingPolicy', {
      TargetTrackingConfiguration: {
        TargetValue: 50,
        CustomizedMetricSpecification: Match.objectLike({
          Dimensions: Match.arrayWith([
            { Name: 'deployment', Value: 'studio' },
            { Name: 'group', Value: 'eu' },
          ]),
        }),
      },
    });
  });

  it('does not scale when it has one size', () => {
    Template.fromStack(aFleet({ minCapacity: 2, maxCapacity: 2 })).resourceCountIs(
      'AWS::AutoScaling::ScalingPolicy',
      0,
    );
  });

  it('opens the range of every role', () => {
    template.hasResourceProperties('AWS::EC2::SecurityGroup', {
      SecurityGroupIngress: Match.arrayWith([
        Match.objectLike({ IpProtocol: 'udp', FromPort: 27960, ToPort: 27963 }),
        Match.objectLike({ IpProtocol: 'tcp', FromPort: 8000, ToPort: 8003 }),
      ]),
    });
  });

  it('starts from its image with its disk, drains for its time', () => {
    template.hasResourceProperties('AWS::EC2::LaunchTemplate', {
      LaunchTemplateData: {
        ImageId: 'ami-0123456789abcdef0',
        InstanceType: 'c7i.large',
        BlockDeviceMappings: [{ Ebs: Match.objectLike({ VolumeSize: 40 }) }],
      },
    });
    template.hasResourceProperties('AWS::AutoScaling::LifecycleHook', { HeartbeatTimeout: 7200 });
  });

  it('installs the game and starts one process and one load query for each slot', () => {
    const script = userData(template);
    expect(script).toContain("SLOTS='4'");
    expect(script).toContain("GAME_FILE='game.tar.gz'");
    expect(script).toContain('export PORT=$((27960 + SLOT))');
    expect(script).toContain('./server --port "$PORT"');
    expect(script).toContain(`ONEDOOR_CONFIG='{"a":1}'`);
    expect(argumentsOf(script)).toBe(
      [
        ...[0, 1, 2, 3].map((slot) => `--game 127.0.0.1:${27_960 + slot}`),
        '--capacity 32 --load "gamedig:quake3" --probe-port 7000 --lobby-port 8000 --api-port 7100',
        '--api-token-file /etc/onedoor/api-token --journal /run/onedoor --drain-deadline 7200 --json',
      ].join(' '),
    );
    const fetching = statementsOf(template).find(({ Sid }) => Sid === 'FetchPrograms');
    expect(fetching?.Resource).toHaveLength(3);
  });

  it('may choose among types on demand', () => {
    const onDemand = Template.fromStack(aFleet({ ...maximal(), spot: false }));
    onDemand.hasResourceProperties('AWS::AutoScaling::AutoScalingGroup', {
      CapacityRebalance: false,
      MixedInstancesPolicy: {
        InstancesDistribution: { OnDemandPercentageAboveBaseCapacity: 100, OnDemandAllocationStrategy: 'prioritized' },
      },
    });
  });
});
