/**
 * The arena with all that belongs to it: the door, two servers with an agent each, and eight bots.
 *
 *   npm run example:arena         flags of `npm start` may follow after `--`
 */
import { join } from 'node:path';
import { type Deployment, startDeployment, untilStopped } from '../on-this-machine.ts';
import { type Bot, startBot } from './bots.ts';

export interface Arena {
  /** Where to play. */
  readonly page: string;
  readonly deployment: Deployment;
  readonly servers: readonly ArenaServer[];
  readonly bots: readonly Bot[];
  stop(): Promise<void>;
}

interface ArenaServer {
  readonly id: string;
  readonly lobby: string;
  /** Server and agent at once, as when the machine dies. */
  kill(): void;
}

const SERVERS = 2;
const BOTS = 8;
const PORT = 27_015;
const CAPACITY = '16';

export async function startArena(argv: readonly string[], say: (text: string) => void): Promise<Arena> {
  const deployment = await startDeployment('arena', argv);
  const { door, api, processes } = deployment;
  const servers = Array.from({ length: SERVERS }, (_, index): ArenaServer => {
    const place = deployment.place(`arena-${index + 1}`, index);
    const { name, address, tokenFile } = place;
    const agent = deployment.startAgent(place, PORT, ['--capacity', CAPACITY, '--load', 'api']);
    const server = processes.start(name, join(import.meta.dirname, 'server.ts'), [
      ...['--bind', address, '--port', `${PORT}`, '--agent', place.api, '--token', tokenFile],
      ...['--capacity', CAPACITY, '--door', api],
    ]);
    const kill = (): void => {
      agent.kill('SIGKILL');
      server.kill('SIGKILL');
    };
    return { id: `${name}.0`, lobby: `http://${address}:${Number(door.split(':')[1]) + 2}`, kill };
  });
  const bots: Bot[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(bots.map((bot) => bot.close()));
    await deployment.stop();
  };
  try {
    await deployment.open(SERVERS);
    for (let n = 1; n <= BOTS; n++) bots.push(await startBot(door, `bot-${n}`, say));
  } catch (error) {
    await stop();
    throw error;
  }
  return { page: `http://${deployment.place('', 0).address}:${PORT}/`, deployment, servers, bots, stop };
}

if (import.meta.main) {
  const arena = await startArena(process.argv.slice(2), console.log);
  console.log(`
Play: ${arena.page}        The operator's page: ${arena.deployment.page}
Drain a server, or kill one (\`ps\` shows them as examples/arena/server.ts), and see its dots go on at the other one.
Ctrl-C stops everything.
`);
  await untilStopped();
  await arena.stop();
  process.exit(0);
}
