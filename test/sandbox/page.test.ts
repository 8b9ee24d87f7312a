import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '../../adapters/system/system-clock.ts';
import { createRosterWriter } from '../../core/registry/roster-pass.ts';
import type { Step } from '../../page/wire.ts';
import { AgentLab } from '../support/agent-lab.ts';
import { freePorts } from '../support/free-ports.ts';
import { startProgram, until } from '../support/program.ts';

const WAIT_MS = 30_000;
const CONFIG = JSON.stringify({ timing: AgentLab.timing, keepalive: { intervalSeconds: 1 }, defaultApp: 'arena' });

/** A gateway with its page, and the roster written as the function would. */
async function openDoor(lab: AgentLab) {
  const port = await freePorts(3);
  const secret = join(lab.dir, 'secret');
  const tokenFile = join(lab.dir, 'run/page-token');
  writeFileSync(secret, Buffer.alloc(32, 7), { mode: 0o600 });
  const flags = [
    '--bind',
    '127.0.0.1',
    '--port',
    `${port}`,
    '--health-bind',
    '127.0.0.1',
    '--health-port',
    `${port + 1}`,
  ];
  const pageFlags = ['--page-port', `${port + 2}`, '--page-token-file', tokenFile];
  const door = startProgram('door/door.mjs', [...flags, ...pageFlags], {
    ...lab.agentCommand().env,
    AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${lab.registry.port}`,
    ONEDOOR_TABLE: lab.table,
    ONEDOOR_KEY_SECRET: `file:${secret}`,
    ONEDOOR_CONFIG: CONFIG,
  });
  const writer = createRosterWriter({ store: lab.store, clock: systemClock });
  const url = `http://127.0.0.1:${port + 2}`;
  await until(
    `the page to be there\n${door.text()}`,
    async () => (await fetch(url).catch(() => undefined))?.ok,
    WAIT_MS,
  );
  return { url, port: port + 2, tokenFile, pass: () => writer.pass() };
}

/** The first picture of the stream. */
async function pictureOf(url: string): Promise<Step> {
  const response = await fetch(`${url}/events`);
  let text = '';
  for await (const bytes of response.body!) {
    text += new TextDecoder().decode(bytes as Uint8Array);
    const step = /^data: (.*)\n\n/m.exec(text)?.[1];
    // Leaving the loop closes the connection.
    if (step !== undefined) return JSON.parse(step) as Step;
  }
  throw new Error('the stream ended before its first picture');
}

it('lets an operator who came by a tunnel see the server of a gateway and drain it, and nobody else', async () => {
  const lab = await AgentLab.open();
  lab.startGame();
  lab.startAgent();
  await lab.verify();
  const { url, port, tokenFile, pass } = await openDoor(lab);
  const shown = async (status: number) => {
    await pass();
    const { added = [], changed = [] } = await pictureOf(url);
    return added[0]?.[1] === lab.id && changed[1] === status;
  };
  await until('the page shows the server as ready', () => shown(1), WAIT_MS);

  const foreign = await new Promise((resolve, reject) => {
    request({ port, host: '127.0.0.1', headers: { host: 'evil.example' } }, ({ statusCode }) => resolve(statusCode))
      .on('error', reject)
      .end();
  });
  expect(foreign).toBe(403);
  expect(statSync(tokenFile).mode & 0o777).toBe(0o600);
  const act = (action: string, token: string, more: object = {}) =>
    fetch(`${url}/actions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ action, server: lab.id, ...more }),
    });
  const token = readFileSync(tokenFile, 'utf8').trim();
  expect((await act('drain', 'another-token-of-some-length')).status).toBe(403);
  expect((await act('crash', token)).status).toBe(400);
  // It is the only one of its pool.
  expect((await act('drain', token)).status).toBe(409);
  expect((await act('drain', token, { knowsItIsLast: true })).status).toBe(202);
  await until('the page shows the server as draining', () => shown(2), WAIT_MS);
  expect((await act('resume', token)).status).toBe(202);
  await until('the page shows the server as ready again', () => shown(1), WAIT_MS);
});
