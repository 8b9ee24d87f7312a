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
import { doorProblems, doorSettings } from './door-rules.ts';
import { existing, fleet, identifier, instanceType, ordered, port, word } from './fleet-rules.ts';
import { parseRuntimeConfig } from './runtime-config.ts';
import {
  flag,
  integer,
  list,
  mistake,
  oneOf,
  optional,
  parse,
  type Rule,
  refine,
  refineAnyway,
  shape,
  text,
  withDefault,
} from './schema.ts';

const DEFAULT_PROBE_PORT = 7000;

/** The retention periods of CloudWatch Logs (PutRetentionPolicy), up to a year. */
const RETENTION_DAYS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365];

const domainName = text('a domain name', /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/);

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
    door: withDefault(oneOf('gateways', 'servers'), 'gateways'),
    gateway: withDefault(gateway, {}),
    fleets: withDefault(list(fleet(probePort), 0, 50), [SAMPLE_FLEET]),
    existingServers: withDefault(list(existing(probePort), 0, 50), []),
    keyRotationDays: withDefault(integer(1, 365), 30),
    alarmEmail: optional(text('an address', /^[^@\s]+@[^@\s]+$/)),
    agentMetrics: withDefault(flag, false),
    registryRemoval: withDefault(oneOf('retain', 'destroy'), 'retain'),
    logRetentionDays: withDefault(retention, 30),
    permissionsBoundaryArn: optional(text('the ARN of a policy', /^arn:aws[a-z-]*:iam::(\d{12}|aws):policy\/.+$/)),
    qualifier: optional(text('1 to 10 letters and digits', /^[a-z0-9]{1,10}$/)),
  });
  return refineAnyway(fields, (config) => [...namesApart(config), ...doorProblems(config), ...slotsKnown(config)]);
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

/** Of settings that are wrong nothing follows. */
function maxSlotsOf(settings: RuntimeSettings): number {
  try {
    return parseRuntimeConfig(JSON.stringify(settings)).maxSlots;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** Packets from a probe port are never requests; beyond `maxSlots` the door would not know that port as one. */
function slotsKnown({ fleets, existingServers, runtime: settings }: DeployConfig): readonly string[] {
  const maxSlots = maxSlotsOf(settings);
  const tooMany = (path: string, slots: number): readonly string[] =>
    !(slots > maxSlots) ? [] : [mistake(`${path}.slots`, `at most runtime.maxSlots (${maxSlots})`, slots)];
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
      name === undefined || names.indexOf(name) === index
        ? []
        : [mistake(path(index), 'a name that no other one has', name)],
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

/** The configuration with its defaults. Throws ConfigError with every mistake. */
export function parseDeployConfig(input: unknown): DeployConfig {
  // Some defaults follow from other fields; a wrong one of these is complained about where it stands.
  const { probePort, fleets } = (typeof input === 'object' && input !== null ? input : {}) as Record<string, unknown>;
  const isPort = typeof probePort === 'number' && probePort >= 1 && probePort <= 65_535;
  const app = Array.isArray(fleets) ? (fleets[0] as { app?: unknown } | undefined)?.app : undefined;
  const rule = deployment(isPort ? probePort : DEFAULT_PROBE_PORT, typeof app === 'string' ? app : SAMPLE_FLEET.app);
  const config = parse(rule, input);
  return { ...config, runtime: doorSettings(config) };
}
