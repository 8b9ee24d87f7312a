/**
 * A small real game server, for the local system, the tests and as an example of a game that uses its agent's API:
 * a world that echoes, carries lines of text between its participants and knows them. Text over UDP, one message a
 * datagram:
 *
 *   JOIN <name> [ticket]  ->  WELCOME <name> <number of participants>, or REFUSED <code>
 *   PING <text>           ->  PONG <text>
 *   SAY <text>            ->  SAID <name> <text>, to every participant
 *   WHO                   ->  HERE <name>,<name>,…
 *   ALL                   ->  EVERYBODY <name>,…,<name>@<server>,… with those on the world's other servers, in all groups
 *   LEAVE                 ->  BYE
 *   INFO                  ->  {"sessions":2,"capacity":8}, to anybody
 *   and to the others         JOINED <name>, LEFT <name>
 *
 * PING, SAY, WHO, ALL and LEAVE are for participants alone; who says nothing for 5 s has left.
 */
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { Command, InvalidArgumentError } from 'commander';
import { createAgentLink } from './agent-link.ts';
import { Neighbours } from './neighbours.ts';
import { World } from './world.ts';

/** The agent takes a game for dead that was silent for 2 s; three reports may be lost before that. */
const TICK_MS = 500;
const MAX_MESSAGE_BYTES = 1_200;

function integer(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('must be a whole number.');
  return Number(text);
}

function readFlags(): Record<string, string | number | undefined> {
  return new Command('game')
    .description('a small game server for trying Onedoor')
    .requiredOption('--bind <ip>', 'address to listen on')
    .requiredOption('--port <n>', 'UDP port; 0: any', integer)
    .option('--capacity <n>', 'most participants', integer, 8)
    .option('--agent <url>', 'API of the agent beside this game, e.g. http://127.0.0.1:7100')
    .option('--agent-token-file <path>', 'file with the token of that API')
    .option('--name <text>', 'what to call this world in the log', 'world')
    .parse()
    .opts();
}

function main(): void {
  const { bind, port, capacity, agent, agentTokenFile, name } = readFlags();
  if ((agent === undefined) !== (agentTokenFile === undefined)) {
    console.error('game: --agent and --agent-token-file are needed together');
    process.exit(2);
  }
  const socket = createSocket(isIPv6(String(bind)) ? 'udp6' : 'udp4');
  const link = agent === undefined ? undefined : createAgentLink(String(agent), String(agentTokenFile));
  const neighbours = link && new Neighbours(link);
  neighbours?.start();
  const world = new World({
    capacity: Number(capacity),
    ...(link && neighbours && { agent: link, elsewhere: () => neighbours.participants() }),
    send: (text, peer) => socket.send(text, peer.port, peer.address),
    nowMs: () => performance.now(),
  });
  socket.on('message', (bytes, { address, port }) => {
    if (bytes.length <= MAX_MESSAGE_BYTES) void world.hear(bytes.toString('utf8'), { address, port });
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    // A peer that cannot be reached is no reason to stop for the others.
    if (error.syscall !== 'bind') return;
    console.error(`game: cannot listen on ${bind}:${port}: ${error.code}`);
    process.exit(2);
  });
  socket.bind({ address: String(bind), port: Number(port), exclusive: true }, () => {
    console.log(`${name} listens on ${bind}:${socket.address().port}`);
    const beat = async (): Promise<void> => {
      await world.tick();
      setTimeout(beat, TICK_MS);
    };
    void beat();
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(0));
}

if (import.meta.main) main();
