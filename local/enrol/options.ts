import { isIPv4 } from 'node:net';
import { Command } from 'commander';
import { ipAddress, readFlags, wholeNumber } from '../../adapters/cli/flags.ts';
import { type Enrolment, machineProblems } from '../../agents/enrol.ts';
import { ConfigError } from '../../core/errors.ts';

export interface EnrolOptions {
  readonly enrolment: Enrolment;
  /** Endpoint of the registry; absent: the SDK's own. */
  readonly registry?: string;
  readonly table: string;
}

interface Flags {
  readonly app: string;
  readonly world: string;
  readonly group: string;
  readonly address: readonly string[];
  readonly gamePort: readonly number[];
  readonly probePort: number;
  readonly lobbyPort?: number;
  readonly capacity: number;
  readonly registry?: string;
  readonly table: string;
}

const DEFAULT_PROBE_PORT = 7000;

const port = wholeNumber(1, 65_535);

function addAddress(text: string, all: readonly string[] = []): readonly string[] {
  return [...all, ipAddress(text)];
}

/** Reads flags and environment. Throws ConfigError with every problem; 'help' was asked for and is written. */
export function parseEnrolOptions(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  write: (text: string) => void,
): EnrolOptions | 'help' {
  const command = new Command('npm run enrol --')
    .description('Writes verified rows for a machine that EC2 does not know, with the operator’s right.')
    .argument('<machine>', 'its name; servers are <machine>.0, <machine>.1, …')
    .requiredOption('--app <name>', 'app that its servers run')
    .option('--world <name>', 'world of the app', 'main')
    .option('--group <name>', 'group of the servers', 'main')
    .requiredOption('--address <ip>', 'its public address; again for the other family', addAddress)
    .requiredOption(
      '--game-port <port>',
      'port of a game server; again for each further slot',
      (text: string, all: readonly number[] = []) => [...all, port(text)],
    )
    .option('--probe-port <port>', 'its agent’s probe port; slot n has it + n', port, DEFAULT_PROBE_PORT)
    .option('--lobby-port <port>', 'its agent’s lobby port; slot n has it + n', port)
    .requiredOption(
      '--capacity <n>',
      'most sessions of one game server, whatever its agent says',
      wholeNumber(1, 65_535),
    )
    .option('--registry <url>', 'endpoint of the registry (default: AWS_ENDPOINT_URL_DYNAMODB, else the region’s)')
    .option(
      '--table <name>',
      'table of the registry (default: ONEDOOR_TABLE, else onedoor)',
      env['ONEDOOR_TABLE'] ?? 'onedoor',
    );
  if (readFlags(command, argv, write, (problem) => new ConfigError([problem])) === 'help') return 'help';
  return checked(command.args[0] as string, command.opts<Flags>());
}

function checked(machine: string, flags: Flags): EnrolOptions {
  const { address: addresses, gamePort: gamePorts, registry, table, ...rest } = flags;
  const problems = machineProblems(machine);
  for (const family of [4, 6]) {
    const same = addresses.filter((text) => isIPv4(text) === (family === 4));
    if (same.length > 1) problems.push(`\`--address\` must be one for each family, got: ${same.join(', ')}.`);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    enrolment: { machine, addresses, gamePorts, ...rest },
    table,
    ...(registry === undefined ? {} : { registry }),
  };
}
