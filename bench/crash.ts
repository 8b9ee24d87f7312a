/**
 * How soon clients of a crashed server are answered by another one: `node bench/crash.ts [crashes]`, default 100. Runs
 * the local system (`npm start`) as it is, with SDK clients: half of them send 10 datagrams a second, half send nothing
 * but keepalives (every 2 s). Every second crash is a SIGKILL of game and agent, every other one a freeze: packets
 * vanish, no ICMP. After each crash a new server takes the place of the old one, and clients who have not two living
 * alternates any more come anew: in life crashes are farther apart than sessions are long. (Who has no living alternate
 * goes to the door, after a random time of up to 5 s: docs/PROTOCOL.md.)
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { connect, type Session } from '../client/index.ts';
import { machine } from './cpu.ts';
import { atMost } from './figure.ts';

const CRASHES = Number(process.argv[2] ?? 100);
const SERVERS = 4;
const ALTERNATES = 2;
const PER_KIND = 10;
/** Addresses and ports of its own: `npm start` may run beside it. */
const BIND = '127.0.9.1';
const HTTP_PORT = 29_080;
const PROBE_PORT = 29_000;
const API = `http://${BIND}:${HTTP_PORT}`;
const DOOR = `${BIND}:${PROBE_PORT}`;
const SEND_MS = 100;
const SETTLE_MS = 1_500;
const GIVE_UP_MS = 20_000;

type Kind = 'active' | 'idle';

interface Player {
  readonly kind: Kind;
  readonly session: Session;
  /** The server whose game spoke to this client last, and when it did so first. */
  answeredBy: string;
  answeredAtMs: number;
  stop(): Promise<void>;
}

/** Joins the assigned game and stays; rejoins wherever the session goes. */
async function play(kind: Kind, name: string): Promise<Player> {
  const session = await connect({ door: DOOR, http: API, client: name });
  const socket = createSocket('udp4');
  let playing: NodeJS.Timeout | undefined;
  const stop = async (): Promise<void> => {
    clearInterval(playing);
    await session.close();
    socket.close();
  };
  const player: Player = { kind, session, answeredAtMs: 0, answeredBy: '', stop };
  const send = (text: string): void => {
    socket.send(text, session.server.ports['game'] ?? 0, session.server.address);
    if (kind === 'active') session.sent();
  };
  socket.on('error', () => {});
  socket.on('message', (_bytes, from) => {
    if (from.address !== session.server.address) return;
    if (kind === 'active') session.received();
    if (player.answeredBy === session.server.id) return;
    player.answeredBy = session.server.id;
    player.answeredAtMs = performance.now();
  });
  const join = (): void => send(`JOIN ${name} ${session.ticket ?? ''}`);
  session.on('reassigned', join);
  join();
  if (kind === 'active')
    playing = setInterval(() => (player.answeredBy === session.server.id ? send('PING') : join()), SEND_MS);
  return player;
}

/** Those who play on, and others in the place of those whose alternates are not all there any more. */
async function renewed(players: readonly Player[], round: number): Promise<readonly Player[]> {
  const { servers } = (await (await fetch(`${API}/v1/servers`)).json()) as {
    servers: { id: string; status: string }[];
  };
  const ready = new Set(servers.filter(({ status }) => status === 'ready').map(({ id }) => id));
  return await Promise.all(
    players.map(async (player, n) => {
      const { alternates } = player.session.state();
      if (alternates.length === ALTERNATES && alternates.every(({ id }) => ready.has(id))) return player;
      await player.stop();
      return await play(player.kind, `${player.kind}-${n}-${round}`);
    }),
  );
}

async function post(path: string): Promise<{ id: string }> {
  const response = await fetch(`${API}${path}`, { method: 'POST' });
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
  return (await response.json()) as { id: string };
}

async function untilStatus(id: string, isReady: boolean): Promise<void> {
  for (;;) {
    const { servers } = (await (await fetch(`${API}/v1/servers`)).json()) as {
      servers: { id: string; status: string }[];
    };
    if (servers.some((server) => server.id === id && server.status === 'ready') === isReady) return;
    await delay(50);
  }
}

/** Times in ms from the crash until another server answered, by kind of client. */
async function crash(
  how: 'crash' | 'freeze',
  players: readonly Player[],
  results: Record<Kind, number[]>,
): Promise<void> {
  const counts = new Map<string, number>();
  for (const { session } of players) counts.set(session.server.id, (counts.get(session.server.id) ?? 0) + 1);
  const [victim] = [...counts].sort((a, b) => b[1] - a[1])[0] as [string, number];
  const hit = players.filter(({ session }) => session.server.id === victim);
  const startedMs = performance.now();
  await post(`/local/servers/${victim}/${how}`);
  const { id: fresh } = await post('/local/servers');
  const saved = ({ answeredBy, answeredAtMs }: Player): boolean => answeredBy !== victim && answeredAtMs > startedMs;
  while (!hit.every(saved) && performance.now() - startedMs < GIVE_UP_MS) await delay(20);
  for (const player of hit) {
    results[player.kind].push(saved(player) ? player.answeredAtMs - startedMs : Number.POSITIVE_INFINITY);
  }
  if (how === 'freeze') await post(`/local/servers/${victim}/crash`);
  await untilStatus(fresh, true);
  // Each crash stands for itself: nobody is sent to the server that died before.
  await untilStatus(victim, false);
  await delay(SETTLE_MS);
}

/** The time that so many of all did not exceed. */
function quantile(times: readonly number[], share: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}

function line(name: string, times: readonly number[]): string {
  const at = (share: number) => Math.round(quantile(times, share));
  return `${name.padEnd(24)} ${times.length} clients, median ${at(0.5)} ms, p99 ${at(0.99)} ms, worst ${at(1)} ms`;
}

async function startSystem(): Promise<ChildProcess> {
  const ports = ['--http-port', String(HTTP_PORT), '--probe-port', String(PROBE_PORT), '--registry-port', '29090'];
  const args = ['local/main.ts', '--json', '--crowd', '0', '--servers', String(SERVERS), '--bind', BIND, ...ports];
  const system = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const text of createInterface({ input: system.stdout! })) if (text.includes('"ready"')) return system;
  throw new Error('the local system did not start; run `npm run build` first');
}

const system = await startSystem();
try {
  const kinds: readonly Kind[] = ['active', 'idle'];
  let players: readonly Player[] = await Promise.all(
    kinds.flatMap((kind) => Array.from({ length: PER_KIND }, (_, n) => play(kind, `${kind}-${n}`))),
  );
  await delay(SETTLE_MS);
  const results = { crash: { active: [], idle: [] }, freeze: { active: [], idle: [] } } as Record<
    'crash' | 'freeze',
    Record<Kind, number[]>
  >;
  console.log(`${machine()}; ${CRASHES} crashes, ${SERVERS} servers, keepalive every 2 s`);
  for (let n = 0; n < CRASHES; n++) {
    const how = n % 2 === 0 ? 'crash' : 'freeze';
    await crash(how, players, results[how]);
    players = await renewed(players, n);
    await delay(SETTLE_MS);
    const { active, idle } = results[how];
    console.log(
      `${String(n + 1).padStart(3)} ${how}: active ${Math.round(active.at(-1) ?? 0)} ms, idle ${Math.round(idle.at(-1) ?? 0)} ms`,
    );
  }
  for (const kind of kinds) {
    console.log(line(`${kind}, SIGKILL`, results.crash[kind]));
    console.log(line(`${kind}, packets vanish`, results.freeze[kind]));
    const all = [...results.crash[kind], ...results.freeze[kind]];
    console.log(line(`${kind}, all`, all));
    const most = kind === 'active' ? 3 : 5;
    atMost(`${kind} client of a crashed server answered by another one, p99`, most, quantile(all, 0.99) / 1_000, 's');
  }
} finally {
  system.kill('SIGTERM');
}
process.exit(0);
