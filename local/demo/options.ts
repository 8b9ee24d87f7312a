import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { UsageError } from '../../adapters/cli/flags.ts';
import { type LocalOptions, parseLocalOptions } from '../options.ts';

/** What classic probes ask for: they cannot name an app. */
export const DEMO_APP = 'bzflag';
/** Beside a running `npm start`, which has 127.0.0.x. */
const DEFAULT_BIND = '127.0.5.1';

/** The local system that the demo starts: the flags for its program, and what they mean. */
export interface DemoOptions {
  readonly localFlags: readonly string[];
  readonly local: LocalOptions;
}

const FLAGS = {
  bind: { type: 'string', default: DEFAULT_BIND },
  'probe-port': { type: 'string', default: '7000' },
  'http-port': { type: 'string', default: '8080' },
  help: { type: 'boolean', default: false },
} as const satisfies ParseArgsOptionsConfig;

const HELP = `Usage: npm run demo:real -- [options]

Real game servers (bzflag, Teeworlds, Mumble) behind one door on loopback: assigned, joined, killed, drained.

  --bind <ip>          loopback address of the door; servers follow at +10, +11, … (default: ${DEFAULT_BIND})
  --probe-port <port>  port of the door, and of each agent on its own address (default: 7000)
  --http-port <port>   port of the API; the door's health is at the next one (default: 8080)
`;

/**
 * Reads the command line. Throws UsageError with one line.
 * @param registryPort a free port of 127.0.0.1
 */
export function parseDemoOptions(argv: readonly string[], registryPort: number): DemoOptions | 'help' {
  const flags = readFlags(argv);
  if (flags.help) {
    process.stdout.write(HELP);
    return 'help';
  }
  const localFlags = [
    ...['--servers', '0', '--json', '--default-app', DEMO_APP, '--registry-port', String(registryPort)],
    ...['--bind', flags.bind, '--probe-port', flags['probe-port'], '--http-port', flags['http-port']],
  ];
  // Their values are judged where they are used.
  const local = parseLocalOptions(localFlags, () => {});
  if (local === 'help') throw new UsageError('no flag of the demo asks for help of the local system');
  return { localFlags, local };
}

function readFlags(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: FLAGS }).values;
  } catch (error) {
    throw new UsageError((error as Error).message.split('\n')[0]);
  }
}
