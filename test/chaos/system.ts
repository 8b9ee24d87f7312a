import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ticketKeys } from '../../adapters/crypto/ticket-keys.ts';
import { createDynamoClient } from '../../adapters/dynamodb/client.ts';
import { createRegistryStore } from '../../adapters/dynamodb/registry-store.ts';
import type { RegistryStore, Rng } from '../../core/ports.ts';
import { LOCAL_ACCESS, startDynalite } from '../../local/dynalite.ts';
import { startEc2Endpoint } from '../../local/ec2-endpoint.ts';
import { createProcesses, type LocalProcess } from '../../local/processes.ts';
import { GAME_PORT, LOCAL_APP, LOCAL_TABLE, LOCAL_WORLD } from '../../local/settings.ts';
import { freePorts } from '../support/free-ports.ts';
import { tcpWire, udpWire, type Wire } from './wires.ts';

const ROOT = join(import.meta.dirname, '../..');
const DIST = join(ROOT, 'dist');
const CLOCK = pathToFileURL(join(import.meta.dirname, 'skewed-clock.ts')).href;
/** Quick, so that a run sees many lives; the relations are those of the defaults. */
export const TIMING = { holdMs: 2_000, activateMs: 5_000, handOverMs: 1_000, expireMs: 8_000, beatMs: 1_000 };
const STOP_GRACE_MS = 1_000;
/** Who counts waits for a busy machine. */
const PATIENCE_MS = 20_000;

/** A part that runs in a process of its own, and can die. */
export interface Part {
  readonly name: string;
  /** Its way to the registry; games have none. */
  readonly registry: Wire | undefined;
  running(): boolean;
  /** The process that it is now. */
  process(): LocalProcess;
  kill(): void;
  start(): void;
  stop(): void;
  go(): void;
  /** Sets its wall clock off. */
  skew(ms: number): void;
}

export interface Machine {
  readonly index: number;
  readonly agent: Part;
  readonly game: Part;
  /** Where clients reach it. */
  readonly address: string;
  /** Where it is really, for who counts. */
  readonly inside: string;
  readonly capacity: number;
  /** Clients' ways to its probe port and its game. */
  readonly wires: readonly Wire[];
}

export interface Gateway {
  readonly part: Part;
  readonly address: string;
  readonly wires: readonly Wire[];
}

export interface ChaosSystem {
  readonly machines: readonly Machine[];
  readonly gateways: readonly Gateway[];
  readonly functions: Part;
  readonly probePort: number;
  readonly api: string;
  /** Read past all faults. */
  readonly store: RegistryStore;
  readonly logDir: string;
  parts(): readonly Part[];
  stop(): Promise<void>;
}

/** The whole local system with its real processes, and a wire with weather between any two parts. */
export async function startSystem(options: {
  readonly servers: number;
  readonly gateways: number;
  readonly capacity: number;
  readonly rng: Rng;
}): Promise<ChaosSystem> {
  const { servers, gateways: gatewayCount, capacity, rng } = options;
  const logDir = mkdtempSync(join(tmpdir(), 'onedoor-chaos-'));
  const undo: (() => unknown)[] = [() => rmSync(logDir, { recursive: true, force: true })];
  const network = `127.${40 + Math.floor(Math.random() * 200)}.${40 + Math.floor(Math.random() * 200)}.`;
  const first = await freePorts(6);
  const [probePort, httpPort, healthPort] = [first, first + 4, first + 5];
  const dynamo = await startDynalite({ table: LOCAL_TABLE });
  undo.push(() => dynamo.close());
  const ec2 = await startEc2Endpoint();
  undo.push(() => ec2.close());
  const secret = randomBytes(48);
  const secretPath = join(logDir, 'secret');
  writeFileSync(secretPath, secret, { mode: 0o600 });
  const store = createRegistryStore({
    client: createDynamoClient({ ...LOCAL_ACCESS, endpoint: dynamo.endpoint }),
    table: LOCAL_TABLE,
    timeoutMs: PATIENCE_MS,
  });
  await store.writeKeys([ticketKeys(secret).publicKey]);
  const config = JSON.stringify({
    defaultApp: LOCAL_APP,
    serviceAddress: `${network}2`,
    probePort,
    freshMs: 4_000,
    rosterRefreshMs: 250,
    keepalive: { intervalSeconds: 1 },
    timing: TIMING,
    unverifiedPerSecond: 10_000,
    failoverReservePercent: 20,
    logLevel: 'warn',
  });
  const env = {
    AWS_REGION: LOCAL_ACCESS.region,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_EC2: ec2.endpoint,
    ONEDOOR_TABLE: LOCAL_TABLE,
    ONEDOOR_KEY_SECRET: `file:${secretPath}`,
    ONEDOOR_CONFIG: config,
    NODE_OPTIONS: `--import ${CLOCK}`,
  };
  const processes = createProcesses({ logDir, env, onExit: () => {} });
  undo.push(() => processes.stopAll(STOP_GRACE_MS));
  const wires: Wire[] = [];
  undo.push(() => {
    for (const wire of wires) wire.close();
  });
  const keep = async (making: Promise<Wire>): Promise<Wire> => {
    const wire = await making;
    wires.push(wire);
    return wire;
  };
  const registryPort = Number(new URL(dynamo.endpoint).port);
  // Whatever ends this process, nothing of it stays.
  const made: Part[] = [];
  const bury = (): void => {
    for (const each of made) each.kill();
  };
  process.on('exit', bury);
  undo.push(() => process.off('exit', bury));
  const part = async (name: string, script: string, args: readonly string[], hasRegistry = true): Promise<Part> => {
    const registry = hasRegistry
      ? await keep(tcpWire({ host: '127.0.0.1', port: 0 }, { host: '127.0.0.1', port: registryPort }))
      : undefined;
    const clock = join(logDir, `${name}.clock`);
    const own = {
      CHAOS_CLOCK: clock,
      AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${registry?.port ?? registryPort}`,
    };
    const start = () => processes.start(name, script, args, own);
    let life = start();
    const one: Part = {
      name,
      registry,
      running: () => life.running(),
      process: () => life,
      kill: () => life.kill('SIGKILL'),
      start: () => {
        if (!life.running()) life = start();
      },
      stop: () => life.kill('SIGSTOP'),
      go: () => life.kill('SIGCONT'),
      skew: (ms) => writeFileSync(clock, String(ms)),
    };
    made.push(one);
    return one;
  };
  const machine = async (index: number): Promise<Machine> => {
    const name = `srv-${index}`;
    const [address, inside] = [`${network}${20 + index}`, `${network}${120 + index}`];
    const token = join(logDir, `${name}.token`);
    ec2.register({
      instanceId: name,
      publicIpv4: address,
      zone: `local-${'abc'[index % 3]}`,
      tags: {
        'onedoor:app': LOCAL_APP,
        'onedoor:world': LOCAL_WORLD,
        'onedoor:group': 'east',
        'onedoor:capacity': String(capacity),
        'onedoor:port:game': String(GAME_PORT),
        'onedoor:port:probe': String(probePort),
      },
    });
    const wiresHere = await Promise.all([
      keep(udpWire({ host: address, port: probePort }, { host: inside, port: probePort }, rng)),
      keep(tcpWire({ host: address, port: probePort }, { host: inside, port: probePort })),
      keep(udpWire({ host: address, port: GAME_PORT }, { host: inside, port: GAME_PORT }, rng)),
    ]);
    const apiPort = String(probePort + 1);
    const agent = await part(`${name}-agent`, join(DIST, 'agent/agent.mjs'), [
      ...['--identity', `local:${name}`, '--bind', inside, '--game', `${inside}:${GAME_PORT}`],
      ...['--capacity', String(capacity), '--load', 'api', '--probe-port', String(probePort), '--json'],
      ...['--api-bind', inside, '--api-port', apiPort, '--api-token-file', token, '--journal', join(logDir, name)],
    ]);
    const game = await part(
      `${name}-game`,
      join(DIST, 'game/game.mjs'),
      [
        ...['--bind', inside, '--port', String(GAME_PORT), '--capacity', String(capacity), '--name', name],
        ...['--agent', `http://${inside}:${apiPort}`, '--agent-token-file', token],
      ],
      false,
    );
    return { index, agent, game, address, inside, capacity, wires: wiresHere };
  };
  const gateway = async (index: number): Promise<Gateway> => {
    const [address, inside] = [`${network}${2 + index}`, `${network}${10 + index}`];
    const wiresHere = await Promise.all([
      keep(udpWire({ host: address, port: probePort }, { host: inside, port: probePort }, rng)),
      keep(tcpWire({ host: address, port: probePort }, { host: inside, port: probePort })),
    ]);
    const one = await part(`door-${index}`, join(DIST, 'door/door.mjs'), [
      ...['--bind', inside, '--port', String(probePort)],
      ...['--health-bind', inside, '--health-port', String(healthPort)],
    ]);
    return { part: one, address, wires: wiresHere };
  };
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const functions = await part('functions', join(import.meta.dirname, 'functions-process.ts'), [
      `${network}1`,
      String(httpPort),
    ]);
    const range = (count: number) => Array.from({ length: count }, (_, n) => n);
    const gateways = await Promise.all(range(gatewayCount).map(gateway));
    const machines = await Promise.all(range(servers).map(machine));
    const parts = [
      functions,
      ...gateways.map((each) => each.part),
      ...machines.flatMap((each) => [each.agent, each.game]),
    ];
    const api = `http://${network}1:${httpPort}`;
    return { machines, gateways, functions, probePort, api, store, logDir, parts: () => parts, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
