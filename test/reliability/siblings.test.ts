import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createDynamoClient } from '../../adapters/dynamodb/client.ts';
import { createRegistryStore } from '../../adapters/dynamodb/registry-store.ts';
import { systemClock } from '../../adapters/system/system-clock.ts';
import { createRosterWriter } from '../../core/registry/roster-pass.ts';
import { rowKey } from '../../core/registry/row.ts';
import { encodeClassic } from '../../core/wire/classic-packet.ts';
import { LOCAL_ACCESS, startDynalite } from '../../local/dynalite.ts';
import { aServer } from '../support/builders.ts';
import { freePorts } from '../support/free-ports.ts';
import { startProgram, until } from '../support/program.ts';

const TABLE = 'siblings';
const CLASSIC = encodeClassic(Uint8Array.of(192, 168, 1, 7));

interface Health {
  readonly status?: string;
  readonly siblings?: readonly { readonly pid: number; readonly status: string }[];
  readonly counters?: Readonly<Record<string, number>>;
}

/** A registry with one server, whose second beat the roster's writer saw arrive. */
async function aRegistry(): Promise<string> {
  const dynamo = await startDynalite({ table: TABLE });
  onTestFinished(() => dynamo.close());
  const client = createDynamoClient({ ...LOCAL_ACCESS, endpoint: dynamo.endpoint });
  const store = createRegistryStore({ client, table: TABLE });
  const writer = createRosterWriter({ store, clock: systemClock });
  const key = rowKey('test:a', 0);
  const { server } = aServer({ id: 'a.0', app: 'world', ipv4: '203.0.113.1', maxCapacity: 100 });
  const gen = '00000000000000aa';
  await store.write(key, { kind: 'create', gen, nowMs: 1 });
  await store.place(key, server);
  for (const beat of [1, 2]) {
    const counts = { hb: 0, sessions: 0, capacity: 100, state: 'ready' } as const;
    await store.write(key, { kind: 'beat', gen, beat, addFree: beat === 1 ? 100 : 0, ...counts });
    await writer.pass();
  }
  return dynamo.endpoint;
}

/** Asks from a new port, which is a new flow, until there is an answer. */
async function ask(port: number): Promise<void> {
  const socket = createSocket('udp4');
  let isAnswered = false;
  socket.on('message', () => {
    isAnswered = true;
  });
  await until('an answer', () => {
    if (!isAnswered) socket.send(CLASSIC, port, '127.0.0.1');
    return isAnswered;
  });
  socket.close();
}

it('a gateway of three processes shares one port, starts again the one that is killed, and ends them all', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'siblings-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const secret = join(dir, 'secret');
  writeFileSync(secret, Buffer.alloc(48, 7), { mode: 0o600 });
  const port = await freePorts(2);
  const health = async (): Promise<Health> =>
    (await fetch(`http://127.0.0.1:${port + 1}/healthz`).then(
      (response) => response.json(),
      () => ({}),
    )) as Health;
  const allWell = async (): Promise<readonly number[] | undefined> => {
    const { status, siblings = [] } = await health();
    const well = status === 'ok' && siblings.length === 2 && siblings.every((sibling) => sibling.status === 'ok');
    return well ? siblings.map(({ pid }) => pid) : undefined;
  };
  const bind = ['--bind', '127.0.0.1', '--port', String(port), '--processes', '3'];
  const door = startProgram(
    'door/door.mjs',
    [...bind, '--health-bind', '127.0.0.1', '--health-port', String(port + 1)],
    {
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_ENDPOINT_URL_DYNAMODB: await aRegistry(),
      ONEDOOR_TABLE: TABLE,
      ONEDOOR_KEY_SECRET: `file:${secret}`,
    },
  );
  const first = await until('three processes', allWell, 30_000);
  for (let flows = 0; flows < 30; flows++) await ask(port);
  await until('counters of all', async () => ((await health()).counters?.['classic'] ?? 0) >= 30);

  process.kill(first[0]!, 'SIGKILL');
  const second = await until(
    'another process',
    async () => {
      const pids = await allWell();
      return pids && !pids.includes(first[0]!) ? pids : undefined;
    },
    30_000,
  );
  expect(second[1]).toBe(first[1]);
  for (let flows = 0; flows < 10; flows++) await ask(port);

  door.child.kill('SIGTERM');
  expect(await door.ended()).toBe(0);
  for (const pid of second) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});
