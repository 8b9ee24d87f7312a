import { Duration, type Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { InstanceType } from 'aws-cdk-lib/aws-ec2';
import { beforeAll, describe, expect, it } from 'vitest';
import { ServerFleet } from '../../lib/server-fleet.ts';
import type { ServerFleetProps } from '../../lib/server-fleet-props.ts';
import { ServerRegistry } from '../../lib/server-registry.ts';
import { aFile, aStack, aVpc, bundles, messageOf, rendered, resourcesOf, statementsOf } from './support/synth.ts';

function aFleet(props: Partial<ServerFleetProps> = {}): Stack {
  const stack = aStack();
  new ServerFleet(stack, 'Fleet', {
    vpc: aVpc(stack),
    registry: new ServerRegistry(stack, 'Registry'),
    app: 'arena',
    capacity: 32,
    bundles,
    ...props,
  });
  return stack;
}

function userData(template: Template): string {
  const [launchTemplate] = Object.values(resourcesOf(template, 'AWS::EC2::LaunchTemplate'));
  return rendered(launchTemplate!.Properties.LaunchTemplateData.UserData);
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
    expect(script).not.toContain('SLOTS=');
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
    load: ['gamedig', '--gamedig-type', 'quake3'],
    gameArchive: aFile('game.tar.gz', 'archive'),
    gameCommand: './server --port "$PORT"',
    imageId: 'ami-0123456789abcdef0',
    diskGib: 40,
    drainTime: Duration.hours(2),
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
    expect(script).toMatch(
      /--game 127\.0\.0\.1:27960 .*--game 127\.0\.0\.1:27963 --capacity 32 --load gamedig --gamedig-type quake3/,
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

describe.each<[string, Partial<ServerFleetProps>, string]>([
  [
    'validateText',
    { app: 'arena#1' },
    '`app` must be 1 to 32 characters of letters, digits, space and + - = . _ : / @, got: arena#1.',
  ],
  [
    'validateLabels',
    { labels: { mode: '' } },
    '`labels` must be at most 8 names and values of 1 to 32 characters each, got: {"mode":""}.',
  ],
  ['validateOrder', { minCapacity: 3, maxCapacity: 2 }, '`maxCapacity` must be at least minCapacity (3), got: 2.'],
  [
    'validatePorts',
    { slots: 5, ports: { game: 7002, probe: 7000 } },
    '`ports` must be game, probe and others, each 5 ports from the next, up to 65535, got: {"game":7002,"probe":7000}.',
  ],
  [
    'validateTypes',
    { instanceTypes: [new InstanceType('t4g.small'), new InstanceType('t3.small')] },
    '`instanceTypes` must be one or more types of one architecture, got: t4g.small, t3.small.',
  ],
  [
    'validateTypes without a type',
    { instanceTypes: [] },
    '`instanceTypes` must be one or more types of one architecture, got: none.',
  ],
  ['validateGame', { gameArchive: 'game.tar.gz' }, '`gameCommand` must be given with gameArchive, got: nothing.'],
  ['validateDrain', { drainTime: Duration.seconds(10) }, '`drainTime` must be between 30 and 7200 s, got: 10 s.'],
])('%s', (_rule, props, message) => {
  it('says what is wrong', () => {
    expect(messageOf(() => aFleet(props))).toBe(message);
  });
});

describe('a fleet with several mistakes', () => {
  it('lists them all', () => {
    expect(messageOf(() => aFleet({ capacity: 0, slots: 0, diskGib: 1 })).split('\n')).toEqual([
      '`capacity` must be a whole number between 1 and 100000, got: 0.',
      '`slots` must be a whole number between 1 and 100, got: 0.',
      '`diskGib` must be a whole number between 2 and 16384, got: 1.',
    ]);
  });
});
