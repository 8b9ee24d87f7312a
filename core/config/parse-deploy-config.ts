import { ConfigError } from '../errors.ts';
import type {
  AssignConfig,
  DeployConfig,
  DerivedSetting,
  DomainConfig,
  GatewayConfig,
  NetworkConfig,
  RuntimeSettings,
} from './deploy-config.ts';
import type { ExistingServersConfig, FleetConfig, GameConfig, LoadConfig } from './fleet-config.ts';
import { parseRuntimeConfig } from './runtime-config.ts';
import {
  integer,
  list,
  mistake,
  oneOf,
  optional,
  parse,
  type Rule,
  record,
  refine,
  shape,
  text,
  variant,
  withDefault,
} from './schema.ts';

const DEFAULT_PROBE_PORT = 7000;

/** The retention periods of CloudWatch Logs (PutRetentionPolicy), up to a year. */
const RETENTION_DAYS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365];

const port = integer(1, 65535);
const identifier = text('1 to 24 characters of a-z, 0-9 and -, beginning with a letter', /^[a-z][a-z0-9-]{0,23}$/);
/** What may stand in an option of the probe protocol and in a tag of EC2 alike. */
const word = text('1 to 32 characters of letters, digits, space and + - = . _ : / @', /^[\w +\-=.:/@]{1,32}$/);
const instanceType = text('an instance type such as t4g.small', /^[a-z][a-z0-9-]*\.[a-z0-9-]+$/);
const command = text('a command of 1 to 1000 characters on one line', /^[^\n\r]{1,1000}$/);
const plainCommand = text('one line without quotes and backslashes', /^[^'"\\\n\r]{1,1000}$/);
const domainName = text('a domain name', /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/);

const load = variant<LoadConfig>('adapter', {
  api: shape({ adapter: oneOf('api') }),
  bzflag: shape({ adapter: oneOf('bzflag') }),
  teeworlds: shape({ adapter: oneOf('teeworlds') }),
  mumble: shape({ adapter: oneOf('mumble') }),
  gamedig: shape({ adapter: oneOf('gamedig'), type: text('a game id of gamedig', /^[a-z0-9_-]{1,40}$/) }),
  command: shape({ adapter: oneOf('command'), command: plainCommand }),
});

const game = variant<GameConfig>('kind', {
  sample: shape({ kind: oneOf('sample') }),
  image: shape({ kind: oneOf('image') }),
  archive: shape({ kind: oneOf('archive'), path: text('the path of a .tar.gz', /.\.tar\.gz$/), command }),
});

function fleet(probePort: number): Rule<FleetConfig> {
  const fields = shape<FleetConfig>({
    name: identifier,
    app: word,
    world: withDefault(word, 'main'),
    group: withDefault(word, 'main'),
    labels: withDefault(record(word, word, 8), {}),
    instanceTypes: withDefault(list(instanceType, 1, 10), ['t4g.small']),
    purchase: withDefault(oneOf('on-demand', 'spot'), 'on-demand'),
    min: withDefault(integer(0, 10_000), 1),
    max: withDefault(integer(0, 10_000), 4),
    slots: withDefault(integer(1, 100), 1),
    capacity: integer(1, 100_000),
    ports: portsOf(probePort),
    load: withDefault(load, { adapter: 'api' }),
    game: withDefault(game, { kind: 'sample' }),
    amiId: optional(text('the id of an image', /^ami-[0-9a-f]{8,17}$/)),
    diskGib: withDefault(integer(2, 16_384), 8),
    drainSeconds: withDefault(integer(30, 7200), 3600),
    targetUsePct: withDefault(integer(10, 95), 70),
  });
  return refine(fields, (value, path) => [...ordered(value, path), ...portsApart(value, path)]);
}

function existing(probePort: number): Rule<ExistingServersConfig> {
  const fields = shape<ExistingServersConfig>({
    join: identifier,
    architecture: withDefault(oneOf('x64', 'arm64'), 'x64'),
    slots: withDefault(integer(1, 100), 1),
    capacity: integer(1, 100_000),
    ports: portsOf(probePort),
    load: withDefault(load, { adapter: 'api' }),
  });
  return refine(fields, portsApart);
}

/** `game` and `probe` are always there. */
function portsOf(probePort: number): Rule<Readonly<Record<string, number>>> {
  const rule = record(identifier, port, 8);
  const defaults = { game: 7777, probe: probePort };
  return (value, ...rest) => {
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return rule(isObject ? { ...defaults, ...value } : (value ?? defaults), ...rest);
  };
}

function ordered(range: { readonly min: number; readonly max: number }, path: string): readonly string[] {
  return range.min <= range.max ? [] : [mistake(`${path}.max`, `at least min (${range.min})`, range.max)];
}

/** What the loopback API of the agents is called in a complaint about ports. */
const AGENT_API = 'the agent’s API';

/** Slot n of a role has that role's port + n, so the ranges of two roles must not meet. */
function portsApart({ ports, slots }: Pick<FleetConfig, 'ports' | 'slots'>, path: string): readonly string[] {
  const roles = Object.entries({ ...ports, [AGENT_API]: 7100 }).sort(([, a], [, b]) => a - b);
  return roles.flatMap(([role, first], index) => {
    const [nextRole, next] = roles[index + 1] ?? ['the last port', 65_536];
    if (first + slots - 1 < next) return [];
    const [blamed, other] = role === AGENT_API ? [nextRole, role] : [role, nextRole];
    const must = `at least ${slots} ports away from ${other}, since slot n has the port + n`;
    return [mistake(`${path}.ports.${blamed}`, must, ports[blamed])];
  });
}

const domain: Rule<DomainConfig> = shape<DomainConfig>({
  name: domainName,
  certificateArn: text('the ARN of an ACM certificate', /^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate\/[\w-]+$/),
  zone: optional(shape({ id: text('the id of a hosted zone', /^Z[A-Z0-9]{1,32}$/), name: domainName })),
});

const network: Rule<NetworkConfig> = refine(
  shape<NetworkConfig>({
    maxAzs: withDefault(integer(2, 3), 2),
    vpc: optional(
      shape({
        id: text('the id of a VPC', /^vpc-[0-9a-f]{8,17}$/),
        zones: list(text('an availability zone', /^[a-z]{2}(-[a-z]+)+-\d[a-z]$/), 2, 3),
        publicSubnetIds: list(text('the id of a subnet', /^subnet-[0-9a-f]{8,17}$/), 2, 3),
      }),
    ),
  }),
  ({ vpc }, path) =>
    vpc && vpc.zones.length !== vpc.publicSubnetIds.length
      ? [mistake(`${path}.vpc.publicSubnetIds`, `one for each of the ${vpc.zones.length} zones`, vpc.publicSubnetIds)]
      : [],
);

const assign: Rule<AssignConfig> = shape<AssignConfig>({
  memoryMib: withDefault(integer(256, 10_240), 1024),
  provisionedConcurrency: withDefault(integer(0, 1000), 0),
});

const gateway: Rule<GatewayConfig> = refine(
  shape<GatewayConfig>({
    instanceType: withDefault(instanceType, 't4g.small'),
    min: withDefault(integer(1, 100), 2),
    max: withDefault(integer(1, 100), 4),
    targetPort: withDefault(port, 17_000),
    healthPort: withDefault(port, 17_080),
  }),
  (value, path) => [
    ...ordered(value, path),
    ...(value.targetPort === value.healthPort
      ? [mistake(`${path}.healthPort`, 'another port than targetPort', value.healthPort)]
      : []),
  ],
);

/** The fleet that `{}` deploys: the sample world, so that the first probe has somewhere to go. */
const SAMPLE_FLEET = { name: 'sample', app: 'world', min: 2, max: 2, capacity: 16 };

function deployment(probePort: number, app: string): Rule<DeployConfig> {
  const fields = shape<DeployConfig>({
    deployment: withDefault(identifier, 'onedoor'),
    probePort: withDefault(port, DEFAULT_PROBE_PORT),
    domain: optional(domain),
    defaultApp: withDefault(word, app),
    runtime: withDefault(runtime, {}),
    network: withDefault(network, {}),
    assign: withDefault(assign, {}),
    gateway: withDefault(gateway, {}),
    fleets: withDefault(list(fleet(probePort), 0, 50), [SAMPLE_FLEET]),
    existingServers: withDefault(list(existing(probePort), 0, 50), []),
    keyRotationDays: withDefault(integer(1, 365), 30),
    alarmEmail: optional(text('an address', /^[^@\s]+@[^@\s]+$/)),
    registryRemoval: withDefault(oneOf('retain', 'destroy'), 'retain'),
    logRetentionDays: withDefault(retention, 30),
    permissionsBoundaryArn: optional(text('the ARN of a policy', /^arn:aws[a-z-]*:iam::(\d{12}|aws):policy\/.+$/)),
    qualifier: optional(text('1 to 10 letters and digits', /^[a-z0-9]{1,10}$/)),
  });
  return refine(fields, (config) => [...namesApart(config), ...targetPortApart(config), ...slotsKnown(config)]);
}

/** Derived from other fields, so that the two can never differ. */
const DERIVED: readonly DerivedSetting[] = ['deployment', 'defaultApp', 'serviceAddress', 'probePort'];

const runtime: Rule<RuntimeSettings> = (value, path, problems) => {
  const derived = DERIVED.filter((key) => typeof value === 'object' && value !== null && key in value);
  problems.push(...derived.map((key) => `\`${path}.${key}\` must be left out: it follows from the other fields.`));
  try {
    parseRuntimeConfig(JSON.stringify(value));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.push(...error.problems.map((problem) => problem.replace(/^`/, `\`${path}.`)));
  }
  return value as RuntimeSettings;
};

/** Packets from a probe port are never requests; beyond `maxSlots` the door would not know that port as one. */
function slotsKnown({ fleets, existingServers, runtime: settings }: DeployConfig): readonly string[] {
  const { maxSlots } = parseRuntimeConfig(JSON.stringify(settings));
  const tooMany = (path: string, slots: number): readonly string[] =>
    slots <= maxSlots ? [] : [mistake(`${path}.slots`, `at most runtime.maxSlots (${maxSlots})`, slots)];
  return [
    ...fleets.flatMap(({ slots }, index) => tooMany(`fleets[${index}]`, slots)),
    ...existingServers.flatMap(({ slots }, index) => tooMany(`existingServers[${index}]`, slots)),
  ];
}

const retention: Rule<number> = (value, path, problems) => {
  if (!RETENTION_DAYS.includes(value as number)) {
    problems.push(mistake(path, `one of ${RETENTION_DAYS.join(', ')}`, value));
  }
  return value as number;
};

function namesApart({ fleets, existingServers }: DeployConfig): readonly string[] {
  const twice = (names: readonly string[], path: (index: number) => string): readonly string[] =>
    names.flatMap((name, index) =>
      names.indexOf(name) === index ? [] : [mistake(path(index), 'a name that no other one has', name)],
    );
  return [
    ...twice(
      fleets.map(({ name }) => name),
      (index) => `fleets[${index}].name`,
    ),
    ...twice(
      existingServers.map(({ join }) => join),
      (index) => `existingServers[${index}].join`,
    ),
  ];
}

/** A client may talk to a machine through the load balancer and directly: on one port these flows share a 5-tuple. */
function targetPortApart({ fleets, existingServers, gateway: { targetPort } }: DeployConfig): readonly string[] {
  const clashes = (path: string, { ports, slots }: Pick<FleetConfig, 'ports' | 'slots'>): readonly string[] =>
    Object.entries(ports)
      .filter(([, first]) => targetPort >= first && targetPort < first + slots)
      .map(([role, first]) =>
        mistake(`${path}.ports.${role}`, `a range without the gateway's target port ${targetPort}`, first),
      );
  return [
    ...fleets.flatMap((fleet, index) => clashes(`fleets[${index}]`, fleet)),
    ...existingServers.flatMap((servers, index) => clashes(`existingServers[${index}]`, servers)),
  ];
}

/** The configuration with its defaults. Throws ConfigError with every mistake. */
export function parseDeployConfig(input: unknown): DeployConfig {
  // Some defaults follow from other fields; a wrong one of these is complained about where it stands.
  const { probePort, fleets } = (typeof input === 'object' && input !== null ? input : {}) as Record<string, unknown>;
  const isPort = typeof probePort === 'number' && probePort >= 1 && probePort <= 65_535;
  const app = Array.isArray(fleets) ? (fleets[0] as { app?: unknown } | undefined)?.app : undefined;
  const rule = deployment(isPort ? probePort : DEFAULT_PROBE_PORT, typeof app === 'string' ? app : SAMPLE_FLEET.app);
  return parse(rule, input);
}
