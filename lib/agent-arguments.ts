import type { AgonesConfig } from '../core/config/fleet-config.ts';
import { AGENT_API_PORT } from '../core/config/fleet-rules.ts';
import { AGENT_JOURNAL, AGENT_TOKEN_FILE } from './boot/boot-script.ts';

/** What an agent of ours stands for. */
export interface AgentDuty {
  readonly slots: number;
  readonly capacity: number;
  /** Port of each role on slot 0; slot n has it + n. */
  readonly ports: Readonly<Record<string, number>>;
  /** The agent's `--load`. */
  readonly load: string;
  /** Where a build made for Agones finds its SDK. @default - nowhere */
  readonly agones?: AgonesConfig;
  readonly drainSeconds: number;
  /** Where the agent answers for the door. @default - it does not */
  readonly door?: { readonly port: number; readonly healthPort: number };
  /** @default - those of Linux */
  readonly paths?: { readonly tokenFile: string; readonly journal: string };
}

/** The command line of an agent; its `--help` explains each flag. */
export function agentArguments({
  slots,
  capacity,
  ports,
  load,
  agones,
  drainSeconds,
  door,
  paths,
}: AgentDuty): readonly string[] {
  const game = ports['game'] as number;
  const flags: Readonly<Record<string, string | number | undefined>> = {
    capacity,
    load: `"${load}"`,
    'agones-port': agones?.port,
    'agones-health': agones?.healthSeconds,
    'probe-port': ports['probe'],
    'lobby-port': ports['lobby'],
    'door-port': door?.port,
    'door-health-port': door?.healthPort,
    'api-port': AGENT_API_PORT,
    'api-token-file': paths?.tokenFile ?? AGENT_TOKEN_FILE,
    journal: paths?.journal ?? AGENT_JOURNAL,
    'drain-deadline': drainSeconds,
  };
  return [
    ...Array.from({ length: slots }, (_, slot) => `--game 127.0.0.1:${game + slot}`),
    ...Object.entries(agones?.counters ?? {}).map(([name, counter]) => `--agones-counter ${name}=${counter}`),
    ...Object.entries(agones?.lists ?? {}).map(([name, most]) => `--agones-list ${name}=${most}`),
    ...Object.entries(flags).flatMap(([name, value]) => (value === undefined ? [] : [`--${name} ${value}`])),
    '--json',
  ];
}
