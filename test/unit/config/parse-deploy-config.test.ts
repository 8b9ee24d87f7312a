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

function anExisting(more: object = {}): object {
  return { join: 'old', capacity: 10, ...more };
}

describe('the deployer’s configuration', () => {
  it('deploys two servers of the sample world when it says nothing', () => {
    const config = parseDeployConfig({});
    expect(config).toMatchObject({
      deployment: 'onedoor',
      probePort: 7000,
      registryRemoval: 'retain',
      network: { maxAzs: 2 },
      defaultApp: 'world',
      runtime: {},
    });
    expect(config.fleets).toEqual([
      {
        name: 'sample',
        app: 'world',
        world: 'main',
        group: 'main',
        labels: {},
        platform: 'linux',
        instanceTypes: ['t4g.small'],
        purchase: 'on-demand',
        min: 2,
        max: 2,
        slots: 1,
        capacity: 16,
        ports: { game: 7777, probe: 7000 },
        load: { adapter: 'api' },
        game: { kind: 'sample' },
        diskGib: 8,
        drainSeconds: 3600,
        targetUsePct: 70,
      },
    ]);
  });

  it('keeps what is given and gives fleets the probe port of the deployment', () => {
    const config = parseDeployConfig({ probePort: 9000, fleets: [aFleet({ ports: { game: 27960 }, slots: 3 })] });
    expect(config.fleets[0]).toMatchObject({ ports: { game: 27960, probe: 9000 }, slots: 3, max: 4 });
  });

  it('takes who answers, and whether servers are told, for all programs', () => {
    const runtime = { answers: 'server', notify: true } as const;
    expect(parseDeployConfig({ runtime }).runtime).toMatchObject(runtime);
    expect(problemsOf({ runtime: { answers: 'both', notify: 1 } })).toEqual([
      '`runtime.answers` must be one of door, server, got: both.',
      '`runtime.notify` must be true or false, got: 1.',
    ]);
  });

  it('says all mistakes at once, each with its path', () => {
    expect(
      problemsOf({
        deployment: 'Our Game',
        regions: ['eu-west-1'],
        domain: { name: 'door' },
        fleets: [aFleet({ min: 5, max: 2 }), { app: 'arena', capacity: 0 }],
        logRetentionDays: 4,
      }),
    ).toEqual([
      '`regions` must be left out: there is no such key; known are deployment, probePort, domain, defaultApp, runtime, network, assign, door, gateway, fleets, existingServers, keyRotationDays, alarmEmail, agentMetrics, registryRemoval, logRetentionDays, permissionsBoundaryArn, qualifier.',
      '`deployment` must be 1 to 24 characters of a-z, 0-9 and -, beginning with a letter, got: Our Game.',
      '`domain.name` must be a domain name, got: door.',
      '`domain.certificateArn` must be the ARN of an ACM certificate, got: nothing.',
      '`fleets[0].max` must be at least min (5), got: 2.',
      '`fleets[1].name` must be 1 to 24 characters of a-z, 0-9 and -, beginning with a letter, got: nothing.',
      '`fleets[1].capacity` must be a whole number between 1 and 100000, got: 0.',
      '`logRetentionDays` must be one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, got: 4.',
    ]);
  });

  it.each<[string, unknown, string]>([
    [
      'ports of one fleet that meet over its slots',
      { fleets: [aFleet({ slots: 10, ports: { game: 7005 } })] },
      '`fleets[0].ports.probe` must be at least 10 ports away from game, since slot n has the port + n, got: 7000.',
    ],
    [
      'a port of the agent’s API',
      { fleets: [aFleet({ slots: 10, ports: { game: 7105 } })] },
      '`fleets[0].ports.game` must be at least 10 ports away from the agent’s API, since slot n has the port + n, got: 7105.',
    ],
    [
      'a range past the last port',
      { fleets: [aFleet({ slots: 10, ports: { game: 65530 } })] },
      '`fleets[0].ports.game` must be at least 10 ports away from the last port, since slot n has the port + n, got: 65530.',
    ],
    [
      'a gateway’s target port equal to a server’s port',
      { fleets: [aFleet({ slots: 2, ports: { game: 16999 } })] },
      "`fleets[0].ports.game` must be a range without the gateway's target port 17000, got: 16999.",
    ],
    [
      'two fleets of one name',
      { fleets: [aFleet(), aFleet()] },
      '`fleets[1].name` must be a name that no other one has, got: arena.',
    ],
    [
      'two kinds of existing servers with one tag',
      { existingServers: [anExisting(), anExisting()] },
      '`existingServers[1].join` must be a name that no other one has, got: old.',
    ],
    [
      'existing servers on the gateways’ port',
      { existingServers: [anExisting({ ports: { game: 17_000 } })] },
      "`existingServers[0].ports.game` must be a range without the gateway's target port 17000, got: 17000.",
    ],
    [
      'existing servers with more slots than the door knows',
      { existingServers: [anExisting({ slots: 65 })] },
      '`existingServers[0].slots` must be at most runtime.maxSlots (64), got: 65.',
    ],
    [
      'one port for datagrams and health',
      { gateway: { healthPort: 17000 } },
      '`gateway.healthPort` must be another port than targetPort, got: 17000.',
    ],
    [
      'fewer gateways at most than at least',
      { gateway: { min: 3, max: 2 } },
      '`gateway.max` must be at least min (3), got: 2.',
    ],
    [
      'a subnet less than zones',
      {
        network: {
          vpc: {
            id: 'vpc-0123456789abcdef0',
            zones: ['eu-west-1a', 'eu-west-1b', 'eu-west-1c'],
            publicSubnetIds: ['subnet-01234567', 'subnet-12345678'],
          },
        },
      },
      '`network.vpc.publicSubnetIds` must be one for each of the 3 zones, got: ["subnet-01234567","subnet-12345678"].',
    ],
    [
      'a setting that follows from another field',
      { runtime: { probePort: 7001 } },
      '`runtime.probePort` must be left out: it follows from the other fields.',
    ],
    [
      'a wrong setting of the programs',
      { runtime: { keepalive: { timeoutMs: 1 } } },
      '`runtime.keepalive.timeoutMs` must be a whole number between 50 and 10000, got: 1.',
    ],
    [
      'more slots than the door knows',
      { fleets: [aFleet({ slots: 65 })] },
      '`fleets[0].slots` must be at most runtime.maxSlots (64), got: 65.',
    ],
    ['a list', [], '`the configuration` must be an object, got: [].'],
    [
      'a load adapter without its type',
      { fleets: [aFleet({ load: { adapter: 'gamedig' } })] },
      '`fleets[0].load.type` must be a game id of gamedig, got: nothing.',
    ],
    [
      'ports that are no object',
      { fleets: [aFleet({ ports: 7777 })] },
      '`fleets[0].ports` must be an object of at most 8 keys, got: 7777.',
    ],
  ])('refuses %s', (_what, input, problem) => {
    expect(problemsOf(input)).toEqual([problem]);
  });

  it('lets no mistake hide one between fields', () => {
    expect(
      problemsOf({
        gateway: { targetPort: 7777 },
        runtime: { maxSlots: 2 },
        fleets: [aFleet({ capacity: 0 }), aFleet({ slots: 3, diskGib: 1 }), 'none', { app: 'arena' }],
        existingServers: [anExisting(), anExisting({ ports: 'all' })],
        assign: 7,
      }),
    ).toEqual([
      '`assign` must be an object, got: 7.',
      '`fleets[0].capacity` must be a whole number between 1 and 100000, got: 0.',
      '`fleets[1].diskGib` must be a whole number between 2 and 16384, got: 1.',
      '`fleets[2]` must be an object, got: none.',
      '`fleets[3].name` must be 1 to 24 characters of a-z, 0-9 and -, beginning with a letter, got: nothing.',
      '`fleets[3].capacity` must be a whole number between 1 and 100000, got: nothing.',
      '`existingServers[1].ports` must be an object of at most 8 keys, got: all.',
      '`fleets[1].name` must be a name that no other one has, got: arena.',
      '`existingServers[1].join` must be a name that no other one has, got: old.',
      "`fleets[0].ports.game` must be a range without the gateway's target port 7777, got: 7777.",
      "`fleets[1].ports.game` must be a range without the gateway's target port 7777, got: 7777.",
      "`fleets[3].ports.game` must be a range without the gateway's target port 7777, got: 7777.",
      "`existingServers[0].ports.game` must be a range without the gateway's target port 7777, got: 7777.",
      '`fleets[1].slots` must be at most runtime.maxSlots (2), got: 3.',
    ]);
  });

  it('bears fields of any kind', () => {
    for (const field of ['gateway', 'fleets', 'existingServers', 'runtime', 'network', 'domain', 'assign']) {
      for (const value of [null, 7, 'x', [], [null], {}, [{}], [[]]]) {
        expect(() => problemsOf({ [field]: value })).not.toThrow();
      }
    }
  });

  it('refuses a certificate without a name for it', () => {
    const certificateArn = 'arn:aws:acm:eu-west-1:123456789012:certificate/0b0c0d0e';
    expect(problemsOf({ domain: { certificateArn } })).toEqual(['`domain.name` must be a domain name, got: nothing.']);
    expect(problemsOf({ certificateArn })[0]).toMatch(/^`certificateArn` must be left out: there is no such key;/);
  });

  it('blames a wrong probe port alone, not the fleets that take it over', () => {
    expect(problemsOf({ probePort: 70_000 })).toEqual([
      '`probePort` must be a whole number between 1 and 65535, got: 70000.',
    ]);
  });

  it('sends requests that name no app to the first fleet’s', () => {
    expect(parseDeployConfig({ fleets: [aFleet()] }).defaultApp).toBe('arena');
    expect(parseDeployConfig({ fleets: [aFleet()], defaultApp: 'other' }).defaultApp).toBe('other');
    expect(parseDeployConfig({ fleets: [] }).defaultApp).toBe('world');
  });
});
