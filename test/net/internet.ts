/**
 * The internet of the NAT lab, inside its network namespace: three doors that differ in who answers, one agent with its
 * game for IPv4 and one for IPv6, over one registry in memory. Orders come in on stdin, replies go out on stdout, one
 * line of JSON each.
 */
import { createSocket, type Socket } from 'node:dgram';
import { createInterface } from 'node:readline';
import { secretKeys } from '../../adapters/crypto/secret-keys.ts';
import { createHttpServer } from '../../adapters/http/server.ts';
import { createMemoryStore } from '../../adapters/memory/registry-store.ts';
import { createLogger } from '../../adapters/system/logger.ts';
import { systemClock as clock } from '../../adapters/system/system-clock.ts';
import { createSystemRng } from '../../adapters/system/system-rng.ts';
import { openTcp } from '../../adapters/tcp/tcp-endpoint.ts';
import { openUdp } from '../../adapters/udp/udp-endpoint.ts';
import { openUdpSender } from '../../adapters/udp/udp-sender.ts';
import { startAgent } from '../../agents/agent.ts';
import { parseAgentOptions } from '../../agents/options.ts';
import { parseRuntimeConfig } from '../../core/config/runtime-config.ts';
import { createRosterWriter } from '../../core/registry/roster-pass.ts';
import { composeDoor, type Door } from '../../door/compose.ts';
import { composeApi } from '../../lambda/compose-assign.ts';
import { createAgentLink } from '../../local/game/agent-link.ts';
import { DOORS, GAME_PORT, PROBE_PORT, SERVERS } from './places.ts';

/** What the lab may ask for. */
export type InternetOrder =
  /** The game sends a datagram to whom it heard last. */
  { readonly order: 'push' } | { readonly order: 'counters' };

const CAPACITY = 400;
const dir = process.argv[2] as string;
const store = createMemoryStore();
const rng = createSystemRng();
const log = createLogger({ level: 'warn', destination: { write: (line) => process.stderr.write(line) } });
const keys = secretKeys(new Uint8Array(48).fill(5));
const isProbePort = (port: number): boolean => port >= PROBE_PORT && port < PROBE_PORT + 64;

function settings(mode: keyof typeof DOORS): string {
  const answers = mode === 'server' ? 'server' : 'door';
  return JSON.stringify({ defaultApp: 'arena', answers, notify: mode === 'notify', unverifiedPerSecond: 10_000 });
}

async function openDoor(mode: keyof typeof DOORS): Promise<Door> {
  const config = parseRuntimeConfig(settings(mode));
  const sender = await openUdpSender(isProbePort);
  const { signer, mac: cookieMac } = keys;
  const door = composeDoor({
    config,
    ownPort: PROBE_PORT,
    store,
    signer,
    cookieMac,
    sendForward: sender.send,
    clock,
    rng,
  });
  for (const bind of DOORS[mode]) {
    await openUdp({ bind, port: PROBE_PORT, handler: door.handle });
    await openTcp({ bind, port: PROBE_PORT, handler: door.handle });
  }
  setInterval(() => void door.roster.refresh(), config.rosterRefreshMs);
  return door;
}

async function openApi(): Promise<void> {
  const config = parseRuntimeConfig(settings('door'));
  const handler = composeApi({ config, store, keys, readKeys: async () => keys, clock, rng, log });
  for (const [ipv4] of Object.values(DOORS)) await createHttpServer({ handler }).listen(80, ipv4);
}

/** A game that counts nobody and pushes when it is told to, with its agent. */
async function openServer(name: keyof typeof SERVERS, index: number): Promise<{ game: Socket; push: () => void }> {
  const address = SERVERS[name];
  const apiPort = 7_100 + index;
  const tokenFile = `${dir}/${name}.token`;
  const options = parseAgentOptions(
    [
      ...['--game', address.includes(':') ? `[${address}]:${GAME_PORT}` : `${address}:${GAME_PORT}`],
      ...['--capacity', String(CAPACITY), '--identity', `op:${name}`, '--address', address, '--app', 'arena'],
      ...['--bind', address, '--probe-port', String(PROBE_PORT), '--api-port', String(apiPort)],
      ...['--api-token-file', tokenFile, '--journal', `${dir}/${name}`, '--on-client', `${dir}/allow.sh`],
    ],
    { ONEDOOR_CONFIG: settings('door') },
    () => {},
  );
  if (options === 'help') throw new Error('help');
  const onLost = (reason: string): never => {
    throw new Error(reason);
  };
  await startAgent(options, { store, clock, rng, log, onLost });
  const link = createAgentLink(`http://127.0.0.1:${apiPort}`, tokenFile);
  setInterval(() => void link.report({ sessions: [], capacity: CAPACITY, participants: [] }), 500);
  const game = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  let last: { readonly address: string; readonly port: number } = { address, port: GAME_PORT };
  game.on('message', (bytes, from) => {
    last = from;
    game.send(`echo ${bytes}`, from.port, from.address);
  });
  game.bind(GAME_PORT, address);
  return { game, push: () => game.send('push', last.port, last.address) };
}

async function main(): Promise<void> {
  await store.writeKeys([keys.publicKey]);
  const servers = [await openServer('one', 0), await openServer('six', 1)];
  const writer = createRosterWriter({ store, clock, relistMs: 0 });
  setInterval(() => void writer.pass(), 200);
  const doors = [await openDoor('door'), await openDoor('server'), await openDoor('notify')];
  await openApi();
  while (doors.some((door) => door.openServers() < servers.length)) {
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  console.log(JSON.stringify({ done: 'start' }));
  createInterface({ input: process.stdin }).on('line', (line) => {
    const { id, order } = JSON.parse(line) as InternetOrder & { readonly id: number };
    if (order === 'push') servers[0]?.push();
    const counters = Object.fromEntries(doors.map((door, at) => [Object.keys(DOORS)[at], door.counters.read()]));
    console.log(JSON.stringify({ done: id, ...(order === 'counters' && { counters }) }));
  });
  // The lab has gone.
  process.stdin.on('end', () => process.exit(0));
}

if (import.meta.main) await main();
