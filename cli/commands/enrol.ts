import { isIPv4 } from 'node:net';
import { type Enrolment, enrol, machineProblems } from '../../agents/enrol.ts';
import { ConfigError } from '../../core/errors.ts';
import type { Run } from '../context.ts';
import { registryOf, type TargetFlags } from '../target.ts';

export interface EnrolFlags extends TargetFlags {
  readonly app: string;
  readonly world: string;
  readonly group: string;
  readonly address: readonly string[];
  readonly gamePort: readonly number[];
  readonly probePort: number;
  readonly lobbyPort?: number;
  readonly capacity: number;
}

/** Writes verified rows for a machine that EC2 does not know, with the operator's right. */
export const run: Run<EnrolFlags, [string]> = async ({ out, target }, flags, machine) => {
  const enrolment = enrolmentOf(machine, flags);
  const ids = await enrol(enrolment, await registryOf(await target(flags)));
  const { app, world, group, addresses } = enrolment;
  out.line(`enrolled ${ids.join(', ')} at ${addresses.join(' and ')} for ${app}, ${world}, ${group}`);
  out.line(`start its agent with --identity op:${machine}`);
  out.data({ servers: ids, identity: `op:${machine}` });
  return 0;
};

/** Throws ConfigError with every problem. */
export function enrolmentOf(machine: string, flags: EnrolFlags): Enrolment {
  const { app, world, group, address: addresses, gamePort: gamePorts, probePort, lobbyPort, capacity } = flags;
  const problems = machineProblems(machine);
  for (const family of [4, 6]) {
    const same = addresses.filter((text) => isIPv4(text) === (family === 4));
    if (same.length > 1) problems.push(`\`--address\` must be one for each family, got: ${same.join(', ')}.`);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  const lobby = lobbyPort === undefined ? {} : { lobbyPort };
  return { machine, app, world, group, addresses, gamePorts, probePort, capacity, ...lobby };
}
