import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it, onTestFinished } from 'vitest';
import { type SharePeer, startPeer } from '../../examples/share/peer.ts';
import { startProgram, until } from '../support/program.ts';
import { plantTree } from '../support/temp-tree.ts';

const BIND = '127.0.6.1';
const SERVER = '127.0.6.30';
const [HTTP, PROBE, REGISTRY, API, INDEX, LOBBY] = [18_580, 17_500, 18_500, 17_550, 15_300, 17_560];
const SONG = 'a song, as far as anybody can tell\n'.repeat(1_000);
const KEYS = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' };

function start(script: string, ...args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(async () => {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await gone;
  });
  return child;
}

/** The deployment without servers, then one server of another kind: an index with an agent beside it. */
async function anIndex(): Promise<void> {
  const ports = ['--http-port', String(HTTP), '--probe-port', String(PROBE), '--registry-port', String(REGISTRY)];
  const system = start('local/main.ts', '--json', '--servers', '0', '--bind', BIND, ...ports);
  let isReady = false;
  createInterface({ input: system.stdout! }).on('line', (line) => {
    isReady ||= JSON.parse(line).event === 'ready';
  });
  await until('the door is open', () => isReady, 40_000);
  const dir = plantTree({});
  const token = join(dir, 'token');
  startProgram(
    'agent/agent.mjs',
    [
      ...['--app', 'share', '--game', `${SERVER}:${INDEX}`, '--address', SERVER, '--bind', SERVER, '--capacity', '8'],
      ...['--identity', 'op:index', '--registry', `http://127.0.0.1:${REGISTRY}`, '--probe-port', String(PROBE)],
      ...['--api-bind', SERVER, '--api-port', String(API), '--api-token-file', token, '--journal', dir],
      ...['--lobby-port', String(LOBBY), '--beat-ms', '1000'],
    ],
    KEYS,
  );
  await until('the agent has made its token', () => {
    try {
      return readFileSync(token).length > 0;
    } catch {
      return false;
    }
  });
  start('examples/share/index.ts', SERVER, String(INDEX), `http://${SERVER}:${API}`, token);
  await until(
    'the door gives it out',
    async () => {
      const health = await fetch(`http://${BIND}:${HTTP + 1}/healthz`);
      return ((await health.json()) as { openServers: number }).openServers === 1;
    },
    20_000,
  );
}

async function aPeer(name: string, files: Readonly<Record<string, string>>): Promise<SharePeer> {
  const peer = await startPeer(`${BIND}:${PROBE}`, name, plantTree(files));
  onTestFinished(() => peer.close());
  return peer;
}

it('peers find each other through the server they are assigned to, and exchange files between themselves', async () => {
  await anIndex();
  const ann = await aPeer('ann', { 'song.txt': SONG, 'other.txt': 'x' });
  const bob = await aPeer('bob', { 'poem.txt': 'short' });
  expect(Buffer.from((await bob.fetch('song.txt')) ?? []).toString()).toBe(SONG);
  expect(Buffer.from((await ann.fetch('poem.txt')) ?? []).toString()).toBe('short');
  expect(await ann.fetch('song.txt')).toBeUndefined();
  expect(await bob.fetch('../secret')).toBeUndefined();
  await until('both are in the lobby', async () => {
    const reply = await fetch(`http://${SERVER}:${LOBBY}/`);
    const lobby = (await reply.json()) as { participants: string[]; description: string };
    return lobby.participants.length === 2 && lobby.description === '3 files';
  });
  const stranger = await fetch(`http://${SERVER}:${INDEX}/me`, {
    method: 'PUT',
    headers: { authorization: 'Bearer nonsense' },
    body: JSON.stringify({ name: 'eve', port: 1, files: [] }),
  });
  expect(stranger.status).toBe(403);
});
