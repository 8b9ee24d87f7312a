import { isIPv4 } from 'node:net';
import { ConfigError } from '../core/errors.ts';
import type { RegistryStore } from '../core/ports.ts';
import { type Placement, parseRowKey, rowKey, serverId } from '../core/registry/row.ts';
import type { AgentOptions } from './options.ts';

/** What an operator says of slot `slot` of a machine that no registrar can look up. */
function enrolmentOf(options: AgentOptions, slot: number): Placement {
  const { identity, addresses, app, world, group, games, probePort, lobbyPort, capacity } = options;
  const machine = parseRowKey(rowKey(identity, slot))?.machine;
  if (machine === undefined || app === undefined) throw new ConfigError(['`--identity` must be op:<id> to enrol.']);
  const ipv4 = addresses.find((text) => isIPv4(text));
  const ipv6 = addresses.find((text) => !isIPv4(text));
  return {
    id: serverId(machine, slot),
    ...(ipv4 !== undefined && { ipv4 }),
    ...(ipv6 !== undefined && { ipv6 }),
    ports: {
      game: games[slot]?.port ?? 0,
      probe: probePort + slot,
      ...(lobbyPort !== undefined && { lobby: lobbyPort + slot }),
    },
    zone: 'enrolled',
    app,
    world,
    group,
    labels: {},
    maxCapacity: capacity,
  };
}

/** Writes a verified row for each slot, with the operator's right. Throws OnedoorError `registry.*`. */
export async function enrol(options: AgentOptions, store: Pick<RegistryStore, 'enrol'>): Promise<void> {
  for (const slot of options.games.keys())
    await store.enrol(rowKey(options.identity, slot), enrolmentOf(options, slot));
}
