import type { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { InstanceType } from 'aws-cdk-lib/aws-ec2';
import { beforeAll, describe, expect, it } from 'vitest';
import { AssignmentEndpoint } from '../../lib/assignment-endpoint.ts';
import { Door, type DoorProps } from '../../lib/door.ts';
import { ServerRegistry } from '../../lib/server-registry.ts';
import { TicketKeys } from '../../lib/ticket-keys.ts';
import { aFile, aStack, aVpc, bundles, messageOf, rendered, resourcesOf, statementsOf } from './support/synth.ts';

function aDoor(props: Partial<DoorProps> = {}): Stack {
  const stack = aStack();
  const vpc = aVpc(stack);
  const registry = new ServerRegistry(stack, 'Registry');
  const keys = new TicketKeys(stack, 'Keys', { registry, bundles });
  const { loadBalancer, securityGroup } = new AssignmentEndpoint(stack, 'Endpoint', { vpc, registry, keys, bundles });
  const common = { vpc, registry, keys, loadBalancer, loadBalancerSecurityGroup: securityGroup, bundles };
  new Door(stack, 'Door', { ...common, ...props });
  return stack;
}

function userData(template: Template): string {
  const [launchTemplate] = Object.values(resourcesOf(template, 'AWS::EC2::LaunchTemplate'));
  return rendered(launchTemplate!.Properties.LaunchTemplateData.UserData);
}

const DOOR = { 'Fn::GetAtt': [Match.stringLikeRegexp('^DoorSecurityGroup'), 'GroupId'] };
const ADDRESS = { 'Fn::GetAtt': [Match.stringLikeRegexp('^EndpointSecurityGroup'), 'GroupId'] };

describe('the door with no more than it needs', () => {
  let template: Template;
  beforeAll(() => {
    template = Template.fromStack(aDoor());
  });

  it('takes UDP and TCP on one port of the one address', () => {
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::Listener', { Port: 7000, Protocol: 'TCP_UDP' });
    template.hasResourceProperties('AWS::EC2::SecurityGroup', {
      SecurityGroupIngress: Match.arrayWith([
        Match.objectLike({ CidrIp: '0.0.0.0/0', IpProtocol: 'udp', FromPort: 7000, ToPort: 7000 }),
        Match.objectLike({ CidrIp: '0.0.0.0/0', IpProtocol: 'tcp', FromPort: 7000, ToPort: 7000 }),
      ]),
    });
  });

  it('sends them to another port on the gateways, checked over HTTP, and ends the flows of one that leaves', () => {
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::TargetGroup', {
      Port: 17000,
      Protocol: 'TCP_UDP',
      TargetType: 'instance',
      HealthCheckProtocol: 'HTTP',
      HealthCheckPort: '17080',
      HealthCheckPath: '/healthz',
      HealthCheckIntervalSeconds: 5,
      TargetGroupAttributes: Match.arrayWith([
        { Key: 'deregistration_delay.timeout_seconds', Value: '5' },
        { Key: 'deregistration_delay.connection_termination.enabled', Value: 'true' },
      ]),
    });
  });

  it.each([
    ['udp', 17000],
    ['tcp', 17000],
    ['tcp', 17080],
  ])('lets the one address reach a gateway by %s on %i', (protocol, port) => {
    template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
      GroupId: DOOR,
      SourceSecurityGroupId: ADDRESS,
      IpProtocol: protocol,
      FromPort: port,
      ToPort: port,
    });
    template.hasResourceProperties('AWS::EC2::SecurityGroupEgress', {
      GroupId: ADDRESS,
      DestinationSecurityGroupId: DOOR,
      IpProtocol: protocol,
      FromPort: port,
      ToPort: port,
    });
  });

  it('lets nobody else reach a gateway', () => {
    const ingress = Object.values(resourcesOf(template, 'AWS::EC2::SecurityGroupIngress'));
    const toGateways = ingress.filter(({ Properties }) =>
      JSON.stringify(Properties.GroupId).includes('DoorSecurityGroup'),
    );
    expect(toGateways).toHaveLength(3);
  });

  it('replaces gateways that the load balancer finds ill, and on a change one after the other', () => {
    template.hasResource('AWS::AutoScaling::AutoScalingGroup', {
      Properties: { MinSize: '2', MaxSize: '4', HealthCheckType: 'ELB', TargetGroupARNs: [Match.anyValue()] },
      CreationPolicy: { ResourceSignal: { Count: 2, Timeout: 'PT5M' } },
      UpdatePolicy: {
        AutoScalingRollingUpdate: Match.objectLike({
          MaxBatchSize: 1,
          MinInstancesInService: 1,
          WaitOnResourceSignals: true,
          PauseTime: 'PT5M',
        }),
      },
      DependsOn: Match.arrayWith([Match.stringLikeRegexp('^DoorRoleDefaultPolicy')]),
    });
  });

  it('follows the CPU', () => {
    template.hasResourceProperties('AWS::AutoScaling::ScalingPolicy', {
      TargetTrackingConfiguration: Match.objectLike({ TargetValue: 50 }),
    });
  });

  it('starts gateways with IMDSv2 over one hop, an encrypted disk and a public address', () => {
    template.hasResourceProperties('AWS::EC2::LaunchTemplate', {
      LaunchTemplateData: {
        InstanceType: 't4g.small',
        MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
        BlockDeviceMappings: [{ Ebs: Match.objectLike({ Encrypted: true, VolumeType: 'gp3' }) }],
        NetworkInterfaces: [Match.objectLike({ AssociatePublicIpAddress: true })],
      },
    });
  });

  it('tells a gateway the table and the name of the key, and waits for its first answer', () => {
    const script = userData(template);
    expect(script).toMatch(/ONEDOOR_TABLE='\$\{Registry\w+\}'/);
    expect(script).toMatch(/ONEDOOR_KEY_SECRET='\$\{Keys\w+\.Id\}'/);
    expect(script).toContain(
      "ONEDOOR_ARGUMENTS='--port 17000 --health-port 17080 --stop-ms 5000 --page-port 17090 --page-token-file /run/onedoor/page-token'",
    );
    expect(script).toContain("HEALTH_URL='http://127.0.0.1:17080/healthz'");
    expect(script).toMatch(/cfn-signal --exit-code \$\? --stack "\$\{AWS::StackName\}" --resource "DoorGroup\w+"/);
  });

  it('keeps the page on loopback, and lets a session of Systems Manager come to it', () => {
    const sessions = statementsOf(template).filter(({ Sid }) => Sid === 'Sessions');
    expect(sessions.map(({ Action }) => Action)).toEqual([
      [
        'ssm:UpdateInstanceInformation',
        'ssmmessages:CreateControlChannel',
        'ssmmessages:CreateDataChannel',
        'ssmmessages:OpenControlChannel',
        'ssmmessages:OpenDataChannel',
      ],
    ]);
    const rules = Object.values(template.findResources('AWS::EC2::SecurityGroupIngress'));
    expect(rules.map(({ Properties }) => Properties.ToPort)).not.toContain(17_090);
    expect(() => aDoor({ pagePort: 17_080 })).toThrow(
      '`pagePort` must be none of the other ports (17000, 17080), got: 17080.',
    );
  });

  it('lets a gateway fetch its three files and no other object', () => {
    const fetching = statementsOf(template).filter(({ Sid }) => Sid === 'FetchPrograms');
    expect(fetching).toHaveLength(1);
    const files = (fetching[0]!.Resource as unknown[]).map(rendered);
    expect(files).toEqual([
      expect.stringMatching(/^arn:\$\{AWS::Partition\}:s3:::cdk-\w+-assets-.*\/[0-9a-f]{64}\.node$/),
      expect.stringMatching(/^arn:\$\{AWS::Partition\}:s3:::cdk-\w+-assets-.*\/[0-9a-f]{64}\.mjs$/),
      expect.stringMatching(/^arn:\$\{AWS::Partition\}:s3:::cdk-\w+-assets-.*\/[0-9a-f]{64}\.gz$/),
    ]);
  });
});

describe('the door with everything given', () => {
  it('uses ports, sizes, type and settings', () => {
    const template = Template.fromStack(
      aDoor({
        probePort: 9000,
        targetPort: 19000,
        healthPort: 19080,
        instanceType: new InstanceType('c7i.large'),
        minCapacity: 3,
        maxCapacity: 6,
        settings: '{"a":1}',
      }),
    );
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::Listener', { Port: 9000, Protocol: 'TCP_UDP' });
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::TargetGroup', {
      Port: 19000,
      HealthCheckPort: '19080',
    });
    template.hasResource('AWS::AutoScaling::AutoScalingGroup', {
      Properties: { MinSize: '3', MaxSize: '6' },
      UpdatePolicy: { AutoScalingRollingUpdate: Match.objectLike({ MinInstancesInService: 2 }) },
    });
    template.hasResourceProperties('AWS::EC2::LaunchTemplate', { LaunchTemplateData: { InstanceType: 'c7i.large' } });
    expect(Object.keys(template.toJSON()['Parameters'])).toContainEqual(expect.stringContaining('x8664'));
    expect(userData(template)).toContain(`ONEDOOR_CONFIG='{"a":1}'`);
  });
});

describe('validateCapacity', () => {
  it('refuses fewer gateways at most than at least', () => {
    expect(messageOf(() => aDoor({ minCapacity: 3, maxCapacity: 2 }))).toBe(
      '`maxCapacity` must be at least minCapacity (3), got: 2.',
    );
  });
});

describe('validatePorts', () => {
  it('refuses one port for two things', () => {
    expect(messageOf(() => aDoor({ targetPort: 7000 }))).toBe(
      '`targetPort` must be a port other than probePort and healthPort, got: probePort 7000, targetPort 7000, healthPort 17080.',
    );
  });
});

describe('validateBundles', () => {
  it('refuses a folder without the gateway', () => {
    const folder = aFile('none', '');
    expect(messageOf(() => aDoor({ bundles: folder }))).toContain(
      '`bundles` must be a folder with door/door.mjs, node/node-arm64.gz (npm run build:deploy makes it), got: ',
    );
  });
});
