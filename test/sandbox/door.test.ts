import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDynamoClient } from '../../adapters/dynamodb/client.ts';
import { createRegistryStore } from '../../adapters/dynamodb/registry-store.ts';
import { systemClock } from '../../adapters/system/system-clock.ts';
import { createRosterWriter } from '../../core/registry/roster-pass.ts';
import { rowKey } from '../../core/registry/row.ts';
import { encodeClassic } from '../../core/wire/classic-packet.ts';
import { decodePacket } from '../../core/wire/decode.ts';
import { encodeRequest } from '../../core/wire/encode-request.ts';
import type { ExtendedResponse, RequestFields } from '../../core/wire/packet.ts';
import { LOCAL_ACCESS, type LocalDynamo, startDynalite } from '../../local/dynalite.ts';
import { aServer } from '../support/builders.ts';

const HOST = '127.0.3.1';
const PORT = 17_100;
const HEALTH = `http://${HOST}:17101/healthz`;
const TABLE = 'door-test';
const CAPACITY = 2_000;
const CLASSIC = encodeClassic(Uint8Array.of(192, 168, 1, 7));

let dynamo: LocalDynamo;
let door: ChildProcess;
let log = '';
const dir = mkdtempSync(join(tmpdir(), 'door-test-'));

const GEN = '00000000000000aa';

/** Two servers whose second beat the roster's writer saw arrive: it gives out nobody on hearsay. */
async function fill(): Promise<void> {
  const client = createDynamoClient({ ...LOCAL_ACCESS, endpoint: dynamo.endpoint });
  const store = createRegistryStore({ client, table: TABLE });
  const writer = createRosterWriter({ store, clock: systemClock });
  const keys = ['a', 'b'].map((id) => rowKey(`test:${id}`, 0));
  const beat = (key: string, number: number, addFree: number) =>
    store.write(key, {
      kind: 'beat',
      gen: GEN,
      beat: number,
      addFree,
      hb: 0,
      sessions: 0,
      capacity: CAPACITY,
      state: 'ready',
    });
  for (const [n, key] of keys.entries()) {
    await store.write(key, { kind: 'create', gen: GEN, nowMs: 1 });
    const ipv4 = `203.0.113.${n + 1}`;
    await store.place(key, aServer({ id: `s${n}.0`, app: 'world', ipv4, maxCapacity: CAPACITY }).server);
    await beat(key, 1, CAPACITY);
  }
  await writer.pass();
  for (const key of keys) await beat(key, 2, 0);
  await writer.pass();
}

/** Asks for seats until the gateway has taken some ahead: of the rows' free ones fewer are left than were handed out. */
async function untilStocked(): Promise<void> {
  const client = createDynamoClient({ ...LOCAL_ACCESS, endpoint: dynamo.endpoint });
  const store = createRegistryStore({ client, table: TABLE });
  const left = async () => (await store.list()).reduce((sum, { seats }) => sum + (seats?.free ?? 0), 0);
  let before = await left();
  for (let asked = 0; asked < 500; asked++) {
    await ask(request());
    const now = await left();
    // A request that cost several seats left some on hand.
    if (before - now > 2) return;
    before = now;
  }
  throw new Error('500 requests, and nothing was taken ahead');
}

beforeAll(async () => {
  dynamo = await startDynalite({ table: TABLE });
  await fill();
  const secret = join(dir, 'secret');
  writeFileSync(secret, Buffer.alloc(48, 7), { mode: 0o600 });
  door = spawn(
    process.execPath,
    [
      'dist/door/door.mjs',
      '--bind',
      HOST,
      '--port',
      String(PORT),
      '--health-bind',
      HOST,
      '--health-port',
      '17101',
      '--stop-ms',
      '1500',
    ],
    {
      env: {
        PATH: process.env['PATH'],
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'local',
        AWS_SECRET_ACCESS_KEY: 'local',
        AWS_ENDPOINT_URL_DYNAMODB: dynamo.endpoint,
        ONEDOOR_TABLE: TABLE,
        ONEDOOR_KEY_SECRET: `file:${secret}`,
        ONEDOOR_CONFIG: JSON.stringify({ unverifiedPerSecond: 1_000 }),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  for (const stream of [door.stdout!, door.stderr!]) stream.on('data', (chunk) => (log += chunk));
  for (let open = 0; open !== 2; open = Number((await health())['openServers']))
    await new Promise((resolve) => setImmediate(resolve));
});

afterAll(async () => {
  door.kill('SIGKILL');
  await dynamo.close().catch(() => {});
  rmSync(dir, { recursive: true });
});

const health = async (): Promise<Record<string, unknown>> =>
  (await fetch(HEALTH).then(
    (response) => response.json(),
    () => ({}),
  )) as Record<string, unknown>;
const counters = async (): Promise<Record<string, number>> => (await health())['counters'] as Record<string, number>;

/** The reply to one datagram, or undefined after `waitMs`. */
function ask(bytes: Uint8Array, waitMs = 10_000): Promise<Uint8Array | undefined> {
  const socket: Socket = createSocket('udp4');
  return new Promise((resolve) => {
    const finish = (answer?: Uint8Array): void => {
      clearTimeout(timer);
      socket.close();
      resolve(answer);
    };
    const timer = setTimeout(finish, waitMs);
    socket.on('message', (answer) => finish(answer));
    socket.send(bytes, PORT, HOST);
  });
}

/** Everything that the door writes on one TCP connection until it closes, or for `waitMs`. */
function stream(chunks: readonly Uint8Array[], waitMs: number): Promise<{ bytes: Buffer; closed: boolean }> {
  return new Promise((resolve) => {
    const socket = connect({ host: HOST, port: PORT });
    const got: Buffer[] = [];
    const finish = (closed: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ bytes: Buffer.concat(got), closed });
    };
    const timer = setTimeout(() => finish(false), waitMs);
    socket.on('data', (chunk: Buffer) => got.push(chunk));
    socket.on('close', () => finish(true));
    socket.on('error', () => finish(true));
    socket.on('connect', () => {
      for (const chunk of chunks) socket.write(chunk);
    });
  });
}

let nonces = 0;
function request(fields: Partial<RequestFields> = {}, padTo = 800): Uint8Array {
  const nonce = new Uint8Array(8);
  new DataView(nonce.buffer).setUint32(0, ++nonces);
  const mapped = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0);
  return encodeRequest(
    { address: mapped, nonce, client: new TextEncoder().encode(`c${nonces}`), ...fields },
    { padTo },
  );
}

function extended(bytes: Uint8Array | undefined): ExtendedResponse {
  const decoded = decodePacket(bytes ?? new Uint8Array(), { expect: 'response' });
  if (!decoded.ok || decoded.packet.kind !== 'extended') throw new Error('no extended response');
  return decoded.packet;
}

describe('the gateway process', () => {
  it('answers classic and extended requests over UDP, never with more bytes than it got', async () => {
    expect([...(await ask(CLASSIC))!.subarray(0, 7)]).toEqual([0, 8, 255, 255, 203, 0, 113]);
    const bytes = request();
    const answer = extended(await ask(bytes));
    expect(answer.ticket).toBeDefined();
    expect(answer.length).toBeLessThanOrEqual(bytes.length);
  });

  it('answers several packets of one TCP connection, however the stream is cut', async () => {
    const wire = Buffer.concat([CLASSIC, request({}, 0), CLASSIC]);
    const chunks = [wire.subarray(0, 1), wire.subarray(1, 5), wire.subarray(5)];
    const { bytes, closed } = await stream(chunks, 2_000);
    expect(closed).toBe(false);
    expect(bytes.subarray(0, 4)).toEqual(Buffer.of(0, 8, 255, 255));
    const middle = bytes.readUInt16BE(8);
    expect(extended(bytes.subarray(8, 8 + middle)).ticket).toBeDefined();
    expect(bytes.length).toBe(16 + middle);
  });

  it('is silent to malformed datagrams, closes the connection on malformed streams, and counts both by reason', async () => {
    const before = await counters();
    const wrongType = Uint8Array.of(0, 8, 255, 254, 0, 0, 0, 0);
    const malformed = [new Uint8Array(2), Uint8Array.of(0, 9, 255, 255, 0, 0, 0, 0), wrongType];
    expect(await Promise.all(malformed.map((bytes) => ask(bytes, 300)))).toEqual([undefined, undefined, undefined]);
    expect(await stream([wrongType], 10_000)).toMatchObject({ bytes: Buffer.alloc(0), closed: true });
    const after = await counters();
    const grown = (name: string) => (after[name] ?? 0) - (before[name] ?? 0);
    expect([grown('dropped.short'), grown('dropped.length-mismatch'), grown('dropped.wrong-type')]).toEqual([1, 1, 2]);
  });

  it('goes on with roster and stock while the registry is away, then says unavailable, and stays up', async () => {
    await untilStocked();
    await dynamo.close();
    const outcomes: string[] = [];
    for (let n = 0; n < 40 && outcomes.at(-1) !== 'unavailable'; n++) {
      const { ticket, error } = extended(await ask(request(), 10_000));
      outcomes.push(ticket === undefined ? (error?.reason ?? '?') : 'seat');
    }
    expect(outcomes[0]).toBe('seat');
    expect(outcomes.at(-1)).toBe('unavailable');
    expect([...(await ask(CLASSIC))!.subarray(0, 7)]).toEqual([0, 8, 255, 255, 203, 0, 113]);
    expect(await health()).toMatchObject({ status: 'ok', servers: 2 });
    await expect.poll(() => log, { timeout: 5_000 }).toContain('the roster cannot be read');
    expect(door.exitCode).toBeNull();
  });

  it('fails its health first when it is told to stop, answers until its sockets close, and exits 0', async () => {
    const exited = new Promise((resolve) => door.once('exit', resolve));
    door.kill('SIGTERM');
    await expect
      .poll(health, { interval: 10, timeout: 5_000 })
      .toMatchObject({ status: 'failing', reason: 'stopping' });
    expect(await ask(CLASSIC)).toBeDefined();
    expect(await exited).toBe(0);
  });

  it('wrote no ticket and no secret to its log', () => {
    expect(log).not.toMatch(/eyJhbGciOiJFZERTQSI/);
  });
});

describe('the gateway’s start', () => {
  const start = (args: readonly string[], env: Record<string, string>) =>
    new Promise<{ code: number | null; stderr: string }>((resolve) => {
      const child = spawn(process.execPath, ['dist/door/door.mjs', ...args], {
        env,
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let stderr = '';
      child.stderr.on('data', (chunk) => (stderr += chunk));
      child.once('exit', (code) => resolve({ code, stderr }));
    });

  it('names everything that is missing or wrong, and exits 2', async () => {
    const { code, stderr } = await start([], { ONEDOOR_CONFIG: '{"policy":"best","typo":1}' });
    expect(code).toBe(2);
    expect(stderr).toContain('`ONEDOOR_TABLE` must be set in the environment, got: nothing.');
    expect(stderr).toContain('`ONEDOOR_KEY_SECRET` must be set');
    expect(stderr).toContain('`typo` must be left out');
    expect(stderr).toContain('`policy` must be one of');
  });

  it('says which flag is wrong', async () => {
    expect(await start(['--port', '70000'], {})).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('got: 70000'),
    });
  });
});
