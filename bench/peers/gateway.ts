/** A gateway process on core 0, for benches. */
import { setTimeout as delay } from 'node:timers/promises';
import { DOOR_NODE_FLAGS } from '../../door/node-flags.ts';
import { startPinned } from './pinned.ts';
import { SERVERS } from './registry.ts';

export const TABLE = 'bench';

/** Starts the built gateway pinned and waits until it gives out every server. Health is at the port after `port`. */
export async function startGateway(given: {
  readonly port: number;
  readonly transport: 'dgram' | 'batched';
  readonly dynamo: string;
  readonly secret: string;
}) {
  const { port, transport, dynamo, secret } = given;
  const health = port + 1;
  const own = ['--bind', '127.0.0.1', '--port', String(port), '--transport', transport];
  const args = [...own, '--health-bind', '127.0.0.1', '--health-port', String(health)];
  const child = startPinned([process.execPath, ...DOOR_NODE_FLAGS, 'dist/door/door.mjs', ...args], {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_DYNAMODB: dynamo,
    ONEDOOR_TABLE: TABLE,
    ONEDOOR_KEY_SECRET: `file:${secret}`,
  });
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${health}/healthz`).catch(() => undefined);
    const { openServers } = answer ? ((await answer.json()) as { openServers: number }) : { openServers: 0 };
    if (openServers === SERVERS) return child;
    if (child.exitCode !== null) throw new Error(`the gateway ended with ${child.exitCode}`);
    await delay(20);
  }
}
