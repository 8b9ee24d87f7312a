import { describe, expect, it } from 'vitest';
import { parseDeployConfig } from '../../../core/config/parse-deploy-config.ts';
import { ConfigError } from '../../../core/errors.ts';

function problemsOf(input: unknown): readonly string[] {
  try {
    parseDeployConfig(input);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

function aFleet(more: object = {}): object {
  return { name: 'arena', app: 'arena', capacity: 10, ...more };
}

describe('a deployment whose servers are the door', () => {
  const servers = (more: object = {}) => ({ door: 'servers', fleets: [aFleet()], ...more });

  it('gives every program a policy by which each server names the same one', () => {
    expect(parseDeployConfig(servers()).runtime).toEqual({ policy: 'stateless-5', rosterRefreshMs: 5_000 });
    const runtime = { policy: 'stateless-3', freshMs: 9_000, rosterRefreshMs: 1_000 };
    expect(parseDeployConfig(servers({ runtime })).runtime).toEqual(runtime);
    expect(parseDeployConfig({ fleets: [aFleet()] })).toMatchObject({ door: 'gateways', runtime: {} });
  });

  it('may have 400 servers, however they are spread', () => {
    expect(problemsOf(servers({ fleets: [aFleet({ max: 100, slots: 3 }), aFleet({ name: 'b', max: 100 })] }))).toEqual(
      [],
    );
  });

  it.each<[string, object, string]>([
    [
      'more than 400 servers',
      { fleets: [aFleet({ max: 100, slots: 4 }), aFleet({ name: 'b', max: 1 })] },
      '`fleets` must be at most 400 servers (max × slots of all) where door is servers: a load balancer has no more targets for UDP on one port, got: 401.',
    ],
    ['no server at all', { fleets: [] }, '`fleets` must be at least one server where door is servers, got: 0.'],
    [
      'a policy that counts seats',
      { runtime: { policy: 'two-choices' } },
      '`runtime.policy` must be stateless-3 or stateless-5 where door is servers: each must name the same server, got: two-choices.',
    ],
    [
      'answers that need a signature',
      { runtime: { answers: 'server' } },
      '`runtime.answers` must be door where door is servers: agents cannot sign, got: server.',
    ],
    [
      'notes that need a signature',
      { runtime: { notify: true } },
      '`runtime.notify` must be false where door is servers: agents cannot sign, got: true.',
    ],
    [
      'the port of its own health check',
      { fleets: [aFleet({ ports: { game: 17_079 }, slots: 2 })] },
      "`fleets[0].ports.game` must be a range without the gateway's health port 17080, got: 17079.",
    ],
  ])('refuses %s', (_what, more, problem) => {
    expect(problemsOf(servers(more))).toEqual([problem]);
  });
});

describe('what one address and one port can carry', () => {
  it('refuses fleets of two apps on one port, and lets those of one app share it', () => {
    expect(problemsOf({ fleets: [aFleet(), aFleet({ name: 'b', group: 'b' })] })).toEqual([]);
    expect(
      problemsOf({ fleets: [aFleet({ slots: 10 }), aFleet({ name: 'b', app: 'b', ports: { game: 7786 } })] }),
    ).toEqual([
      '`fleets[1].ports.game` must be apart from those of fleets[0], which runs another app: a classic answer carries no port, got: 7786.',
    ]);
    expect(
      problemsOf({ fleets: [aFleet({ slots: 10 }), aFleet({ name: 'b', app: 'b', ports: { game: 7787 } })] }),
    ).toEqual([]);
  });

  it('refuses a duty that doors behind a load balancer cannot share', () => {
    const doors = ['192.0.2.1:17080', '192.0.2.2:17080'];
    expect(problemsOf({ runtime: { duty: 'all-receive', doors } })).toEqual([
      '`runtime.duty` must be active: behind the load balancer each request reaches one door, got: all-receive.',
      '`runtime.doors` must be left out: behind the load balancer each request reaches one door, got: ["192.0.2.1:17080","192.0.2.2:17080"].',
    ]);
  });

  it('says the mistakes between fields beside those within, a certificate without its name among them', () => {
    expect(
      problemsOf({
        door: 'servers',
        probePort: 0,
        domain: { certificateArn: 'arn:aws:acm:eu-west-1:123456789012:certificate/1' },
        gateway: { targetPort: 7777 },
        fleets: [aFleet({ max: 500 }), aFleet({ name: 'b', app: 'b' }), { name: 'c' }],
      }),
    ).toEqual([
      '`probePort` must be a whole number between 1 and 65535, got: 0.',
      '`domain.name` must be a domain name, got: nothing.',
      '`fleets[2].app` must be 1 to 32 characters of letters, digits, space and + - = . _ : / @, got: nothing.',
      '`fleets[2].capacity` must be a whole number between 1 and 100000, got: nothing.',
      "`fleets[0].ports.game` must be a range without the gateway's target port 7777, got: 7777.",
      "`fleets[1].ports.game` must be a range without the gateway's target port 7777, got: 7777.",
      "`fleets[2].ports.game` must be a range without the gateway's target port 7777, got: 7777.",
      '`fleets[1].ports.game` must be apart from those of fleets[0], which runs another app: a classic answer carries no port, got: 7777.',
      '`fleets` must be at most 400 servers (max × slots of all) where door is servers: a load balancer has no more targets for UDP on one port, got: 508.',
    ]);
  });
});
