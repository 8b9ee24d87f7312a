import type { RuntimeConfig } from '../core/config/runtime-config.ts';
import { isStateless, STATELESS_POLICIES } from '../core/select/create-policy.ts';

interface DoorFlags {
  readonly doorPort?: number;
  readonly doorHealthPort?: number;
}

/** As far from the door's port as on a gateway: 17000 and 17080. */
const HEALTH_OFFSET = 80;

/** The ports of an agent that answers for the door; undefined if it does not. Adds what is wrong to `problems`. */
export function serverDoorOptions(
  flags: DoorFlags,
  config: RuntimeConfig | undefined,
  problems: string[],
): { readonly port: number; readonly healthPort: number } | undefined {
  const { doorPort: port, doorHealthPort } = flags;
  if (port === undefined) {
    if (doorHealthPort !== undefined) {
      problems.push(`\`--door-health-port\` must be given with --door-port, got: ${doorHealthPort}.`);
    }
    return undefined;
  }
  const healthPort = doorHealthPort ?? port + HEALTH_OFFSET;
  if (healthPort === port || healthPort > 65_535) {
    problems.push(`\`--door-health-port\` must be another port than --door-port, up to 65535, got: ${healthPort}.`);
  }
  if (config && !isStateless(config.policy)) {
    const must = `${STATELESS_POLICIES.join(' or ')} with --door-port: each agent must name the same server`;
    problems.push(`ONEDOOR_CONFIG: \`policy\` must be ${must}, got: ${config.policy}.`);
  }
  if (config && config.answers !== 'door') {
    problems.push(`ONEDOOR_CONFIG: \`answers\` must be door with --door-port, got: ${config.answers}.`);
  }
  return { port, healthPort };
}
