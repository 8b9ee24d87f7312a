import { Match, type Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import { AssignmentEndpoint } from '../../lib/assignment-endpoint.ts';
import { ServerDoor, type ServerDoorProps } from '../../lib/server-door.ts';
import { ServerFleet } from '../../lib/server-fleet.ts';
import type { ServerFleetProps } from '../../lib/server-fleet-props.ts';
import { ServerRegistry } from '../../lib/server-registry.ts';
import { TicketKeys } from '../../lib/ticket-keys.ts';
import { aStack, aVpc, bundles, deploymentTemplate, messageOf, rendered, resourcesOf } from './support/synth.ts';

function deployment(more: object = {}): Template {
  return deploymentTemplate({
    door: 'servers',
    fleets: [
      { name: 'one', app: 'arena', capacity: 8, slots: 2, max: 100 },
      { name: 'two', app: 'arena', group: 'b', capacity: 8, min: 2, max: 200 },
    ],
    ...more,
  });
}

function scripts(template: Template): string[] {
  return Object.values(resourcesOf(template, 'AWS::EC2::LaunchTemplate')).map(({ Properties }) =>
    rendered(Properties.LaunchTemplateData.UserData),
  );
}

const ADDRESS = { 'Fn::GetAtt': [Match.stringLikeRegexp('^EndpointSecurityGroup'), 'GroupId'] };
const fleetGroup = (name: string) => ({
  'Fn::GetAtt': [Match.stringLikeRegexp(`^Fleet${name}SecurityGroup`), 'GroupId'],
});

describe('a deployment whose servers are the door', () => {
  let template: Template;
  beforeAll(() => {
    template = deployment();
  });

  it('has no gateways: machines of fleets and nothing else', () => {
    template.resourceCountIs('AWS::AutoScaling::AutoScalingGroup', 2);
    expect(scripts(template).every((script) => script.includes('--game 127.0.0.1:7777'))).toBe(true);
  });

  it('takes UDP and TCP on the one address and sends them to another port on the servers, checked over HTTP', () => {
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::Listener', { Port: 7000, Protocol: 'TCP_UDP' });
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::TargetGroup', {
      Port: 17000,
      Protocol: 'TCP_UDP',
      TargetType: 'instance',
      HealthCheckProtocol: 'HTTP',
      HealthCheckPort: '17080',
      HealthCheckPath: '/healthz',
      TargetGroupAttributes: Match.arrayWith([
        { Key: 'deregistration_delay.connection_termination.enabled', Value: 'true' },
      ]),
    });
  });

  it('has every fleet behind it, and replaces no machine for what the load balancer finds', () => {
    template.allResourcesProperties('AWS::AutoScaling::AutoScalingGroup', {
      TargetGroupARNs: [{ Ref: Match.stringLikeRegexp('^DoorTargets') }],
      HealthCheckType: 'EC2',
    });
  });

  it.each([
    ['udp', 17000],
    ['tcp', 17000],
    ['tcp', 17080],
  ])('lets the one address, and nobody else, reach the servers by %s on %i', (protocol, port) => {
    for (const name of ['one', 'two']) {
      template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
        GroupId: fleetGroup(name),
        SourceSecurityGroupId: ADDRESS,
        IpProtocol: protocol,
        FromPort: port,
        ToPort: port,
      });
    }
    const open = Object.values(resourcesOf(template, 'AWS::EC2::SecurityGroup')).flatMap(
      ({ Properties }) => (Properties.SecurityGroupIngress ?? []) as { FromPort: number; ToPort: number }[],
    );
    expect(open.filter(({ FromPort, ToPort }) => FromPort <= port && port <= ToPort)).toEqual([]);
  });

  it('tells the agents their ports, and every program a policy by which each server names the same one', () => {
    for (const script of scripts(template)) {
      expect(script).toContain('--door-port 17000 --door-health-port 17080');
      expect(script).toContain('"policy":"stateless-5"');
    }
  });

  it('alarms when nobody answers', () => {
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmDescription: Match.stringLikeRegexp('^Nobody behind the probe port is healthy'),
      Dimensions: Match.arrayWith([Match.objectLike({ Name: 'TargetGroup' })]),
    });
  });

  it('uses the ports that it is given', () => {
    const other = deployment({ probePort: 9000, gateway: { targetPort: 19000, healthPort: 19080 } });
    other.hasResourceProperties('AWS::ElasticLoadBalancingV2::Listener', { Port: 9000, Protocol: 'TCP_UDP' });
    other.hasResourceProperties('AWS::ElasticLoadBalancingV2::TargetGroup', { Port: 19000, HealthCheckPort: '19080' });
    expect(scripts(other)[0]).toContain('--door-port 19000 --door-health-port 19080');
  });
});

describe('the construct', () => {
  function aServerDoor(props: Partial<ServerDoorProps> = {}, fleet: Partial<ServerFleetProps> = {}): void {
    const stack = aStack();
    const vpc = aVpc(stack);
    const registry = new ServerRegistry(stack, 'Registry');
    const keys = new TicketKeys(stack, 'Keys', { registry, bundles });
    const { loadBalancer, securityGroup } = new AssignmentEndpoint(stack, 'Endpoint', { vpc, registry, keys, bundles });
    const door = { port: 17_000, healthPort: 17_080 };
    const fleets = [new ServerFleet(stack, 'Fleet', { vpc, registry, bundles, app: 'a', capacity: 1, door, ...fleet })];
    new ServerDoor(stack, 'Door', { vpc, loadBalancer, loadBalancerSecurityGroup: securityGroup, fleets, ...props });
  }

  it('refuses more servers than a load balancer has targets for, and none', () => {
    expect(messageOf(() => aServerDoor({}, { maxCapacity: 401 }))).toBe(
      '`fleets` must be of 1 to 400 servers in all, got: 401.',
    );
    expect(messageOf(() => aServerDoor({ fleets: [] }))).toBe('`fleets` must be of 1 to 400 servers in all, got: 0.');
  });

  it('refuses one port for two things', () => {
    expect(messageOf(() => aServerDoor({ targetPort: 7000 }))).toBe(
      '`targetPort` must be a port other than probePort and healthPort, got: probePort 7000, targetPort 7000, healthPort 17080.',
    );
    const door = { port: 7_777, healthPort: 17_080 };
    expect(messageOf(() => aServerDoor({}, { door }))).toBe(
      '`door` must be two ports apart from the servers\' and from 7100, got: {"port":7777,"healthPort":17080}.',
    );
  });
});
