/**
 * The internet of the NAT lab, inside its network namespace: doors that differ in who answers, one agent with its game for
 * IPv4 and one for IPv6, the HTTP API, and a registry: the programs that are shipped, as processes. Orders come in on
 * stdin, replies go out on stdout, one line of JSON each.
 */
import { createSocket } from 'node:dgram';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ticketKeys } from '../../adapters/crypto/ticket-keys.ts';
import { createDynamoClient } from '../../adapters/dynamodb/client.ts';
import { createRegistryStore } from '../../adapters/dynamodb/registry-store.ts';
import { LOCAL_ACCESS, startDynalite } from '../../local/dynalite.ts';
import { startEc2Endpoint } from '../../local/ec2-endpoint.ts';
import { loadFunctions } from '../../local/functions.ts';
import { createAgentLink } from '../../local/game/agent-link.ts';
import { createHttpFront } from '../../local/http-front.ts';
import { createProcesses, type Processes } from '../../local/processes.ts';
import { DOORS, GAME_PORT, PROBE_PORT, SERVERS } from './places.ts';

/** What the lab may ask for: the game sends a datagram to whom it heard last. */
export interface InternetOrder {
  readonly order: 'push';
}

const DIST = join(import.meta.dirname, '../../dist');
const TABLE = 'net';
const CAPACITY = 400;
const HEALTH_PORT = 8_090;
const dir = process.argv[2] as string;

function settings(mode: keyof typeof DOORS): string {
  return JSON.stringify({
    defaultApp: 'arena',
    answers: mode === 'server' ? 'server' : 'door',
    notify: mode === 'notify',
    unverifiedPerSecond: 10_000,
    rosterRefreshMs: 250,
    timing: { beatMs: 1_000 },
    // As soon as may be: the lab's clock stands still meanwhile.
    keepalive: { intervalSeconds: 1 },
    logLevel: 'warn',
  });
}

/** Gives their health pages. */
function startDoors(processes: Processes): string[] {
  return Object.entries(DOORS).flatMap(([mode, addresses]) =>
    addresses.map((address) => {
      const ports = ['--port', String(PROBE_PORT), '--health-bind', address, '--health-port', String(HEALTH_PORT)];
      processes.start(`${mode}-${address}`, join(DIST, 'door/door.mjs'), ['--bind', address, ...ports], {
        ONEDOOR_CONFIG: settings(mode as keyof typeof DOORS),
      });
      return `http://${address.includes(':') ? `[${address}]` : address}:${HEALTH_PORT}/healthz`;
    }),
  );
}

/** An agent, and a game that counts nobody, echoes and pushes when it is told to. */
function startServer(name: keyof typeof SERVERS, apiPort: number, processes: Processes): { push: () => void } {
  const address = SERVERS[name];
  const tokenFile = `${dir}/${name}.token`;
  processes.start(`agent-${name}`, join(DIST, 'agent/agent.mjs'), [
    ...['--game', address.includes(':') ? `[${address}]:${GAME_PORT}` : `${address}:${GAME_PORT}`],
    ...['--capacity', String(CAPACITY), '--identity', `op:${name}`, '--address', address, '--app', 'arena'],
    ...['--bind', address, '--probe-port', String(PROBE_PORT), '--api-port', String(apiPort)],
    ...['--api-token-file', tokenFile, '--journal', `${dir}/${name}`, '--on-client', `${dir}/allow.sh`],
  ]);
  const link = createAgentLink(`http://127.0.0.1:${apiPort}`, tokenFile);
  setInterval(() => {
    link.report({ sessions: [], capacity: CAPACITY, participants: [] }).catch(() => {});
  }, 500);
  const game = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  let last: { readonly address: string; readonly port: number } = { address, port: GAME_PORT };
  game.on('message', (bytes, from) => {
    last = from;
    game.send(`echo ${bytes}`, from.port, from.address);
  });
  game.bind(GAME_PORT, address);
  return { push: () => game.send('push', last.port, last.address) };
}

async function untilOpen(health: string): Promise<void> {
  for (;;) {
    const reply = await fetch(health).catch(() => undefined);
    const facts = (await reply?.json()) as { readonly openServers?: number } | undefined;
    if (facts?.openServers === Object.keys(SERVERS).length) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function main(): Promise<void> {
  const dynamo = await startDynalite({ table: TABLE });
  const ec2 = await startEc2Endpoint();
  const secret = Buffer.alloc(48, 5);
  writeFileSync(`${dir}/secret`, secret, { mode: 0o600 });
  const env = {
    AWS_REGION: LOCAL_ACCESS.region,
    AWS_ACCESS_KEY_ID: LOCAL_ACCESS.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: LOCAL_ACCESS.credentials.secretAccessKey,
    AWS_ENDPOINT_URL_DYNAMODB: dynamo.endpoint,
    AWS_ENDPOINT_URL_EC2: ec2.endpoint,
    ONEDOOR_TABLE: TABLE,
    ONEDOOR_KEY_SECRET: `file:${dir}/secret`,
    ONEDOOR_CONFIG: settings('door'),
  };
  const client = createDynamoClient({ ...LOCAL_ACCESS, endpoint: dynamo.endpoint });
  await createRegistryStore({ client, table: TABLE }).writeKeys([ticketKeys(secret).publicKey]);
  const functions = await loadFunctions(DIST, env);
  functions.startTick(console.error);
  const processes = createProcesses({
    logDir: dir,
    env,
    onExit({ name, logPath }, code) {
      console.error(`${name} has ended with ${code}; see ${logPath}`);
      process.exit(1);
    },
  });
  const game = startServer('one', 7_100, processes);
  startServer('six', 7_101, processes);
  const doors = startDoors(processes);
  const front = { assign: functions.assign, control: () => ({ status: 404, headers: {}, body: '' }) };
  for (const [ipv4] of Object.values(DOORS))
    await createHttpFront({ ...front, onError: console.error }).listen(80, ipv4);
  await Promise.all(doors.map(untilOpen));
  const orders = createInterface({ input: process.stdin });
  orders.on('line', (line) => {
    const { id, order } = JSON.parse(line) as InternetOrder & { readonly id: number };
    if (order === 'push') game.push();
    console.log(JSON.stringify({ done: id }));
  });
  // The lab has gone.
  orders.on('close', () => void processes.stopAll(1_000).then(() => process.exit(0)));
  console.log(JSON.stringify({ done: 'start' }));
}

if (import.meta.main) await main();
