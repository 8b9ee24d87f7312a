/** A registry of servers that beat when they are told to, with its roster, and the gateway over it: for benches. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createMemoryStore } from '../adapters/memory/registry-store.ts';
import { systemClock } from '../adapters/system/system-clock.ts';
import type { RegistryStore, RosterItem } from '../core/ports.ts';
import { createRosterWriter, type RosterPassReport } from '../core/registry/roster-pass.ts';
import { rowKey, serverId } from '../core/registry/row.ts';
import { encodeRequest } from '../core/wire/encode-request.ts';
import { encodeResponse } from '../core/wire/encode-response.ts';
import { KEEPALIVE_REQUEST_BYTES, NONCE_BYTES } from '../core/wire/limits.ts';
import { DOOR_MALLOC, DOOR_NODE_FLAGS } from '../door/node-flags.ts';

export const BEAT_SECONDS = 5;
const CAPACITY = 1_000;
const GEN = '00000000000000aa';
const PACKET_TYPE = 8;
const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

type WriteRoster = RegistryStore['writeRoster'];

const machineOf = (n: number): string => `i-${n.toString(16).padStart(17, '0')}`;
const keyOf = (n: number): string => rowKey(`AROAEXAMPLE:${machineOf(n)}`, 0);
const idOf = (n: number): string => serverId(machineOf(n), 0);

/** Servers 0 to `size` - 1, each with an address of its own on loopback and one probe port. */
export class Fleet {
  readonly store = createMemoryStore();
  readonly size: number;
  /** What the last pass of the roster's writer did. */
  report: RosterPassReport | undefined;
  /** CPU time of that pass. */
  passCpuMs = 0;
  private readonly probePort: number;
  private readonly copyTo: WriteRoster | undefined;
  private readonly written: RosterItem[] = [];
  private readonly writer: { pass(): Promise<RosterPassReport> };
  private readonly beats = new Map<number, number>();
  private round = 0;

  /** @param copyTo where the roster is written too */
  constructor(size: number, probePort = 7_000, copyTo?: WriteRoster) {
    this.size = size;
    this.probePort = probePort;
    this.copyTo = copyTo;
    const writeRoster: WriteRoster = async (item) => {
      await this.store.writeRoster(item);
      this.written.push(item);
    };
    this.writer = createRosterWriter({ store: { ...this.store, writeRoster }, clock: systemClock });
  }

  async fill(): Promise<void> {
    for (let n = 0; n < this.size; n++) {
      await this.store.write(keyOf(n), { kind: 'create', gen: GEN, nowMs: 1_000 });
      this.beats.set(n, 1_000);
      await this.store.place(keyOf(n), {
        id: idOf(n),
        ipv4: `127.1.${n >> 8}.${n & 255}`,
        ports: { game: 27_015, probe: this.probePort },
        zone: 'eu-central-1a',
        app: 'world',
        world: 'main',
        group: 'eu-central',
        labels: {},
        maxCapacity: CAPACITY,
      });
      await this.beat(n, CAPACITY);
    }
    await this.write();
    for (let n = 0; n < BEAT_SECONDS; n++) await this.second();
  }

  /** One second: a fifth of the servers beats, in turn, unless they are `dead`; then the roster that says so. */
  async second(dead = false): Promise<void> {
    const first = this.round++ % BEAT_SECONDS;
    for (let n = first; n < this.size && !dead; n += BEAT_SECONDS) await this.beat(n, 0);
    await this.write();
  }

  /** One pass of the roster's writer. */
  async write(): Promise<void> {
    // With a store in memory a pass is one turn of the event loop: what is measured is its own.
    const before = process.cpuUsage();
    this.report = await this.writer.pass();
    const { user, system } = process.cpuUsage(before);
    this.passCpuMs = (user + system) / 1_000;
    const copyTo = this.copyTo;
    // The INDEX comes last: a reader that sees it finds what it names.
    if (copyTo) for (const item of this.written) await copyTo(item);
    this.written.length = 0;
  }

  private async beat(n: number, addFree: number): Promise<void> {
    const beat = this.beats.get(n)!;
    this.beats.set(n, beat + 1);
    const load = { hb: 0, sessions: 0, capacity: CAPACITY, state: 'ready' } as const;
    await this.store.write(keyOf(n), { kind: 'beat', gen: GEN, beat, addFree, ...load });
  }
}

/** Compiles a program of bench/load/ into `dir`. */
export function compile(name: string, dir: string): string {
  const program = join(dir, name);
  execFileSync('cc', ['-O2', '-o', program, join(import.meta.dirname, `load/${name}.c`)]);
  return program;
}

export type Process = ReturnType<typeof spawn>;

/** The probe ports of a fleet, in one process: `program` is bench/load/servers.c. */
export async function startServers(program: string, { size }: Fleet, port: number): Promise<Process> {
  const answerTo = (nonce: Uint8Array, n: number): Uint8Array => {
    const address = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 127, 1, n >> 8, n & 255);
    const answer = { address, nonce, server: idOf(n) };
    const encoded = encodeResponse(answer, { maxBytes: KEEPALIVE_REQUEST_BYTES, type: PACKET_TYPE });
    if (!encoded.ok) throw new Error(encoded.code);
    return encoded.bytes;
  };
  const [zeros, ones] = [new Uint8Array(NONCE_BYTES), new Uint8Array(NONCE_BYTES).fill(1)];
  const request = (nonce: Uint8Array) =>
    encodeRequest({ address: new Uint8Array(16), nonce }, { padTo: KEEPALIVE_REQUEST_BYTES, type: PACKET_TYPE });
  const nonceAt = (of: (nonce: Uint8Array) => Uint8Array): number => {
    const other = of(ones);
    return of(zeros).findIndex((byte, at) => byte !== other[at]);
  };
  const answers = Buffer.concat(Array.from({ length: size }, (_, n) => answerTo(zeros, n)));
  const places = [nonceAt(request), nonceAt((nonce) => answerTo(nonce, 0))];
  const args = [port, size, answers.length / size, ...places, NONCE_BYTES].map(String);
  const servers = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  servers.stdin.end(answers);
  await once(servers.stdout, 'data');
  return servers;
}

/** The bundled gateway over the registry at `endpoint`, when it gives out all servers. */
export async function startGateway(options: {
  readonly endpoint: string;
  readonly table: string;
  readonly dir: string;
  readonly port: number;
  readonly healthPort: number;
  readonly size: number;
}): Promise<Process & { readonly pid: number }> {
  const { dir, port, healthPort, table, endpoint, size } = options;
  const secret = join(dir, 'secret');
  writeFileSync(secret, Buffer.alloc(48, 7), { mode: 0o600 });
  const flags = ['--bind', '127.0.0.1', '--port', String(port)];
  const health = ['--health-bind', '127.0.0.1', '--health-port', String(healthPort)];
  const door = spawn(process.execPath, [...DOOR_NODE_FLAGS, 'dist/door/door.mjs', ...flags, ...health], {
    cwd: join(import.meta.dirname, '..'),
    env: {
      PATH: process.env['PATH'],
      ...DOOR_MALLOC,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_ENDPOINT_URL_DYNAMODB: endpoint,
      ONEDOOR_TABLE: table,
      ONEDOOR_KEY_SECRET: `file:${secret}`,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  for (let tries = 0; tries < 600; tries++) {
    if ((await healthOf(healthPort))?.openServers === size) return door as Process & { readonly pid: number };
    await delay(100);
  }
  door.kill();
  throw new Error('the gateway does not get its roster');
}

interface Health {
  readonly openServers: number;
  readonly counters: Readonly<Record<string, number>>;
  readonly probing: { readonly watched: number; readonly degraded: boolean; readonly stalls: number };
}

export async function healthOf(healthPort: number): Promise<Health | undefined> {
  const answer = await fetch(`http://127.0.0.1:${healthPort}/healthz`).catch(() => undefined);
  return (await answer?.json()) as Health | undefined;
}

/** Resident memory of a process in MB (10^6 bytes). */
export function rssMb(pid: number): number {
  return (Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1_024) / 1e6;
}

/** User and system time of a process so far, in ms. */
export function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / TICKS_PER_SECOND;
}
