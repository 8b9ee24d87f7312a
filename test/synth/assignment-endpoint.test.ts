import type { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { type IVpc, Vpc } from 'aws-cdk-lib/aws-ec2';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { HostedZone } from 'aws-cdk-lib/aws-route53';
import { beforeAll, describe, expect, it } from 'vitest';
import { AssignmentEndpoint, type AssignmentEndpointProps } from '../../lib/assignment-endpoint.ts';
import { ServerRegistry } from '../../lib/server-registry.ts';
import { TicketKeys } from '../../lib/ticket-keys.ts';
import { aStack, aVpc, bundles, messageOf, rendered, resourcesOf } from './support/synth.ts';

type More = (stack: Stack) => Partial<AssignmentEndpointProps>;

function anEndpoint(more: More = () => ({})): { readonly stack: Stack; readonly endpoint: AssignmentEndpoint } {
  const stack = aStack();
  const registry = new ServerRegistry(stack, 'Registry');
  const endpoint = new AssignmentEndpoint(stack, 'Endpoint', {
    vpc: aVpc(stack),
    registry,
    keys: new TicketKeys(stack, 'Keys', { registry, bundles }),
    bundles,
    ...more(stack),
  });
  return { stack, endpoint };
}

const CERTIFICATE = 'arn:aws:acm:eu-west-1:123456789012:certificate/one';

function withDomain(stack: Stack): Partial<AssignmentEndpointProps> {
  return {
    domainName: 'door.example.com',
    certificate: Certificate.fromCertificateArn(stack, 'Certificate', CERTIFICATE),
    hostedZone: HostedZone.fromHostedZoneAttributes(stack, 'Zone', { hostedZoneId: 'Z1', zoneName: 'example.com' }),
  };
}

function listeners(template: Template): readonly { port: number; protocol: string }[] {
  return Object.values(resourcesOf(template, 'AWS::ElasticLoadBalancingV2::Listener'))
    .map(({ Properties }) => ({ port: Properties.Port, protocol: Properties.Protocol }))
    .sort((a, b) => a.protocol.localeCompare(b.protocol));
}

describe('the endpoint with no more than it needs', () => {
  let template: Template;
  let url: string;
  beforeAll(() => {
    const { stack, endpoint } = anEndpoint();
    template = Template.fromStack(stack);
    url = rendered(stack.resolve(endpoint.url));
  });

  it('has one fixed address a zone, at a network load balancer that reaches every zone', () => {
    template.resourceCountIs('AWS::EC2::EIP', 2);
    const address = (zone: number): object => ({
      AllocationId: { 'Fn::GetAtt': [Match.stringLikeRegexp(`^EndpointAddress${zone}`), 'AllocationId'] },
      SubnetId: { Ref: Match.stringLikeRegexp(`^VpcPublicSubnet${zone + 1}`) },
    });
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', {
      Type: 'network',
      Scheme: 'internet-facing',
      SubnetMappings: [address(0), address(1)],
      SecurityGroups: [Match.anyValue()],
      LoadBalancerAttributes: Match.arrayWith([{ Key: 'load_balancing.cross_zone.enabled', Value: 'true' }]),
    });
  });

  it('takes HTTP on port 80 as TCP, through an internal application load balancer', () => {
    expect(listeners(template)).toEqual([
      { port: 80, protocol: 'HTTP' },
      { port: 80, protocol: 'TCP' },
    ]);
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', {
      Type: 'application',
      Scheme: 'internal',
      LoadBalancerAttributes: Match.arrayWith([
        { Key: 'routing.http.drop_invalid_header_fields.enabled', Value: 'true' },
      ]),
    });
    template.hasResource('AWS::ElasticLoadBalancingV2::TargetGroup', {
      // A target group of a balancer without listener is refused.
      DependsOn: Match.arrayWith([Match.stringLikeRegexp('^EndpointInternalHttp')]),
      Properties: {
        TargetType: 'alb',
        Port: 80,
        Protocol: 'TCP',
        HealthCheckProtocol: 'HTTP',
        HealthCheckPath: '/healthz',
        Targets: [{ Id: { Ref: Match.stringLikeRegexp('^EndpointInternal') }, Port: 80 }],
      },
    });
    expect(url).toMatch(/^http:\/\/\$\{EndpointAddress0\w*\}$/);
  });

  it('calls the alias of the function, and lets nobody else call it', () => {
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::TargetGroup', {
      TargetType: 'lambda',
      Targets: [{ Id: { Ref: Match.stringLikeRegexp('^EndpointLive') } }],
      TargetGroupAttributes: Match.arrayWith([{ Key: 'lambda.multi_value_headers.enabled', Value: 'true' }]),
    });
    const callers = Object.values(resourcesOf(template, 'AWS::Lambda::Permission')).filter(({ Properties }) =>
      rendered(Properties.FunctionName).includes('Endpoint'),
    );
    expect(callers.map(({ Properties }) => [Properties.Principal, rendered(Properties.FunctionName)])).toEqual([
      ['elasticloadbalancing.amazonaws.com', expect.stringMatching(/^\$\{EndpointLive/)],
    ]);
  });

  it('answers the health check by itself', () => {
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::ListenerRule', {
      Priority: 1,
      Conditions: [{ Field: 'path-pattern', PathPatternConfig: { Values: ['/healthz'] } }],
      Actions: [{ Type: 'fixed-response', FixedResponseConfig: Match.objectLike({ StatusCode: '200' }) }],
    });
  });

  it('runs the function on arm64 with Node 24, in no VPC, with the name of the key and not the key', () => {
    template.hasResourceProperties('AWS::Lambda::Function', {
      Description: Match.stringLikeRegexp('over HTTP'),
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      MemorySize: 1024,
      Timeout: 10,
      VpcConfig: Match.absent(),
      Environment: {
        Variables: {
          ONEDOOR_TABLE: { Ref: Match.stringLikeRegexp('^Registry') },
          ONEDOOR_KEY_SECRET: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Keys'), 'Id'] },
        },
      },
    });
  });

  it('opens the balancer in front to everybody on its port, the inner one to that balancer alone', () => {
    template.hasResourceProperties('AWS::EC2::SecurityGroup', {
      SecurityGroupIngress: [Match.objectLike({ CidrIp: '0.0.0.0/0', IpProtocol: 'tcp', FromPort: 80, ToPort: 80 })],
    });
    template.resourceCountIs('AWS::EC2::SecurityGroupIngress', 1);
    template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
      IpProtocol: 'tcp',
      FromPort: 80,
      ToPort: 80,
      GroupId: { 'Fn::GetAtt': [Match.stringLikeRegexp('^EndpointInternalSecurityGroup'), 'GroupId'] },
      SourceSecurityGroupId: { 'Fn::GetAtt': [Match.stringLikeRegexp('^EndpointSecurityGroup'), 'GroupId'] },
    });
  });
});

describe('the endpoint with a domain', () => {
  let template: Template;
  let url: string;
  beforeAll(() => {
    const { stack, endpoint } = anEndpoint((scope) => ({
      ...withDomain(scope),
      settings: { deployment: 'arena', groupFallback: { "o'hare": [] } },
      memorySize: 512,
      provisionedConcurrentExecutions: 2,
      logRetention: RetentionDays.ONE_DAY,
    }));
    template = Template.fromStack(stack);
    url = endpoint.url;
  });

  it('listens on 443 and not on 80', () => {
    expect(listeners(template)).toEqual([
      { port: 443, protocol: 'HTTPS' },
      { port: 443, protocol: 'TCP' },
    ]);
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::Listener', {
      Protocol: 'HTTPS',
      Certificates: [{ CertificateArn: CERTIFICATE }],
      SslPolicy: Match.stringLikeRegexp('^ELBSecurityPolicy-TLS13-1-2'),
    });
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::TargetGroup', {
      TargetType: 'alb',
      Port: 443,
      HealthCheckProtocol: 'HTTPS',
    });
    expect(url).toBe('https://door.example.com');
  });

  it('writes the name in the zone', () => {
    template.hasResourceProperties('AWS::Route53::RecordSet', {
      Name: 'door.example.com.',
      Type: 'A',
      HostedZoneId: 'Z1',
      AliasTarget: Match.anyValue(),
    });
  });

  it('takes memory, warm environments, settings and retention', () => {
    template.hasResourceProperties('AWS::Lambda::Function', {
      MemorySize: 512,
      Environment: {
        Variables: {
          ONEDOOR_CONFIG: {
            'Fn::Join': [
              '',
              [
                '{"deployment":"arena","groupFallback":{"o\\u0027hare":[]},"serviceAddress":"',
                { Ref: Match.stringLikeRegexp('^EndpointAddress0') },
                '"}',
              ],
            ],
          },
        },
      },
    });
    template.hasResourceProperties('AWS::Lambda::Alias', {
      ProvisionedConcurrencyConfig: { ProvisionedConcurrentExecutions: 2 },
    });
    template.hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 1 });
  });
});

describe('validateCertificate', () => {
  it('refuses a domain without a certificate', () => {
    expect(messageOf(() => anEndpoint(() => ({ domainName: 'door.example.com' })))).toBe(
      '`certificate` must be given together with domainName, got: door.example.com.',
    );
  });

  it('refuses a certificate without a domain', () => {
    const certificateAlone: More = (stack) => ({
      certificate: Certificate.fromCertificateArn(stack, 'Certificate', CERTIFICATE),
    });
    expect(messageOf(() => anEndpoint(certificateAlone))).toBe(
      '`certificate` must be given together with domainName, got: no domainName.',
    );
  });
});

describe('validateHostedZone', () => {
  it('refuses a zone without a domain', () => {
    const zoneAlone: More = (stack) => ({ hostedZone: HostedZone.fromHostedZoneId(stack, 'Zone', 'Z1') });
    expect(messageOf(() => anEndpoint(zoneAlone))).toBe(
      '`hostedZone` must be given with domainName, got: no domainName.',
    );
  });
});

describe('validateSubnets', () => {
  it('refuses a network with public subnets in one zone', () => {
    const oneZone: More = (stack) => ({ vpc: new Vpc(stack, 'Small', { maxAzs: 1 }) as IVpc });
    expect(messageOf(() => anEndpoint(oneZone))).toBe(
      '`vpc` must be a network with public subnets in at least 2 zones, got: 1 zones.',
    );
  });
});

describe('the endpoint’s numbers', () => {
  it('are checked together', () => {
    expect(messageOf(() => anEndpoint(() => ({ memorySize: 128, provisionedConcurrentExecutions: -1 })))).toBe(
      [
        '`memorySize` must be a whole number between 256 and 10240, got: 128.',
        '`provisionedConcurrentExecutions` must be a whole number between 0 and 1000, got: -1.',
      ].join('\n'),
    );
  });
});
