import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Session } from '../../../client/index.ts';
import { freePorts } from '../../support/free-ports.ts';
import { physicalId } from '../support/cloud.ts';
import { openFront } from '../support/front.ts';
import { eventually } from '../support/lane.ts';
import type { Scene } from './scene.ts';

const PLAY_MS = 1_000;

/** SDK -> load balancers -> assign function -> DynamoDB -> ticket -> agent and game. */
export async function playOverHttp({ lane, cloud, resources, fleet }: Scene): Promise<Session> {
  const arn = physicalId(resources, 'AWS::ElasticLoadBalancingV2::LoadBalancer', /^Endpoint[0-9A-F]+$/);
  const front = await openFront(cloud, arn, 80);
  lane.undo(() => front.close());
  const health = await fetch(`${front.url}/healthz`);
  if (!health.ok) throw new Error(`/healthz: ${health.status} ${await health.text()}`);
  const door = `127.0.0.1:${await freePorts(1)}`;
  const session = await connect({ door, http: front.url, app: 'world', client: 'lane', timeoutMs: 20_000 });
  lane.undo(() => session.close());
  if (session.via !== 'http') throw new Error(`assigned via ${session.via}`);
  if (!fleet.some(({ address }) => address === session.server.address)) {
    throw new Error(`assigned to ${session.server.address}, which is no machine`);
  }
  await checkWelcome(session);
  lane.undo(keepPlaying(session));
  return session;
}

/** The game ends who says nothing for 5 s, which one step of the lane may take. */
function keepPlaying(session: Session): () => Promise<void> {
  const socket = createSocket('udp4');
  const { ports, address } = session.server;
  // The same player from another port: who is in stays, and is welcomed again.
  const timer = setInterval(() => socket.send(`JOIN lane ${session.ticket}`, ports['game'] ?? 0, address), PLAY_MS);
  return async () => {
    clearInterval(timer);
    socket.close();
  };
}

/** Rejects unless the game lets the session's client in with its ticket, as often as it asks. */
export async function checkWelcome(session: Session): Promise<void> {
  const socket = createSocket('udp4');
  const { ports, address } = session.server;
  const answers: string[] = [];
  socket.on('message', (bytes) => answers.push(bytes.toString()));
  try {
    await eventually('the game to answer', async () => {
      socket.send(`JOIN lane ${session.ticket}`, ports['game'] ?? 0, address);
      await once(socket, 'message', { signal: AbortSignal.timeout(1_000) }).catch(() => {});
      return answers.length > 0;
    });
  } finally {
    socket.close();
  }
  if (!answers[0]?.startsWith('WELCOME')) throw new Error(`the game says ${answers[0]}`);
}
