import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CfnResource } from 'aws-cdk-lib';
import { Match, type Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseDeployConfig } from '../../core/config/parse-deploy-config.ts';
import { OnedoorStack } from '../../lib/onedoor-stack.ts';
import { anApp, bundles, deploymentTemplate, rendered, resourcesOf, statementsOf } from './support/synth.ts';

const MAX_RESOURCES = 200;
const MAX_BYTES = 200_000;

describe('a deployment that says nothing', () => {
  let template: Template;
  let text: string;
  beforeAll(() => {
    template = deploymentTemplate();
    text = JSON.stringify(template.toJSON());
  });

  it('is small enough for one stack', () => {
    expect(Object.keys(template.toJSON()['Resources']).length).toBeLessThan(MAX_RESOURCES);
    expect(text.length).toBeLessThan(MAX_BYTES);
  });

  it('has one registry, one address, gateways and a fleet of two small arm64 machines with the sample world', () => {
    template.resourceCountIs('AWS::DynamoDB::Table', 1);
    template.resourceCountIs('AWS::AutoScaling::AutoScalingGroup', 2);
    template.hasResourceProperties('AWS::AutoScaling::AutoScalingGroup', {
      MinSize: '2',
      MaxSize: '2',
      Tags: Match.arrayWith([{ Key: 'onedoor:app', Value: 'world', PropagateAtLaunch: true }]),
    });
    const templates = Object.values(resourcesOf(template, 'AWS::EC2::LaunchTemplate'));
    expect(templates.map(({ Properties }) => Properties.LaunchTemplateData.InstanceType)).toEqual([
      't4g.small',
      't4g.small',
    ]);
    const scripts = templates.map(({ Properties }) => rendered(Properties.LaunchTemplateData.UserData));
    expect(scripts.filter((script) => script.includes('/opt/game/game.mjs --bind 0.0.0.0'))).toHaveLength(1);
  });

  it('runs every function on arm64 with Node 24, in no VPC', () => {
    template.resourceCountIs('AWS::Lambda::Function', 6);
    template.allResourcesProperties('AWS::Lambda::Function', {
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      VpcConfig: Match.absent(),
    });
  });

  it('tells every program the same settings', () => {
    const settings = Object.values(resourcesOf(template, 'AWS::Lambda::Function'))
      .map(({ Properties }) => Properties.Environment.Variables.ONEDOOR_CONFIG)
      .filter((value) => value !== undefined)
      .map(rendered);
    const scripts = Object.values(resourcesOf(template, 'AWS::EC2::LaunchTemplate')).map(
      ({ Properties }) => /^ONEDOOR_CONFIG='(.*)'$/m.exec(rendered(Properties.LaunchTemplateData.UserData))?.[1],
    );
    expect(settings).toHaveLength(4);
    expect(new Set([...settings, ...scripts]).size).toBe(1);
    expect(JSON.parse(settings[0]!)).toEqual({
      deployment: 'onedoor',
      probePort: 7000,
      defaultApp: 'world',
      serviceAddress: expect.stringContaining('EndpointAddress0'),
    });
  });

  it('needs no NAT gateway and listens with no TLS in front of the inner balancer', () => {
    template.resourceCountIs('AWS::EC2::NatGateway', 0);
    const protocols = Object.values(resourcesOf(template, 'AWS::ElasticLoadBalancingV2::Listener')).map(
      ({ Properties }) => Properties.Protocol,
    );
    expect(protocols.sort()).toEqual(['HTTP', 'TCP', 'TCP_UDP']);
  });

  it('says where it is and how to probe it', () => {
    const outputs = template.findOutputs('*') as Record<string, { Value: unknown; Description: string }>;
    const values = Object.fromEntries(Object.entries(outputs).map(([name, { Value }]) => [name, rendered(Value)]));
    expect(values).toEqual({
      DoorAddress: expect.stringMatching(/^\$\{EndpointAddress0\w*\},\$\{EndpointAddress1\w*\}$/),
      ApiUrl: expect.stringMatching(/^http:\/\/\$\{EndpointAddress0\w*\}$/),
      ProbeCommand: expect.stringMatching(/^npm run probe -- \$\{EndpointAddress0\w*\}:7000$/),
      DailyCost: expect.stringMatching(/^about \d+\.\d\d USD a day /),
      TableName: expect.stringMatching(/^\$\{Registry\w+\}$/),
    });
    expect(outputs['ApiUrl']?.Description).toContain('in the clear');
  });

  it('knows no account and no region', () => {
    expect(text).not.toMatch(/\b\d{12}\b/);
    expect(text).not.toMatch(/\b(us|eu|ap)-[a-z]+-\d\b/);
  });
});

describe('rights', () => {
  let statements: ReturnType<typeof statementsOf>;
  let template: Template;
  beforeAll(() => {
    template = deploymentTemplate();
    statements = statementsOf(template);
  });

  it('are given on everything only where AWS knows no resources', () => {
    const everywhere = statements.filter(({ Resource }) => [Resource].flat().includes('*'));
    // What a session of Systems Manager needs: test/synth/door.test.ts.
    const others = everywhere.filter(({ Sid }) => Sid !== 'Sessions');
    expect(others.map(({ Action }) => Action)).toEqual([
      'ec2:DescribeInstances',
      'dynamodb:ListStreams',
      'dynamodb:ListStreams',
      ['autoscaling:DescribeAutoScalingGroups', 'ec2:DescribeInstances'],
    ]);
  });

  it('are never given for all actions of a service', () => {
    expect(statements.flatMap(({ Action }) => Action).filter((action) => action.includes('*'))).toEqual([]);
  });

  it('let the assign function, the gateways and the rotation read the signing key, nobody else', () => {
    const readers = statements
      .filter(({ Action }) => [Action].flat().includes('secretsmanager:GetSecretValue'))
      .flatMap(({ roles }) => roles)
      .map((role) => role.replace(/[0-9A-F]{8}$/, ''));
    expect(readers.sort()).toEqual(['DoorRole', 'EndpointAssignRole', 'TicketKeysRotateRole']);
  });

  it('come from no managed policy', () => {
    template.allResourcesProperties('AWS::IAM::Role', { ManagedPolicyArns: Match.absent() });
  });

  it('put the signing key nowhere: no template value resolves it', () => {
    expect(JSON.stringify(template.toJSON())).not.toContain('resolve:secretsmanager');
  });
});

describe('a deployment with everything given', () => {
  let template: Template;
  beforeAll(() => {
    template = deploymentTemplate({
      deployment: 'studio',
      probePort: 9000,
      domain: {
        name: 'door.example.com',
        certificateArn: 'arn:aws:acm:eu-west-1:123456789012:certificate/one',
        zone: { id: 'Z1', name: 'example.com' },
      },
      network: {
        vpc: {
          id: 'vpc-0123456789abcdef0',
          zones: ['eu-west-1a', 'eu-west-1b'],
          publicSubnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
        },
      },
      assign: { memoryMib: 2048, provisionedConcurrency: 3 },
      gateway: { instanceType: 'c7g.large', min: 3, max: 9, targetPort: 18000, healthPort: 18080 },
      fleets: [
        { name: 'duel', app: 'arena', capacity: 8, load: { adapter: 'gamedig', type: 'quake3' } },
        {
          ...{ name: 'spot', app: 'arena', group: 'b', capacity: 8, purchase: 'spot', game: { kind: 'image' } },
          load: { adapter: 'agones', sessions: 'counter:rooms', counters: { rooms: '0/10' } },
        },
        {
          name: 'voice',
          app: 'voice',
          capacity: 99,
          ports: { game: 64_738 },
          load: { adapter: 'command', command: '/opt/game/count' },
        },
      ],
      runtime: { policy: 'least-loaded' },
      keyRotationDays: 7,
      registryRemoval: 'destroy',
      logRetentionDays: 7,
      permissionsBoundaryArn: 'arn:aws:iam::123456789012:policy/boundary',
      qualifier: 'studio',
    });
  });

  it('uses the network that is there', () => {
    template.resourceCountIs('AWS::EC2::VPC', 0);
    template.allResourcesProperties('AWS::EC2::SecurityGroup', { VpcId: 'vpc-0123456789abcdef0' });
  });

  it('bounds every role', () => {
    template.allResourcesProperties('AWS::IAM::Role', {
      PermissionsBoundary: 'arn:aws:iam::123456789012:policy/boundary',
    });
  });

  it('asks the bootstrap stack of its qualifier', () => {
    expect(template.toJSON()['Parameters'].BootstrapVersion.Default).toBe('/cdk-bootstrap/studio/version');
  });

  it('serves HTTPS by name and no HTTP', () => {
    const ports = Object.values(resourcesOf(template, 'AWS::ElasticLoadBalancingV2::Listener')).map(
      ({ Properties }) => Properties.Port,
    );
    expect(ports.sort()).toEqual([443, 443, 9000]);
    expect(template.findOutputs('ApiUrl')['ApiUrl']?.['Value']).toBe('https://door.example.com');
  });

  it('hands each part its settings', () => {
    template.hasResourceProperties('AWS::Lambda::Function', { MemorySize: 2048 });
    template.hasResourceProperties('AWS::Lambda::Alias', {
      ProvisionedConcurrencyConfig: { ProvisionedConcurrentExecutions: 3 },
    });
    template.hasResourceProperties('AWS::AutoScaling::AutoScalingGroup', { MinSize: '3', MaxSize: '9' });
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::TargetGroup', {
      Port: 18000,
      HealthCheckPort: '18080',
    });
    template.hasResourceProperties('Custom::OnedoorTicketKeys', { periodDays: 7 });
    template.hasResource('AWS::DynamoDB::Table', { DeletionPolicy: 'Delete' });
    template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 7 });
    template.resourceCountIs('AWS::AutoScaling::AutoScalingGroup', 4);
    const scripts = Object.values(resourcesOf(template, 'AWS::EC2::LaunchTemplate'))
      .map(({ Properties }) => rendered(Properties.LaunchTemplateData.UserData))
      .join('\n');
    expect(scripts).toContain('"policy":"least-loaded"');
    expect(scripts).toContain('--load "gamedig:quake3"');
    expect(scripts).toContain('--load "command:/opt/game/count"');
    expect(scripts).toContain('--agones-counter rooms=0/10');
    expect(scripts).toContain('--load "agones:counter:rooms" --agones-port 9358 --agones-health 15');
    expect(scripts).toContain('--probe-port 9000');
  });

  it('names the deployment in the metrics that fleets scale by', () => {
    template.allResourcesProperties('AWS::AutoScaling::ScalingPolicy', {
      TargetTrackingConfiguration: Match.anyValue(),
    });
    const dimensions = Object.values(resourcesOf(template, 'AWS::AutoScaling::ScalingPolicy'))
      .map(({ Properties }) => Properties.TargetTrackingConfiguration.CustomizedMetricSpecification?.Dimensions)
      .filter((value) => value !== undefined);
    expect(dimensions).toHaveLength(3);
    for (const found of dimensions) expect(found).toContainEqual({ Name: 'deployment', Value: 'studio' });
  });
});

describe('synthesis', () => {
  it('passes CDK’s own checks of the template, which see a planted mistake', () => {
    const check = (mistake: boolean): unknown => {
      const app = anApp({ builtinCloudFormationValidation: true });
      const stack = new OnedoorStack(app, 'onedoor', { config: parseDeployConfig({}), bundles });
      if (mistake) new CfnResource(stack, 'Bad', { type: 'AWS::SQS::Queue', properties: { DelaySeconds: 'never' } });
      return JSON.parse(readFileSync(join(app.synth().directory, 'validation-report.json'), 'utf8')).pluginReports;
    };
    expect(check(false)).toEqual([]);
    expect(() => check(true)).toThrow("'never' is not of type 'integer'");
  });

  it('writes the same bytes every time', () => {
    const files = (): string[] => {
      const app = anApp();
      const stack = new OnedoorStack(app, 'onedoor', { config: parseDeployConfig({}), bundles });
      const { directory } = app.synth();
      return [stack.templateFile, 'onedoor.assets.json'].map((file) => readFileSync(join(directory, file), 'utf8'));
    };
    expect(files()).toEqual(files());
  });
});
