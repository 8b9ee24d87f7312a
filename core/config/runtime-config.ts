import { DEFAULT_TIMING, type SeatTiming, timingProblems } from '../registry/timing.ts';
import { POLICY_NAMES } from '../select/create-policy.ts';
import { DUTY_NAMES, type DutyName } from '../select/duty.ts';
import type { PolicyName } from '../select/policy.ts';
import { parseAddress } from '../wire/address.ts';
import { PROBE_TYPE } from '../wire/limits.ts';
import type { KeepaliveTiming } from '../wire/packet.ts';
import {
  flag,
  integer,
  list,
  mistake,
  oneOf,
  parse,
  type Rule,
  record,
  refine,
  shape,
  text,
  withDefault,
} from './schema.ts';

/**
 * What functions, gateways and agents are told at start, as JSON in `ONEDOOR_CONFIG`. Everything has a default, so an
 * absent variable is a working deployment. docs/CONFIGURATION.md explains each field and the price of turning it.
 */
export interface RuntimeConfig {
  /** Name of the deployment: `iss` of its tickets. 1..24 characters of a-z, 0-9 and `-`. */
  readonly deployment: string;
  /** App of requests that name none, and of every classic request. */
  readonly defaultApp: string;
  readonly policy: PolicyName;
  /** Groups to try after a group that has nothing to give, best first; all others follow in the end. */
  readonly groupFallback: Readonly<Record<string, readonly string[]>>;
  /** The public address of the door; what stateless policies reckon with. */
  readonly serviceAddress: string;
  /** Port of the door, and of slot 0's probe port on every server (slot n: + n). */
  readonly probePort: number;
  /** Most slots of one machine: packets from `probePort` .. `probePort + maxSlots - 1` are never requests. */
  readonly maxSlots: number;
  /** Type field of every packet. */
  readonly packetType: number;
  /** Age of a beat from which its server is not given out. Three beats, or one lost beat hides a healthy server. */
  readonly freshMs: number;
  /** Shortest time between two readings of the roster. */
  readonly rosterRefreshMs: number;
  readonly keepalive: KeepaliveTiming;
  readonly timing: SeatTiming;
  /** Who answers UDP clients: the door, or their assigned server for it (docs/NAT.md says where that arrives). */
  readonly answers: 'door' | 'server';
  /** Gateways tell the assigned server of each client before it comes. */
  readonly notify: boolean;
  /** Who answers where several gateways get one request. */
  readonly duty: DutyName;
  /** Health ports (`ip:port`) of the gateways that share a duty, in the order of their rank; alike at all of them. */
  readonly doors: readonly string[];
  /** Part of a server's capacity that is kept back for clients of lost servers while the registry is away, in percent. */
  readonly failoverReservePercent: number;
  /** UDP requests without a cookie that a gateway serves with seats each second. */
  readonly unverifiedPerSecond: number;
  /** Requests of one source (an IPv4 address, an IPv6 /64) that a gateway or a function serves each second; 0: no limit. */
  readonly perSourcePerSecond: number;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
}

const name = text('1 to 32 characters without spaces or control characters', /^[^\s\p{Cc}]{1,32}$/u);

const address: Rule<string> = (value, path, problems) => {
  if (typeof value !== 'string' || !parseAddress(value)) problems.push(mistake(path, 'an IPv4 or IPv6 address', value));
  return value as string;
};

const keepalive = shape<KeepaliveTiming>({
  intervalSeconds: withDefault(integer(1, 3_600), 20),
  transmissions: withDefault(integer(1, 65_535), 10),
  timeoutMs: withDefault(integer(50, 10_000), 700),
});

const HOUR_MS = 3_600_000;
const MAX_DOORS = 16;
const HOST_PORT = /^(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-fA-F:.]{2,45}\]):\d{1,5}$/;
const duration = (fallback: number) => withDefault(integer(1, HOUR_MS), fallback);
const timing = refine(
  shape<SeatTiming>({
    holdMs: duration(DEFAULT_TIMING.holdMs),
    activateMs: duration(DEFAULT_TIMING.activateMs),
    handOverMs: duration(DEFAULT_TIMING.handOverMs),
    expireMs: duration(DEFAULT_TIMING.expireMs),
    beatMs: duration(DEFAULT_TIMING.beatMs),
  }),
  (value) => timingProblems(value),
);

/** Two doors of one name would both own what either owns. */
const doors = refine(
  list(text('an address and a port, ip:port or [ip]:port', HOST_PORT), 0, MAX_DOORS),
  (value, path) =>
    value.flatMap((door, index) =>
      value.indexOf(door) === index ? [] : [mistake(`${path}[${index}]`, 'a door that is not in the list yet', door)],
    ),
);

/** Whether there is an own one of that name is seen where it is made: the settings are data. */
const policyName = text(
  `one of ${POLICY_NAMES.join(', ')}, or own:NAME`,
  new RegExp(`^(${POLICY_NAMES.join('|')}|own:[a-z0-9-]{1,24})$`),
) as Rule<PolicyName>;

const fields = shape<RuntimeConfig>({
  deployment: withDefault(text('1 to 24 characters of a-z, 0-9 and -', /^[a-z0-9-]{1,24}$/), 'onedoor'),
  defaultApp: withDefault(name, 'world'),
  policy: withDefault(policyName, 'two-choices'),
  groupFallback: withDefault(record(name, list(name, 1, 32), 256), {}),
  serviceAddress: withDefault(address, '127.0.0.1'),
  probePort: withDefault(integer(1, 65_535), 7_000),
  maxSlots: withDefault(integer(1, 256), 64),
  packetType: withDefault(integer(1, 65_535), PROBE_TYPE),
  freshMs: withDefault(integer(100, HOUR_MS), 15_000),
  rosterRefreshMs: withDefault(integer(10, 60_000), 1_000),
  keepalive: withDefault(keepalive, {}),
  timing: withDefault(timing, {}),
  answers: withDefault(oneOf('door', 'server'), 'door'),
  notify: withDefault(flag, false),
  duty: withDefault(oneOf(...DUTY_NAMES), 'active'),
  doors: withDefault(doors, []),
  failoverReservePercent: withDefault(integer(0, 50), 5),
  unverifiedPerSecond: withDefault(integer(0, 1_000_000), 50),
  perSourcePerSecond: withDefault(integer(0, 1_000_000), 200),
  logLevel: withDefault(oneOf('debug', 'info', 'warn', 'error'), 'info'),
});

const runtimeConfig = refine(fields, ({ duty, doors: { length } }) =>
  duty === 'active' || length >= 2
    ? []
    : [mistake('doors', `a list of 2 to ${MAX_DOORS} where duty is ${duty}`, `${length}`)],
);

/**
 * Reads `ONEDOOR_CONFIG`. Throws ConfigError with every mistake, each with its path.
 * @param json the variable's text; undefined or empty: all defaults
 */
export function parseRuntimeConfig(json: string | undefined): RuntimeConfig {
  let value: unknown = {};
  if (json !== undefined && json !== '') {
    try {
      value = JSON.parse(json);
    } catch {
      value = json;
    }
  }
  return parse(runtimeConfig, value);
}

/**
 * Tells the deployment's probe ports, of servers and of a door at `own`: a packet from there is another machine's answer.
 */
export function probePortTest(
  { probePort, maxSlots }: Pick<RuntimeConfig, 'probePort' | 'maxSlots'>,
  own = probePort,
): (port: number) => boolean {
  return (port) => port === own || (port >= probePort && port < probePort + maxSlots);
}
