import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const SCRIPT = join(import.meta.dirname, '../../lib/boot/minder.sh');
const TOKEN = 'the-token-of-the-api';

/** What the metadata service and the agent's API were asked, and what they answer. */
let metadata: Readonly<Record<string, string>>;
let agentAnswers: boolean;
let drained: (string | undefined)[];
let checked: number;
let work: string;
let servers: Server[];
let minder: ChildProcess;

async function listening(handler: Parameters<typeof createServer>[1]): Promise<number> {
  const server = createServer(handler as () => void);
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

beforeEach(async () => {
  metadata = {};
  agentAnswers = true;
  drained = [];
  checked = 0;
  servers = [];
  work = mkdtempSync(join(tmpdir(), 'onedoor-minder-'));
  const metadataPort = await listening((request, response) => {
    const path = request.url?.replace('/latest/', '') ?? '';
    if (path === 'api/token' && request.method === 'PUT') return response.end('imds-token');
    const isKnown = request.headers['x-aws-ec2-metadata-token'] === 'imds-token' && metadata[path] !== undefined;
    response.writeHead(isKnown ? 200 : 404);
    return response.end(metadata[path]);
  });
  const apiPort = await listening((request, response) => {
    if (!agentAnswers) return request.socket.destroy();
    if (request.url === '/healthz') checked++;
    if (request.url === '/drain' && request.method === 'POST') drained.push(request.headers.authorization);
    return response.writeHead(request.url === '/drain' ? 204 : 503).end();
  });
  writeFileSync(join(work, 'token'), `${TOKEN}\n`);
  writeFileSync(join(work, 'systemctl'), `#!/bin/bash\necho "$@" >>"${work}/calls"\n`);
  chmodSync(join(work, 'systemctl'), 0o755);
  minder = spawn('bash', [SCRIPT], {
    stdio: 'ignore',
    env: {
      PATH: `${work}:${process.env['PATH']}`,
      METADATA: `http://127.0.0.1:${metadataPort}/latest`,
      API_PORT: String(apiPort),
      API_TOKEN_FILE: join(work, 'token'),
      SLOTS: '1',
      PAUSE: '0.01',
    },
  });
});
afterEach(async () => {
  if (minder.exitCode === null) {
    minder.kill('SIGKILL');
    await once(minder, 'exit');
  }
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  rmSync(work, { recursive: true });
});

function restarts(): number {
  const calls = join(work, 'calls');
  return existsSync(calls) ? readFileSync(calls, 'utf8').split('restart onedoor-agent.service').length - 1 : 0;
}

describe('the minder', () => {
  it.each<[string, Readonly<Record<string, string>>]>([
    ['Auto Scaling wants it to go', { 'meta-data/autoscaling/target-lifecycle-state': 'Terminated' }],
    ['its spot capacity is taken back', { 'meta-data/spot/instance-action': '{"action":"terminate"}' }],
    ['AWS advises to rebalance', { 'meta-data/events/recommendations/rebalance': '{"noticeTime":"now"}' }],
  ])('tells the agent to drain, once, when %s', async (_why, told) => {
    metadata = { 'meta-data/autoscaling/target-lifecycle-state': 'InService' };
    await vi.waitFor(() => expect(checked).toBeGreaterThan(1), 5_000);
    expect(drained).toEqual([]);
    metadata = told;
    await vi.waitFor(() => expect(drained).toEqual([`Bearer ${TOKEN}`]), 5_000);
    const before = checked;
    await vi.waitFor(() => expect(checked).toBeGreaterThan(before + 2), 5_000);
    expect(drained).toHaveLength(1);
  });

  it('starts an agent again that does not answer, and tells it to drain anew', async () => {
    metadata = { 'meta-data/autoscaling/target-lifecycle-state': 'Terminated' };
    await vi.waitFor(() => expect(drained).toHaveLength(1), 5_000);
    agentAnswers = false;
    await vi.waitFor(() => expect(restarts()).toBeGreaterThan(0), 10_000);
    agentAnswers = true;
    await vi.waitFor(() => expect(drained.length).toBeGreaterThan(1), 5_000);
  });

  it('leaves an agent alone that answers, be it that it is not well', async () => {
    await vi.waitFor(() => expect(checked).toBeGreaterThan(8), 10_000);
    expect(restarts()).toBe(0);
  });
});
