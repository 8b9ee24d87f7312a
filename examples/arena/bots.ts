/**
 * Bots of the arena: each asks the door, joins its server with its ticket, and wanders about. When the server dies the
 * session finds another, and the bot goes on there.
 *
 *   node examples/arena/bots.ts 127.0.0.1:7000 8
 */
import { createSocket } from 'node:dgram';
import { connect } from '../../client/index.ts';

export interface Bot {
  readonly name: string;
  /** Id of the server that shows this bot to itself; undefined on the way. */
  server(): string | undefined;
  /** Everybody whom it sees there. */
  sees(): readonly string[];
  close(): Promise<void>;
}

const SEND_MS = 100;
const TURN_CHANCE = 0.05;

export async function startBot(door: string, name: string, say: (text: string) => void): Promise<Bot> {
  const session = await connect({ door, client: name });
  say(`${name} plays on ${session.server.id}`);
  let others: readonly string[] | undefined;
  let go = [0, 0];
  const socket = createSocket('udp4');
  socket.on('message', (bytes, { address }) => {
    // The last words of a server that is no longer ours.
    if (address !== session.server.address) return;
    const { at, refused } = JSON.parse(bytes.toString('utf8'));
    if (refused !== undefined) {
      say(`${name} is refused: ${refused}`);
      return session.lost();
    }
    session.received();
    others = at.map(([each]: [string]) => each);
  });
  session.on('lost', () => {
    others = undefined;
  });
  session.on('reassigned', ({ server, from }) => {
    others = undefined;
    say(`${name} goes on at ${server.id}, ${from.id} is lost`);
  });
  const sending = setInterval(() => {
    if (Math.random() < TURN_CHANCE) go = [Math.random() * 2 - 1, Math.random() * 2 - 1];
    const text = others ? { go } : { join: { name, ticket: session.ticket } };
    socket.send(JSON.stringify(text), session.server.ports['game']!, session.server.address);
    session.sent();
  }, SEND_MS);
  return {
    name,
    server: () => others && session.server.id,
    sees: () => others ?? [],
    async close() {
      clearInterval(sending);
      await session.close();
      socket.close();
    },
  };
}

if (import.meta.main) {
  const [door = '127.0.0.1', count = '8'] = process.argv.slice(2);
  await Promise.all(Array.from({ length: Number(count) }, (_, n) => startBot(door, `bot-${n + 1}`, console.log)));
}
