import type { AgonesLoadConfig, ExistingServersConfig, FleetConfig, GameConfig, LoadConfig } from './fleet-config.ts';
import {
  integer,
  list,
  mistake,
  oneOf,
  optional,
  type Rule,
  record,
  refine,
  shape,
  text,
  variant,
  withDefault,
} from './schema.ts';

export const port = integer(1, 65535);
export const identifier = text(
  '1 to 24 characters of a-z, 0-9 and -, beginning with a letter',
  /^[a-z][a-z0-9-]{0,23}$/,
);
/** What may stand in an option of the probe protocol and in a tag of EC2 alike. */
export const word = text('1 to 32 characters of letters, digits, space and + - = . _ : / @', /^[\w +\-=.:/@]{1,32}$/);
export const instanceType = text('an instance type such as t4g.small', /^[a-z][a-z0-9-]*\.[a-z0-9-]+$/);
const AGONES_SESSIONS = /^(players|tickets|(counter|list):[A-Za-z0-9._-]{1,63})$/;
const command = text('a command of 1 to 1000 characters on one line', /^[^\n\r]{1,1000}$/);
const program = text(
  'the path of a program, without spaces, quotes, backslashes and arguments (it gets the game’s address and port)',
  /^[^\s'"\\]{1,1000}$/,
);

const agonesName = text('1 to 63 characters of letters, digits and . _ -', /^[A-Za-z0-9._-]{1,63}$/);
const agones = refine(
  shape<AgonesLoadConfig>({
    adapter: oneOf('agones'),
    sessions: withDefault(text('players, tickets, counter:<name> or list:<name>', AGONES_SESSIONS), 'players'),
    port: withDefault(port, 9_358),
    healthSeconds: withDefault(integer(1, 3_600), 15),
    counters: withDefault(record(agonesName, text('count/capacity, such as 0/10', /^\d{1,15}\/\d{1,15}$/), 32), {}),
    lists: withDefault(record(agonesName, integer(0, 1_000), 32), {}),
  }),
  ({ sessions, counters, lists }, path) => {
    const [kind, name = ''] = sessions.split(':');
    const declared = kind === 'counter' ? counters : kind === 'list' ? lists : undefined;
    if (!declared || Object.hasOwn(declared, name)) return [];
    return [mistake(`${path}.sessions`, `a ${kind} that ${path}.${kind}s declares`, name)];
  },
);

const load = variant<LoadConfig>('adapter', {
  api: shape({ adapter: oneOf('api') }),
  bzflag: shape({ adapter: oneOf('bzflag') }),
  teeworlds: shape({ adapter: oneOf('teeworlds') }),
  mumble: shape({ adapter: oneOf('mumble') }),
  agones,
  gamedig: shape({ adapter: oneOf('gamedig'), type: text('a game id of gamedig', /^[a-z0-9_-]{1,40}$/) }),
  command: shape({ adapter: oneOf('command'), command: program }),
});

const game = variant<GameConfig>('kind', {
  sample: shape({ kind: oneOf('sample') }),
  image: shape({ kind: oneOf('image') }),
  command: shape({ kind: oneOf('command'), install: command, command }),
  archive: shape({
    kind: oneOf('archive'),
    path: text('the path of a .tar.gz, or for Windows a .zip', /.\.(tar\.gz|zip)$/),
    command,
  }),
});

/** Windows wants other machines. */
const WINDOWS_DEFAULTS = { instanceTypes: ['t3.medium'], diskGib: 30 };

/** Of one fleet. */
export function fleet(probePort: number): Rule<FleetConfig> {
  const linux = fleetOf(probePort, { instanceTypes: ['t4g.small'], diskGib: 8 });
  const windows = fleetOf(probePort, WINDOWS_DEFAULTS);
  return (value, ...rest) => {
    const isWindows = (value as { platform?: unknown } | null | undefined)?.platform === 'windows';
    return (isWindows ? windows : linux)(value, ...rest);
  };
}

function fleetOf(probePort: number, defaults: Pick<FleetConfig, 'instanceTypes' | 'diskGib'>): Rule<FleetConfig> {
  const fields = shape<FleetConfig>({
    name: identifier,
    app: word,
    world: withDefault(word, 'main'),
    group: withDefault(word, 'main'),
    labels: withDefault(record(word, word, 8), {}),
    platform: withDefault(oneOf('linux', 'windows'), 'linux'),
    instanceTypes: withDefault(list(instanceType, 1, 10), defaults.instanceTypes),
    purchase: withDefault(oneOf('on-demand', 'spot'), 'on-demand'),
    min: withDefault(integer(0, 10_000), 1),
    max: withDefault(integer(0, 10_000), 4),
    slots: withDefault(integer(1, 100), 1),
    capacity: integer(1, 100_000),
    ports: portsOf(probePort),
    load: withDefault(load, { adapter: 'api' }),
    game: withDefault(game, { kind: 'sample' }),
    amiId: optional(text('the id of an image', /^ami-[0-9a-f]{8,17}$/)),
    diskGib: withDefault(integer(2, 16_384), defaults.diskGib),
    drainSeconds: withDefault(integer(30, 7200), 3600),
    targetUsePct: withDefault(integer(10, 95), 70),
  });
  return refine(fields, (value, path) => [
    ...ordered(value, path),
    ...portsApart(value, path),
    ...fitsPlatform(value, path),
  ]);
}

/** Types whose family names a Graviton processor: `t4g`, `c7gn`, `a1`. */
const ARM_TYPE = /^(a1|[a-z]+\d+g[a-z]*)\./;

function fitsPlatform({ platform, instanceTypes, diskGib, game }: FleetConfig, path: string): readonly string[] {
  const arm = instanceTypes.filter((type) => ARM_TYPE.test(type));
  const mixed = arm.length > 0 && arm.length < instanceTypes.length;
  const problems = mixed
    ? [mistake(`${path}.instanceTypes`, 'types of one architecture', instanceTypes.join(', '))]
    : [];
  if (platform === 'linux') {
    const isZip = game.kind === 'archive' && game.path.endsWith('.zip');
    return isZip ? [...problems, mistake(`${path}.game.path`, 'the path of a .tar.gz', game.path)] : problems;
  }
  if (arm.length > 0 && !mixed)
    problems.push(mistake(`${path}.instanceTypes`, 'x64 types for Windows', arm.join(', ')));
  if (diskGib < WINDOWS_DEFAULTS.diskGib) {
    problems.push(mistake(`${path}.diskGib`, `at least ${WINDOWS_DEFAULTS.diskGib} for Windows`, diskGib));
  }
  return problems;
}

/** Of one kind of machines that are there already. */
export function existing(probePort: number): Rule<ExistingServersConfig> {
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

export function ordered(range: { readonly min: number; readonly max: number }, path: string): readonly string[] {
  return range.min <= range.max ? [] : [mistake(`${path}.max`, `at least min (${range.min})`, range.max)];
}

/** Loopback port of slot 0's API for the game on every machine; slot n has it + n. */
export const AGENT_API_PORT = 7100;
/** What the port of Agones' SDK is called there. */
const AGONES_SDK = 'the SDK of Agones';
/** What the loopback API of the agents is called in a complaint about ports. */
const AGENT_API = 'the agent’s API';

/** Slot n of a role has that role's port + n, so the ranges of two roles must not meet. */
function portsApart(
  { ports, slots, load }: Pick<FleetConfig, 'ports' | 'slots' | 'load'>,
  path: string,
): readonly string[] {
  const loopback = { [AGENT_API]: AGENT_API_PORT, ...(load.adapter === 'agones' && { [AGONES_SDK]: load.port }) };
  const roles = Object.entries({ ...ports, ...loopback }).sort(([, a], [, b]) => a - b);
  return roles.flatMap(([role, first], index) => {
    const [nextRole, next] = roles[index + 1] ?? ['the last port', 65_536];
    if (first + slots - 1 < next) return [];
    const [blamed, other] = role in loopback && nextRole in ports ? [nextRole, role] : [role, nextRole];
    const must = `at least ${slots} ports away from ${other}, since slot n has the port + n`;
    if (!(blamed in loopback)) return [mistake(`${path}.ports.${blamed}`, must, ports[blamed])];
    return [mistake(`${path}.load.port`, must, loopback[AGONES_SDK])];
  });
}
