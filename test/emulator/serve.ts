/**
 * An emulated AWS account that stays: `npm run emulator`. Whatever is deployed there gets its machines started, from the
 * deployed bytes and command lines, and its load balancer is reached at a port of this machine. Ctrl-C ends it, and
 * everything in it is gone. `npm run emulator -- cdk deploy` runs cdk against it, from another terminal.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePorts } from '../support/free-ports.ts';
import { MINISTACK, startMiniStack } from './steps/emulator.ts';
import { type Cloud, emulatedCloud, texts } from './support/cloud.ts';
import { openFront } from './support/front.ts';
import { ROOT } from './support/lane.ts';
import { argumentOf, type Machine, machines, startGateway, startServer } from './support/machine.ts';
import { choosePython, virtualEnvironment } from './support/python.ts';

const PORT = 4566;
const API_PORT = 8088;
const LOOK_MS = 1_000;
const ENDPOINT = `http://127.0.0.1:${PORT}`;

interface Running {
  stop(): Promise<unknown>;
}

/** What a person may have to change; no stack trace helps there. */
function refuse(text: string): never {
  console.error(text);
  process.exit(2);
}

async function mustBeFree(port: number): Promise<void> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening').catch(() => refuse(`port ${port} of 127.0.0.1 is in use`));
  server.close();
  await once(server, 'close');
}

/** Runs an npm script of this repository in the emulated account. */
async function inAccount(words: readonly string[]): Promise<void> {
  const [script = '', command = '', ...rest] = words;
  if (script !== 'cdk' || command === '') refuse('use: npm run emulator, or npm run emulator -- cdk <command>');
  if (!(await fetch(`${ENDPOINT}/_ministack/health`).catch(() => undefined))?.ok) {
    refuse(`nobody answers at ${ENDPOINT}: start \`npm run emulator\` in another terminal first`);
  }
  // Nobody else has rights there.
  const unasked = { deploy: ['--require-approval', 'never'], destroy: ['--force'] }[command] ?? [];
  const env = { ...process.env, ...emulatedCloud(ENDPOINT).env, AWS_EC2_METADATA_DISABLED: 'true' };
  const args = ['run', '--silent', 'cdk', '--', command, '--no-notices', ...unasked, ...rest];
  const child = spawn('npm', args, { cwd: ROOT, env, stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  process.exit(code ?? 1);
}

/** A machine boots when its stack is complete: before, what listens to the registry may be missing. */
async function settled(cloud: Cloud): Promise<boolean> {
  const stacks = await cloud.query('cloudformation', 'DescribeStacks').catch(() => '');
  return !texts(stacks, 'StackStatus').some((status) => status.endsWith('_IN_PROGRESS'));
}

async function boot(cloud: Cloud, machine: Machine, workDir: string): Promise<Running> {
  if (machine.boot.variables['PROGRAM'] === 'door') {
    const gateway = await startGateway(cloud, machine, workDir);
    console.log(`gateway ${machine.id}: npm run probe -- ${machine.address}:${argumentOf(machine, 'port')}`);
    return gateway;
  }
  const server = await startServer(cloud, machine, { workDir, apiPort: await freePorts(1) });
  console.log(`server ${machine.id}: ${machine.address}`);
  return { stop: () => server.stop('SIGKILL') };
}

/** The stack's load balancer at a port of this machine, once it is there. */
async function frontOf(cloud: Cloud): Promise<Awaited<ReturnType<typeof openFront>> | undefined> {
  const xml = await cloud.query('elasticloadbalancing', 'DescribeLoadBalancers');
  const network = texts(xml, 'LoadBalancerArn')[texts(xml, 'Type').indexOf('network')];
  return network === undefined ? undefined : openFront(cloud, network, 80, API_PORT);
}

async function isOpen(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/v1/servers`).catch(() => undefined);
  const { servers = [] } = ((await answer?.json().catch(() => undefined)) ?? {}) as { servers?: { status: string }[] };
  return servers.some(({ status }) => status === 'ready');
}

/** Keeps what runs like what is deployed, until the signal. */
async function follow(cloud: Cloud, workDir: string, signal: AbortSignal): Promise<void> {
  const running = new Map<string, Running>();
  let front: Awaited<ReturnType<typeof openFront>> | undefined;
  let isSaid = false;
  const look = async (): Promise<void> => {
    if (!(await settled(cloud))) return;
    const wanted = (await machines(cloud)).filter(({ boot: { variables } }) => variables['PROGRAM'] !== undefined);
    for (const machine of wanted) {
      if (!running.has(machine.id)) running.set(machine.id, await boot(cloud, machine, workDir));
    }
    for (const [id, program] of running) {
      if (wanted.some((machine) => machine.id === id)) continue;
      running.delete(id);
      console.log(`machine ${id} is gone`);
      await program.stop();
    }
    if (wanted.length === 0) {
      await front?.close();
      front = undefined;
      isSaid = false;
      return;
    }
    front ??= await frontOf(cloud);
    if (isSaid || !front || !(await isOpen(front.url))) return;
    isSaid = true;
    console.log(`open: npx onedoor assign --http ${front.url}`);
  };
  let complaint = '';
  while (!signal.aborted) {
    await look().catch((error: unknown) => {
      if (`${error}` !== complaint) console.log(`${error}`);
      complaint = `${error}`;
    });
    await delay(LOOK_MS, undefined, { signal }).catch(() => {});
  }
  await front?.close();
  await Promise.all([...running.values()].map((program) => program.stop()));
}

async function serve(): Promise<void> {
  const chosen = choosePython([MINISTACK]);
  if (!chosen) refuse(`the emulator needs Python ${MINISTACK.pythons.join(' or ')} with venv and pip`);
  await mustBeFree(PORT);
  await mustBeFree(API_PORT);
  const ending = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => ending.abort());
  const interpreter = await virtualEnvironment(chosen, 'ministack');
  const workDir = mkdtempSync(join(tmpdir(), 'onedoor-emulator-'));
  const undoing: (() => Promise<unknown>)[] = [];
  try {
    const { cloud } = await startMiniStack({ workDir, undo: (step) => undoing.push(step) }, interpreter, PORT);
    console.log(`an empty account at ${ENDPOINT}; in another terminal:`);
    console.log('  npm run emulator -- cdk bootstrap\n  npm run emulator -- cdk deploy');
    await follow(cloud, workDir, ending.signal);
  } finally {
    for (const step of undoing.reverse()) await step().catch(() => {});
    rmSync(workDir, { recursive: true, force: true });
  }
}

const words = process.argv.slice(2);
await (words.length === 0 ? serve() : inAccount(words));
process.exit();
