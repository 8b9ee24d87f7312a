import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ticketKeys } from '../adapters/crypto/ticket-keys.ts';
import { createDynamoClient } from '../adapters/dynamodb/client.ts';
import { createRegistryStore } from '../adapters/dynamodb/registry-store.ts';
import type { RegistryStore } from '../core/ports.ts';
import { createControl } from './control.ts';
import { startCrowd } from './crowd.ts';
import { doorOfServers, startGateway } from './door.ts';
import { startDynalite } from './dynalite.ts';
import { startEc2Endpoint } from './ec2-endpoint.ts';
import type { EventSink } from './events.ts';
import { type Machine, startMachine } from './fleet.ts';
import { loadFunctions } from './functions.ts';
import { createHttpFront } from './http-front.ts';
import { type LocalOptions, MAX_SERVERS } from './options.ts';
import { createLocalPage } from './page.ts';
import { createProcesses } from './processes.ts';
import { untilOpen } from './ready.ts';
import { LOCAL_TABLE, localEnv } from './settings.ts';

/** The whole system on this machine, running. */
export interface LocalSystem {
  readonly door: string;
  readonly api: string;
  readonly registry: string;
  /** The page for operators, with its token. */
  readonly page: string;
  readonly machines: readonly Machine[];
  /** For the table: the rows themselves, read like any operator would. */
  readonly store: RegistryStore;
  readonly logDir: string;
  /** Serves the page that has been built since. */
  renewPage(): void;
  stop(): Promise<void>;
}

const STOP_GRACE_MS = 2_000;
/** Programs are noisy about one failing call; one line a message is enough for people. */
const COMPLAIN_AGAIN_MS = 5_000;

/**
 * Starts everything and resolves when the door gives out every server. What was started is stopped again if anything
 * fails. Rejects with the system's error if a port cannot be had.
 */
export async function startLocalSystem(options: LocalOptions, distDir: string, emit: EventSink): Promise<LocalSystem> {
  const workDir = mkdtempSync(join(tmpdir(), 'onedoor-'));
  const undo: (() => Promise<unknown>)[] = [async () => rmSync(workDir, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    return await startParts(options, distDir, emit, workDir, undo, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startParts(
  options: LocalOptions,
  distDir: string,
  emitOutside: EventSink,
  workDir: string,
  undo: (() => Promise<unknown>)[],
  stop: () => Promise<void>,
): Promise<LocalSystem> {
  const startedMs = performance.now();
  const { bind, httpPort } = options;
  const dynamo = await startDynalite({ port: options.registryPort, table: LOCAL_TABLE });
  undo.push(() => dynamo.close());
  const ec2 = await startEc2Endpoint();
  undo.push(() => ec2.close());
  const secretPath = join(workDir, 'secret');
  const secret = randomBytes(48);
  writeFileSync(secretPath, secret, { mode: 0o600 });
  const env = localEnv(options, { dynamoEndpoint: dynamo.endpoint, ec2Endpoint: ec2.endpoint, secretPath });
  const functions = await loadFunctions(distDir, env);
  const store = createRegistryStore({ client: createDynamoClient(), table: LOCAL_TABLE });
  // On AWS the key function does this; here the launcher has the operator's right.
  await store.writeKeys([ticketKeys(secret).publicKey]);

  const machines: Machine[] = [];
  let doorHealth: string | undefined;
  const page = createLocalPage({ options, distDir, store, machines: () => machines, healthUrl: () => doorHealth });
  const emit: EventSink = (event) => {
    page.tell(event);
    emitOutside(event);
  };
  const complain = complainer();
  const processes = createProcesses({
    logDir: workDir,
    env,
    onExit: ({ name }, code) => {
      emit({ event: 'exited', process: name, code });
      const drained = machines.find(({ agent }) => agent.name === name && code === 0);
      if (drained) emit({ event: 'drained', server: drained.serverId });
    },
  });
  undo.push(() => processes.stopAll(STOP_GRACE_MS));
  const addMachine = (): Machine | undefined => {
    if (machines.length >= MAX_SERVERS) return undefined;
    const machine = startMachine(machines.length, { options, ec2, processes, distDir, workDir });
    machines.push(machine);
    return machine;
  };
  const front = createHttpFront({
    assign: functions.assign,
    control: createControl({ machines: () => machines, add: addMachine }),
    page: page.handler,
    onError: complain,
  });
  await front.listen(httpPort, bind);
  undo.push(() => front.close(0));
  const gateway = options.door === 'gateways' ? startGateway(options, { processes, distDir }) : undefined;
  for (let count = 0; count < options.servers; count++) addMachine();
  functions.startTick(complain);
  undo.push(() => functions.stop());
  const { address: door, healthUrls, processes: doors } = gateway ?? doorOfServers(options, machines);
  doorHealth = healthUrls[0];
  const watched = () => [...doors, ...machines.flatMap(({ agent, game }) => [agent, game])];
  for (const healthUrl of healthUrls) await untilOpen(healthUrl, options.servers, watched);

  const stopPage = page.start();
  undo.push(async () => stopPage());
  const api = `http://${bind}:${httpPort}`;
  const pageUrl = `${api}/page/#token=${page.token}`;
  const at = { door, api, registry: dynamo.endpoint, page: pageUrl };
  const startMs = Math.round(performance.now() - startedMs);
  emit({ event: 'ready', ...at, servers: machines.map(({ serverId }) => serverId), startMs });
  // As a name would list them all: whoever finds one door gone asks the next.
  const addresses = gateway
    ? undefined
    : () => machines.filter(({ agent }) => agent.running()).map((each) => each.address);
  const crowd = startCrowd(options.crowd, { door, addresses, http: api, emit });
  undo.push(() => crowd.stop());
  return { ...at, machines, store, logDir: workDir, renewPage: page.renew, stop };
}

function complainer(): (error: unknown) => void {
  let lastMs = Number.NEGATIVE_INFINITY;
  return (error) => {
    if (performance.now() - lastMs < COMPLAIN_AGAIN_MS) return;
    lastMs = performance.now();
    console.error(error instanceof Error ? error.message : error);
  };
}
