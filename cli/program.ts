import { Argument, Command, Option } from 'commander';
import { ipAddress, wholeNumber } from '../adapters/cli/flags.ts';
import type { Context, ExitCode } from './context.ts';
import { address, name, names, pairs, positive, url, withTarget, withWishes } from './flags.ts';
import type { Output } from './output.ts';

/** What a command does, once its flags are read. Its module is loaded then, so that no command waits for the others. */
type Action = (context: Context, flags: never, ...args: never[]) => Promise<ExitCode>;

/** What the program runs in. */
export interface Surroundings {
  context(json: boolean): Context & { readonly out: Output };
  /** Told how the command ended. */
  ended(code: ExitCode): void;
}

const port = wholeNumber(1, 65_535);

/** The whole command line. Throws CommanderError for what it does not know, with the nearest name that it does. */
export function createProgram({ context, ended }: Surroundings): Command {
  const program = new Command('onedoor')
    .description('Looks at a deployment of Onedoor and steers it: the local system, an emulator, or a stack on AWS.')
    .showSuggestionAfterError(true)
    .helpCommand(true);
  const does = (command: Command, load: () => Promise<Action>): void => {
    command.option('--json', 'JSON instead of text').action(async (...all: unknown[]) => {
      const { json = false, ...flags } = command.opts<{ json?: boolean }>();
      const run = (await load()) as (context: Context, flags: object, ...args: unknown[]) => Promise<ExitCode>;
      ended(await run(context(json), flags, ...all.slice(0, -2)));
    });
  };
  looking(program, does);
  asking(program, does);
  steering(program, does);
  return program;
}

type Does = (command: Command, load: () => Promise<Action>) => void;

function looking(program: Command, does: Does): void {
  does(
    withTarget(program.command('status').description('whether the door answers, and what is free in each pool')),
    async () => (await import('./commands/status.ts')).run,
  );
  does(
    withTarget(program.command('servers').description('every server: status, sessions, seats, address'))
      .option('--app <name>', 'of this app alone', name)
      .option('--world <name>', 'of this world alone', name)
      .option('--group <name>', 'of this group alone', name)
      .addOption(
        new Option('--status <status>', 'with this status alone').choices(['ready', 'starting', 'draining', 'suspect']),
      ),
    async () => (await import('./commands/servers.ts')).run,
  );
  does(
    withTarget(program.command('tail').description('a line for each change, until Ctrl-C'))
      .option('--interval <seconds>', 'time between two readings', positive(3_600), 1)
      .option('--for <seconds>', 'end after this time', positive(86_400)),
    async () => (await import('./commands/tail.ts')).run,
  );
  does(
    withTarget(
      program.command('doctor').description('what is wrong with configuration, account and deployment, and what to do'),
    ),
    async () => (await import('./commands/doctor.ts')).run,
  );
  does(
    program
      .command('cost')
      .description('what onedoor.config.ts costs while nobody plays')
      .option('--players <n>', 'instead: what a deployment of so many players costs', wholeNumber(1, 100_000_000))
      .option('--over-http', 'they ask over HTTP, not by datagrams'),
    async () => (await import('./commands/cost.ts')).run,
  );
}

function asking(program: Command, does: Does): void {
  does(
    withWishes(program.command('probe').description('probe requests to a door, like ping: server, time, loss'))
      .addArgument(new Argument('<address>', 'the door: host[:port], port 7000 if left out').argParser(address))
      .option('--count <n>', 'probes to send', wholeNumber(1, 1_000_000), 4)
      .option('--interval <seconds>', 'time between two', positive(3_600), 1)
      .option('--timeout <seconds>', 'how long to wait for an answer', positive(60), 1)
      .option('--tcp', 'over TCP instead of UDP')
      .option('--explain', 'ask the HTTP API once, why this server')
      .option('--http <url>', 'HTTP API for --explain (default: http://<host>:8080)', url)
      .addHelpText(
        'after',
        '\nWith any of --app, --world, --group or --client each probe takes a seat and gives it back at once; without, it is\nthe 8-byte classic request, which takes none.',
      ),
    async () => (await import('./commands/probe.ts')).run,
  );
  does(
    withTarget(
      withWishes(program.command('assign').description('one assignment over HTTP: server, ticket, alternates')),
    )
      .option('--server <id>', 'this server or none', name)
      .option('--avoid <id>', 'not this server; may be given three times', names)
      .option('--party <client>', 'a seat for this client too, all on one server or none; repeat it', names)
      .option('--label <name=value>', 'only servers with this label; may be repeated', pairs)
      .option('--latency <server-or-group=ms>', 'measured by the client; may be repeated', pairs)
      .option('--key <text>', 'Idempotency-Key: the same key gets the same answer for five minutes')
      .option('--explain', 'say why this server')
      .option('--release', 'give the seat back at once'),
    async () => (await import('./commands/assign.ts')).run,
  );
  does(
    withTarget(withWishes(program.command('explain').description('which server a client would get, and why'))),
    async () => (await import('./commands/explain.ts')).run,
  );
  const ticket = program.command('ticket').description('look into tickets');
  does(ticket.command('decode <ticket>').description('what it says; nothing of it is checked'), async () => {
    return (await import('./commands/ticket.ts')).decode;
  });
  does(
    withTarget(ticket.command('verify <ticket>').description('whether this deployment signed it, and for which server'))
      .option('--keys <file>', 'a JWKS (default: the deployment’s own keys)')
      .option('--server <id>', 'must be for this server, or name it as an alternate')
      .option('--deployment <name>', 'must be of this deployment'),
    async () => (await import('./commands/ticket.ts')).verify,
  );
}

function steering(program: Command, does: Does): void {
  const yes = ['--yes', 'do not ask'] as const;
  does(
    withTarget(program.command('drain <server>').description('send nobody new there; who is in stays')).option(...yes),
    async () => (await import('./commands/drain.ts')).drain,
  );
  does(
    withTarget(program.command('resume <server>').description('give it out again')).option(...yes),
    async () => (await import('./commands/drain.ts')).resume,
  );
  does(
    withTarget(
      program.command('move <server>').description('send some of its clients to other servers, seat in hand'),
    ).addArgument(new Argument('<count>', 'how many').argParser(wholeNumber(1, 65_535))),
    async () => (await import('./commands/move.ts')).run,
  );
  does(
    withTarget(
      program.command('enrol <machine>').description('write verified rows for a machine that EC2 does not know'),
    )
      .requiredOption('--app <name>', 'app that its servers run', name)
      .option('--world <name>', 'world of the app', name, 'main')
      .option('--group <name>', 'group of the servers', name, 'main')
      .requiredOption(
        '--address <ip>',
        'its public address; again for the other family',
        (text: string, all: readonly string[] = []) => [...all, ipAddress(text)],
      )
      .requiredOption(
        '--game-port <port>',
        'port of a game server; again for each further slot',
        (text: string, all: readonly number[] = []) => [...all, port(text)],
      )
      .option('--probe-port <port>', 'its agent’s probe port; slot n has it + n', port, 7000)
      .option('--lobby-port <port>', 'its agent’s lobby port; slot n has it + n', port)
      .requiredOption(
        '--capacity <n>',
        'most sessions of one game server, whatever its agent says',
        wholeNumber(1, 65_535),
      )
      .addHelpText('after', '\nServers are called <machine>.0, <machine>.1, …'),
    async () => (await import('./commands/enrol.ts')).run,
  );
}
