import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeClassic } from '../../core/wire/classic-packet.ts';
import { freePorts } from '../support/free-ports.ts';
import { until } from '../support/program.ts';

/** Addresses and ports of its own: others may run beside it. */
const BIND = '127.0.8.1';
const HTTP_PORT = await freePorts(8);
const REGISTRY_PORT = HTTP_PORT + 2;
const PROBE_PORT = HTTP_PORT + 3;
const DOOR_PORT = PROBE_PORT + 3;
const HTTP = `http://${BIND}:${HTTP_PORT}`;
const MACHINES = [11, 12, 13, 14].map((last) => `127.0.8.${last}`);
const GAME_PORT = 7_777;
const CLASSIC = encodeClassic(new Uint8Array(4));

let system: ChildProcess;
let client: Socket;
const heard: { readonly text: Buffer; readonly from: string }[] = [];

beforeAll(async () => {
  const numbers = { 'http-port': HTTP_PORT, 'probe-port': PROBE_PORT, 'registry-port': REGISTRY_PORT };
  const ports = Object.entries(numbers).flatMap(([name, port]) => [`--${name}`, `${port}`]);
  const flags = ['--json', '--door', 'servers', '--servers', '4', '--crowd', '0', '--bind', BIND, ...ports];
  system = spawn(process.execPath, ['local/main.ts', ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: system.stdout! });
  const [ready] = (await once(lines, 'line')) as [string];
  expect(JSON.parse(ready)).toMatchObject({ event: 'ready', door: `${MACHINES[0]}:${DOOR_PORT}` });
  client = createSocket('udp4');
  client.on('message', (text, { address, port }) => heard.push({ text, from: `${address}:${port}` }));
  client.bind(0, '127.0.8.200');
  await once(client, 'listening');
});

afterAll(async () => {
  client.close();
  const exited = once(system, 'exit');
  system.kill('SIGTERM');
  expect((await exited)[0]).toBe(0);
});

/** Says it until an answer comes from there that fits; the answer's bytes. */
async function ask(bytes: Uint8Array | string, to: string, port: number, fits: (text: Buffer) => boolean = () => true) {
  heard.length = 0;
  let sentMs = Number.NEGATIVE_INFINITY;
  return await until(`an answer of ${to}:${port}`, () => {
    if (performance.now() - sentMs > 1_000) {
      sentMs = performance.now();
      client.send(bytes, port, to);
    }
    return heard.find(({ text, from }) => from === `${to}:${port}` && fits(text))?.text;
  });
}

/** The server that the door of each machine names for this client. */
async function namedByEach(machines: readonly string[]): Promise<string[]> {
  const named: string[] = [];
  for (const machine of machines) named.push([...(await ask(CLASSIC, machine, DOOR_PORT)).subarray(4)].join('.'));
  return named;
}

const doorCounters = async (machine: string): Promise<Record<string, number>> => {
  const health = await fetch(`http://${machine}:${DOOR_PORT + 1}/healthz`);
  return ((await health.json()) as { counters: Record<string, number> }).counters;
};

describe('four servers that are the door themselves', () => {
  it('name one server to a client whichever of them it asks, and it plays there', async () => {
    const named = await namedByEach(MACHINES);
    const [server = ''] = named;
    expect(new Set(named).size).toBe(1);
    expect(MACHINES).toContain(server);
    await ask('JOIN walker', server, GAME_PORT, (text) => text.toString().startsWith('WELCOME walker'));
    await ask('PING 1', server, GAME_PORT, (text) => text.toString() === 'PONG 1');
    expect((await ask(CLASSIC, server, PROBE_PORT)).subarray(4).join('.')).toBe(server);
    client.send('LEAVE', GAME_PORT, server);
  });

  it('answer extended requests without a ticket, and both kinds over TCP', () => {
    const probe = (...flags: string[]) =>
      execFileSync(
        process.execPath,
        ['cli/main.ts', 'probe', `${MACHINES[1]}:${DOOR_PORT}`, '--count', '1', ...flags],
        {
          encoding: 'utf8',
        },
      );
    expect(probe('--app', 'world')).toMatch(/server srv-0\d\.0 at 127\.0\.8\.1\d/);
    expect(probe('--tcp')).toMatch(/1 answered/);
    expect(probe('--tcp', '--app', 'world')).toMatch(/server srv-0\d\.0 at 127\.0\.8\.1\d/);
  });

  it('send nobody to a server that died, from the first request on', async () => {
    const [victim = ''] = await namedByEach(MACHINES.slice(0, 1));
    const id = `srv-0${MACHINES.indexOf(victim) + 1}.0`;
    expect((await fetch(`${HTTP}/local/servers/${id}/crash-game`, { method: 'POST' })).status).toBe(202);
    // Its agent calls the game dead after 2 s of silence, and is silent itself from then on.
    await until('the others go past it', async () => !(await namedByEach(MACHINES)).includes(victim), 20_000);
    expect(new Set(await namedByEach(MACHINES)).size).toBe(1);
  });

  it('are silent to what is malformed, and count it', async () => {
    const [machine = ''] = MACHINES;
    const before = (await doorCounters(machine))['door.dropped.short'] ?? 0;
    heard.length = 0;
    await until('it is counted', async () => {
      client.send(new Uint8Array(3), DOOR_PORT, machine);
      return ((await doorCounters(machine))['door.dropped.short'] ?? 0) > before;
    });
    expect(heard).toEqual([]);
  });
});
