/**
 * A whole assignment over HTTP beside Colyseus' joinOrCreate: `node bench/assign-peer.ts [--rooms 100,1000] [--rounds 5]
 * [--requests 3000]`. CPU time of the answering process for each answered request: roster, policy, seat, Ed25519 ticket and
 * JSON here; room, reserved seat and JSON there. Seats here are in memory, in DynamoDB from stock, or in DynamoDB by one
 * conditional write each; the engine, which answers takes at once from memory, is another process, and so is who asks. All
 * take turns in one session, in reversed order every other round.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createDynamoClient } from '../adapters/dynamodb/client.ts';
import { createRegistryStore } from '../adapters/dynamodb/registry-store.ts';
import { LOCAL_ACCESS } from '../local/dynalite.ts';
import { freePorts } from '../test/support/free-ports.ts';
import { machine, median, roundsLine } from './cpu.ts';
import { atLeast } from './figure.ts';
import { askFor } from './load/http-askers.ts';
import { nodeProgram } from './peers/install.ts';
import { fillReadyRegistry } from './ready-registry.ts';

const { values } = parseArgs({
  options: {
    rooms: { type: 'string', default: '100,1000' },
    rounds: { type: 'string', default: '5' },
    requests: { type: 'string', default: '3000' },
  },
});
const PACKAGES = ['@colyseus/core@0.18.17', '@colyseus/ws-transport@0.18.4', 'express@5'];
/** At this the peer is faster than with its default of 15 s: fewer reservations are open. */
const SEAT_SECONDS = '0.1';
const NS_PER_US = 1_000;
/** Requests until all code is compiled as far as it will be. */
const WARM_UP = 8_000;
const MODES = [
  { mode: 'memory', what: 'in memory', least: { 100: 1.8, 1000: 4 } },
  { mode: 'stock', what: 'durable, from stock', least: { 100: 1.6, 1000: 3.5 } },
  { mode: 'write', what: 'durable, a write each', least: { 100: 0.8, 1000: 1.7 } },
] as const;

interface Contender {
  readonly name: string;
  readonly child: ChildProcess;
  readonly port: number;
  readonly request: { readonly path: string; readonly status: number; readonly body: (n: number) => string };
  readonly ns: number[];
}

async function start(name: string, child: ChildProcess, request: Contender['request']): Promise<Contender> {
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return { name, child, port, request, ns: [] };
}

const OUR_REQUEST: Contender['request'] = {
  path: '/v1/assignments',
  status: 201,
  body: (n) => JSON.stringify({ app: 'arena', group: 'eu-central', client: `player-${n}` }),
};

const startOurs = (mode: string, servers: number, endpoint: string) =>
  start(
    `ours, ${mode}`,
    fork(join(import.meta.dirname, 'load/assign-http.ts'), [mode, String(servers), endpoint], { stdio: 'inherit' }),
    OUR_REQUEST,
  );

async function startColyseus(program: string, rooms: number, sort: boolean): Promise<Contender> {
  const PORT = String(await freePorts(1));
  const env = {
    ...process.env,
    NODE_ENV: 'production',
    ROOMS: String(rooms),
    SEAT_SECONDS,
    PORT,
    ...(sort && { SORT: '1' }),
  };
  const child = fork(program, { env, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const request = { path: '/matchmake/joinOrCreate/arena', status: 200, body: (n: number) => `{"name":"player-${n}"}` };
  return start(`Colyseus, ${sort ? 'fewest clients' : 'first found'}`, child, request);
}

async function cpuUs({ child }: Contender): Promise<number> {
  child.send('cpu');
  const [{ user, system }] = (await once(child, 'message')) as [NodeJS.CpuUsage];
  return user + system;
}

async function measure(contender: Contender, requests = Number(values.requests)): Promise<number> {
  const beforeUs = await cpuUs(contender);
  await askFor(contender.port, contender.request, requests);
  return (((await cpuUs(contender)) - beforeUs) * NS_PER_US) / requests;
}

async function compare(rooms: number, program: string, endpoint: string): Promise<void> {
  const ours = await Promise.all(MODES.map(({ mode }) => startOurs(mode, rooms, endpoint)));
  const theirs = await Promise.all([false, true].map((sort) => startColyseus(program, rooms, sort)));
  const all = [...ours, ...theirs];
  try {
    for (const each of all) await measure(each, WARM_UP);
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const each of round % 2 === 0 ? all : [...all].reverse()) each.ns.push(await measure(each));
    }
    console.log(`${rooms} servers or rooms, CPU us a request`);
    for (const { name, ns } of all) console.log(roundsLine(name, ns, NS_PER_US));
    const better = theirs.reduce((a, b) => (median(a.ns) <= median(b.ns) ? a : b));
    console.log(`the better setting of Colyseus: ${better.name}`);
    for (const [at, { what, least }] of MODES.entries()) {
      const ratios = ours[at]!.ns.map((ns, round) => better.ns[round]! / ns);
      console.log(`  ratios, ${what}: ${ratios.map((ratio) => ratio.toFixed(2)).join(' ')}`);
      const bound = least[rooms as keyof typeof least];
      if (bound !== undefined)
        atLeast(`assignment over HTTP, ${what}, CPU, Colyseus at ${rooms}`, bound, median(ratios), 'x');
    }
  } finally {
    for (const { child } of all) child.kill('SIGKILL');
  }
}

const program = nodeProgram('colyseus', 'server.mjs', PACKAGES);
console.log(`${machine()}; ${values.rounds} rounds of ${values.requests}, 16 connections`);
console.log(
  `${PACKAGES.join(', ')}; WebSocketTransport, LocalDriver, LocalPresence, maxClients 1e9, seats kept ${SEAT_SECONDS} s`,
);
for (const rooms of values.rooms.split(',').map(Number)) {
  const engine = fork(join(import.meta.dirname, 'load/taking-engine.ts'), [], { stdio: 'inherit' });
  const [{ endpoint, behind }] = (await once(engine, 'message')) as [{ endpoint: string; behind: string }];
  const client = createDynamoClient({ ...LOCAL_ACCESS, endpoint: behind });
  await fillReadyRegistry(createRegistryStore({ client, table: 'bench', timeoutMs: 30_000 }), rooms);
  client.destroy();
  await compare(rooms, program, endpoint).finally(() => engine.kill('SIGKILL'));
}
