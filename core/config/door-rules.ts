import { isStateless, STATELESS_POLICIES } from '../select/create-policy.ts';
import type { DeployConfig, RuntimeSettings } from './deploy-config.ts';
import type { FleetConfig } from './fleet-config.ts';
import { mistake } from './schema.ts';

/** Targets for UDP on one port of a network load balancer (Elastic Load Balancing, "Quotas for your NLBs"). */
export const MAX_DOOR_SERVERS = 400;
/** Spreads clients behind one address too. */
const SERVERS_POLICY = 'stateless-5';
/** Each server reads the roster: once a second, 400 of them would cost many times what gateways do. */
const SERVERS_REFRESH_MS = 5_000;

type Servers = Pick<FleetConfig, 'ports' | 'slots'>;

/** What the way of answering demands of the other fields. Fields that are wrong by themselves are passed over. */
export function doorProblems(config: DeployConfig): readonly string[] {
  const settings = typeof config.runtime === 'object' && config.runtime !== null ? config.runtime : {};
  const always = [...targetPortsApart(config), ...appsApart(config), ...dutyAlone(settings)];
  return config.door === 'servers' ? [...always, ...fewEnough(config), ...stateless(settings)] : always;
}

/** The programs' settings; where servers are the door, with a policy by which each names the same one, and fewer readings. */
export function doorSettings({ door, runtime }: DeployConfig): RuntimeSettings {
  if (door !== 'servers') return runtime;
  return { policy: SERVERS_POLICY, rosterRefreshMs: SERVERS_REFRESH_MS, ...runtime };
}

/** A client may talk to a machine through the load balancer and directly: on one port these flows share a 5-tuple. */
function targetPortsApart({ door, fleets, existingServers, gateway }: DeployConfig): readonly string[] {
  const { targetPort, healthPort } = gateway;
  // On a gateway the check has the machine to itself.
  const taken = [[targetPort, 'target'] as const, ...(door === 'servers' ? [[healthPort, 'health'] as const] : [])];
  const clashes = (path: string, { ports, slots }: Servers): readonly string[] =>
    Object.entries(ports ?? {}).flatMap(([role, first]) =>
      taken
        .filter(([own]) => own >= first && own < first + slots)
        .map(([own, what]) =>
          mistake(`${path}.ports.${role}`, `a range without the gateway's ${what} port ${own}`, first),
        ),
    );
  return [
    ...fleets.flatMap((fleet, index) => clashes(`fleets[${index}]`, fleet)),
    ...existingServers.flatMap((servers, index) => clashes(`existingServers[${index}]`, servers)),
  ];
}

/** A classic answer names no port: the app's own port is all that keeps a client from another app's server. */
function appsApart({ fleets }: DeployConfig): readonly string[] {
  const range = ({ ports, slots }: FleetConfig): readonly [number, number] => [ports?.['game'] ?? 0, slots];
  return fleets.flatMap((fleet, index) => {
    const [first, slots] = range(fleet);
    if (fleet.app === undefined) return [];
    const other = fleets.slice(0, index).findIndex((each) => {
      const [theirs, count] = range(each);
      return each.app !== undefined && each.app !== fleet.app && first < theirs + count && theirs < first + slots;
    });
    if (other < 0) return [];
    const must = `apart from those of fleets[${other}], which runs another app: a classic answer carries no port`;
    return [mistake(`fleets[${index}].ports.game`, must, first)];
  });
}

function dutyAlone({ duty, doors }: RuntimeSettings): readonly string[] {
  const why = 'behind the load balancer each request reaches one door';
  return [
    ...(duty === undefined || duty === 'active' ? [] : [mistake('runtime.duty', `active: ${why}`, duty)]),
    ...(doors === undefined ? [] : [mistake('runtime.doors', `left out: ${why}`, doors)]),
  ];
}

function fewEnough({ fleets }: DeployConfig): readonly string[] {
  const servers = fleets.reduce((sum, { max, slots }) => sum + max * slots, 0);
  if (servers > MAX_DOOR_SERVERS) {
    const must = `at most ${MAX_DOOR_SERVERS} servers (max × slots of all) where door is servers: a load balancer has no more targets for UDP on one port`;
    return [mistake('fleets', must, servers)];
  }
  return servers === 0 ? [mistake('fleets', 'at least one server where door is servers', 0)] : [];
}

function stateless({ policy, answers, notify }: RuntimeSettings): readonly string[] {
  const must = `${STATELESS_POLICIES.join(' or ')} where door is servers: each must name the same server`;
  return [
    ...(policy === undefined || isStateless(policy) ? [] : [mistake('runtime.policy', must, policy)]),
    ...(answers === undefined || answers === 'door'
      ? []
      : [mistake('runtime.answers', 'door where door is servers: agents cannot sign', answers)]),
    ...(notify ? [mistake('runtime.notify', 'false where door is servers: agents cannot sign', notify)] : []),
  ];
}
