import { isIPv4 } from 'node:net';
import { ConfigError } from '../core/errors.ts';
import type { RegistryStore } from '../core/ports.ts';
import { operatorUserId, type Placement, rowKey, serverId } from '../core/registry/row.ts';

/** What an operator says of a machine that no registrar can look up. */
export interface Enrolment {
  /** Name of the machine, without the `op:` of its row keys. */
  readonly machine: string;
  /** One of either family, or one of each. */
  readonly addresses: readonly string[];
  readonly app: string;
  readonly world: string;
  readonly group: string;
  /** Game port of each slot. */
  readonly gamePorts: readonly number[];
  /** Of slot 0; slot n has it + n. */
  readonly probePort: number;
  readonly lobbyPort?: number;
  /** Most sessions of one slot, whatever its agent says. */
  readonly capacity: number;
}

/** Ids stand in URLs and packets: a machine's name and its slot in at most 24 characters. */
const MACHINE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,20}$/;

/** What is wrong with the name of a machine, as a list of sentences. */
export function machineProblems(machine: string): string[] {
  if (MACHINE.test(machine)) return [];
  return [`the machine’s name must be 1 to 21 characters of A-Z, a-z, 0-9, ".", "_" and "-", got: ${machine}.`];
}

function placementOf(enrolment: Enrolment, slot: number, gamePort: number): Placement {
  const { machine, addresses, app, world, group, probePort, lobbyPort, capacity } = enrolment;
  const ipv4 = addresses.find((text) => isIPv4(text));
  const ipv6 = addresses.find((text) => !isIPv4(text));
  return {
    id: serverId(machine, slot),
    ...(ipv4 !== undefined && { ipv4 }),
    ...(ipv6 !== undefined && { ipv6 }),
    ports: { game: gamePort, probe: probePort + slot, ...(lobbyPort !== undefined && { lobby: lobbyPort + slot }) },
    zone: 'enrolled',
    app,
    world,
    group,
    labels: {},
    maxCapacity: capacity,
  };
}

/**
 * Writes a verified row for each slot, with the operator's right; returns the servers' ids. Throws ConfigError for a name
 * that cannot be an id, OnedoorError `registry.*`.
 */
export async function enrol(enrolment: Enrolment, store: Pick<RegistryStore, 'enrol'>): Promise<string[]> {
  const problems = machineProblems(enrolment.machine);
  if (problems.length > 0) throw new ConfigError(problems);
  const ids: string[] = [];
  for (const [slot, gamePort] of enrolment.gamePorts.entries()) {
    const placement = placementOf(enrolment, slot, gamePort);
    await store.enrol(rowKey(operatorUserId(enrolment.machine), slot), placement);
    ids.push(placement.id);
  }
  return ids;
}
