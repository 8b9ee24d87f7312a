import { join } from 'node:path';
import { DOOR_MALLOC, DOOR_NODE_FLAGS } from '../door/node-flags.ts';
import type { Machine } from './fleet.ts';
import type { LocalOptions } from './options.ts';
import type { LocalProcess, Processes } from './processes.ts';
import { serverDoorPorts } from './settings.ts';

/** Who answers probe requests: a gateway, or the agents of all machines. */
export interface LocalDoor {
  /** `ip:port`; of several doors the first. */
  readonly address: string;
  /** Health of every door. */
  readonly healthUrls: readonly string[];
  readonly processes: readonly LocalProcess[];
}

/** The gateway, in a process of its own. */
export function startGateway(
  { bind, probePort, httpPort }: LocalOptions,
  { processes, distDir }: { readonly processes: Processes; readonly distDir: string },
): LocalDoor {
  const healthPort = httpPort + 1;
  const flags = [
    ...['--bind', bind, '--port', String(probePort)],
    ...['--health-bind', bind, '--health-port', String(healthPort)],
  ];
  const gateway = processes.start('door', join(distDir, 'door/door.mjs'), flags, DOOR_MALLOC, DOOR_NODE_FLAGS);
  return {
    address: `${bind}:${probePort}`,
    healthUrls: [`http://${bind}:${healthPort}/healthz`],
    processes: [gateway],
  };
}

/** The agents of the machines, which answer for the door themselves. */
export function doorOfServers(options: LocalOptions, machines: readonly Machine[]): LocalDoor {
  const { port, healthPort } = serverDoorPorts(options);
  return {
    address: `${machines[0]?.address}:${port}`,
    healthUrls: machines.map(({ address }) => `http://${address}:${healthPort}/healthz`),
    processes: [],
  };
}
