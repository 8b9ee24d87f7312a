import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, type Session } from '../../client/index.ts';
import { until } from '../support/program.ts';

/** Addresses and ports of its own: other local systems may run beside it. */
const BIND = '127.0.9.1';
const HTTP_PORT = 18_980;
const PROBE_PORT = 17_900;
const API = `http://${BIND}:${HTTP_PORT}`;
const FLAGS = ['--json', '--bind', BIND, '--http-port', `${HTTP_PORT}`, '--probe-port', `${PROBE_PORT}`];
const WAIT_MS = 30_000;

let system: ChildProcess;
beforeAll(async () => {
  const args = [...FLAGS, '--registry-port', '18900', '--servers', '3', '--crowd', '0'];
  system = spawn(process.execPath, ['local/main.ts', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: system.stdout! })) if (line.includes('"ready"')) break;
  system.stdout!.resume();
});
afterAll(async () => {
  const ended = once(system, 'exit');
  system.kill('SIGTERM');
  await ended;
});

const act = (server: string, action: string) => fetch(`${API}/local/servers/${server}/${action}`, { method: 'POST' });

/** A client that has joined the game of its server, so that the server has a session to end. */
async function aPlayer(client: string): Promise<{ readonly session: Session; readonly told: string[] }> {
  const session = await connect({ door: `${BIND}:${PROBE_PORT}`, http: API, app: 'world', client });
  const told: string[] = [];
  session.on('moving', ({ named }) => told.push(named ? 'moving to a seat' : 'moving'));
  session.on('lost', () => told.push('lost'));
  session.on('reassigned', ({ server, from }) => told.push(`from ${from.id} to ${server.id}`));
  const socket = createSocket('udp4');
  let isIn = false;
  socket.on('message', (bytes) => {
    isIn ||= bytes.toString().startsWith('WELCOME');
  });
  await until('the game lets the client in', async () => {
    socket.send(`JOIN ${client} ${session.ticket}`, session.server.ports['game']!, session.server.address);
    await new Promise((resolve) => setTimeout(resolve, 100));
    return isIn;
  });
  socket.close();
  return { session, told };
}

/** What the gateway has found out. */
async function probing(): Promise<{ readonly suspected: number; readonly watched: number }> {
  const { counters, probing: facts } = (await (await fetch(`http://${BIND}:${HTTP_PORT + 1}/healthz`)).json()) as {
    counters: Readonly<Record<string, number>>;
    probing: { watched: number };
  };
  return { suspected: counters['suspected'] ?? 0, watched: facts.watched };
}

describe('a server that goes', () => {
  it('sends its client on before it ends, to a seat that is taken already', async () => {
    const { session, told } = await aPlayer('traveller');
    const from = session.server.id;
    await act(from, 'drain');
    await until('the client has moved', () => session.server.id !== from, WAIT_MS);
    await until('the client is told', () => told.at(-1) === `from ${from} to ${session.server.id}`);
    expect(told).toContain('moving to a seat');
    expect(told).not.toContain('lost');
    await session.close();
  });

  it('sends as many clients elsewhere as its operator wants, and goes on', async () => {
    const { session, told } = await aPlayer('chosen');
    const from = session.server.id;
    const registry = ['--table', 'onedoor', '--registry', 'http://127.0.0.1:18900', '--http', API];
    const env = {
      PATH: process.env['PATH'],
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'x',
      AWS_SECRET_ACCESS_KEY: 'x',
    };
    const move = [join(import.meta.dirname, '../../cli/main.ts'), 'move', from, '1', ...registry];
    expect((await promisify(execFile)(process.execPath, move, { env })).stdout).toMatch(/send 1 of \d+ sessions/);
    await until('the client has moved', () => session.server.id !== from, WAIT_MS);
    await until('the client is told', () => told.at(-1) === `from ${from} to ${session.server.id}`);
    expect(told).not.toContain('lost');
    const { servers } = (await (await fetch(`${API}/v1/servers`)).json()) as {
      servers: { id: string; status: string }[];
    };
    expect(servers.find(({ id }) => id === from)?.status).toBe('ready');
    await session.close();
  });

  it('is found silent by the gateway when it dies, and its client finds another one', async () => {
    const { session, told } = await aPlayer('survivor');
    const from = session.server.id;
    const before = (await probing()).suspected;
    await act(from, 'crash');
    await until('the gateway suspects it', async () => (await probing()).suspected > before, WAIT_MS);
    await until('the client has moved', () => session.server.id !== from, WAIT_MS);
    expect(told).toContain('lost');
    await session.close();
  });
});
