import type { Placement } from '../../core/registry/row.ts';
import type { AgonesFacts } from './facts.ts';

export interface DocumentOf {
  readonly facts: AgonesFacts;
  /** The word to show: silence and sessions count too. */
  readonly state: string;
  /** Undefined until the registrar has found the server. */
  readonly placement: Placement | undefined;
  /** Name where there is no placement yet. */
  readonly key: string;
  readonly healthSeconds: number;
}

/** Silence of so many periods makes a build unhealthy. */
const FAILURE_THRESHOLD = 3;

/**
 * The GameServer of Agones' SDK as JSON: fields and spelling of sdks/swagger/sdk.swagger.json in googleforgames/agones,
 * whole numbers of 64 bits as texts, as protobuf writes them.
 */
export function gameServerDocument({ facts, state, placement, key, healthSeconds }: DocumentOf) {
  const { players, counters, lists } = facts;
  const { game, ...others } = placement?.ports ?? {};
  const addresses = [placement?.ipv4, placement?.ipv6].filter((address) => address !== undefined);
  const name = placement?.id ?? key;
  return {
    object_meta: {
      name,
      namespace: placement?.group ?? 'default',
      uid: key,
      resource_version: String(facts.version),
      generation: '1',
      creation_timestamp: String(facts.createdS),
      annotations: facts.annotations,
      labels: { ...placement?.labels, ...facts.labels },
    },
    spec: {
      health: {
        disabled: false,
        period_seconds: Math.max(1, Math.floor(healthSeconds / FAILURE_THRESHOLD)),
        failure_threshold: FAILURE_THRESHOLD,
        initial_delay_seconds: healthSeconds,
      },
    },
    status: {
      state,
      address: addresses[0] ?? '',
      addresses: addresses.map((address) => ({ type: 'ExternalIP', address })),
      ports: [
        ...(game === undefined ? [] : [{ name: 'default', port: game }]),
        ...Object.entries(others).map(([role, port]) => ({ name: role, port })),
      ],
      players: { count: String(players.ids.length), capacity: String(players.capacity), ids: players.ids },
      counters: mapValues(counters, ({ count, capacity }) => ({ count: String(count), capacity: String(capacity) })),
      lists: mapValues(lists, ({ capacity, values }) => ({ capacity: String(capacity), values })),
    },
  };
}

function mapValues<T, U>(all: Readonly<Record<string, T>>, map: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [name, map(value)]));
}
