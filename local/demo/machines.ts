import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type LocalOptions, serverAddress } from '../options.ts';
import type { Child, Children } from './children.ts';
import type { Tools } from './tools.ts';

export type App = 'bzflag' | 'teeworlds' | 'mumble';

/** A machine of the demo: one agent, and beside it one real server for each port. */
interface Plan {
  readonly name: string;
  readonly app: App;
  readonly gamePorts: readonly number[];
}

/** Not the usual ports: there the packages' own services may listen. */
const PLANS: readonly Plan[] = [
  { name: 'bz1', app: 'bzflag', gamePorts: [15_154, 15_155] },
  { name: 'bz2', app: 'bzflag', gamePorts: [15_154] },
  { name: 'tw1', app: 'teeworlds', gamePorts: [18_303] },
  { name: 'tw2', app: 'teeworlds', gamePorts: [18_303] },
  { name: 'mu1', app: 'mumble', gamePorts: [64_838] },
];

/** Most clients of one server: on two of three, and on one of two, there must be room for all that the steps ask for. */
const CAPACITY: Readonly<Record<App, number>> = { bzflag: 80, teeworlds: 64, mumble: 25 };

export interface Machine extends Plan {
  readonly address: string;
  /** Of slot 0, on `address`; slot n has them + n. */
  readonly probePort: number;
  readonly apiPort: number;
  /** One for each slot. */
  readonly serverIds: readonly string[];
}

/** The machines of a deployment whose door is at `bind`, with nothing running yet. */
export function layOutMachines({ bind, probePort }: LocalOptions): readonly Machine[] {
  return PLANS.map((plan, index) => ({
    ...plan,
    address: serverAddress(bind, index),
    probePort,
    apiPort: probePort + plan.gamePorts.length,
    serverIds: plan.gamePorts.map((_, slot) => `${plan.name}.${slot}`),
  }));
}

export interface MachineDeps {
  readonly tools: Tools;
  readonly children: Children;
  readonly workDir: string;
  readonly agentScript: string;
  readonly registry: string;
  /** What the door was told, too. */
  readonly config: string;
}

/** Starts the real server of a slot. None of them is told of Onedoor, nor may any of them tell a public list of itself. */
export function startGame(machine: Machine, slot: number, { tools, children, workDir }: MachineDeps): Child {
  const { app, address, gamePorts, name } = machine;
  const port = String(gamePorts[slot]);
  const capacity = String(CAPACITY[app]);
  const home = join(workDir, `${name}.${slot}`);
  mkdirSync(home, { recursive: true });
  // For nobody, as whom it runs.
  chmodSync(home, 0o777);
  const command: Readonly<Record<App, () => [string, ...string[]]>> = {
    bzflag: () => [tools.bzfs, '-i', address, '-p', port, '-mp', capacity, '-a', '0', '0'],
    teeworlds: () => [
      tools.teeworlds,
      `bindaddr ${address};sv_port ${port};sv_name ${name};sv_max_clients ${capacity};sv_max_clients_per_ip ${capacity};sv_register 0`,
    ],
    mumble: () => [tools.mumble, '-fg', '-ini', writeMumbleIni(home, { host: address, port, users: capacity })],
  };
  return children.start(`${name}.${slot}-game`, command[app](), { env: { HOME: home }, unprivileged: true });
}

/** Without a `registerName` it is in no list; without bonjour nobody in this network hears of it. */
function writeMumbleIni(home: string, settings: Readonly<Record<string, string>>): string {
  const path = join(home, 'mumble.ini');
  const all = {
    ...settings,
    database: join(home, 'mumble.sqlite'),
    bonjour: 'False',
    ice: '',
    logfile: '',
    allowping: 'true',
  };
  writeFileSync(
    path,
    Object.entries(all)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  );
  return path;
}

const journalOf = (machine: Machine, { workDir }: Pick<MachineDeps, 'workDir'>): string =>
  join(workDir, `${machine.name}-agent`);
const tokenFileOf = (machine: Machine, deps: Pick<MachineDeps, 'workDir'>): string =>
  join(journalOf(machine, deps), 'token');

/** The agent, as an operator starts one by hand; it enrols its machine by the operator's right. */
export function startAgent(machine: Machine, deps: MachineDeps): Child {
  const { name, app, address, gamePorts, probePort, apiPort } = machine;
  const { children, agentScript, registry, config } = deps;
  const flags = [
    ...gamePorts.flatMap((port) => ['--game', `${address}:${port}`]),
    ...['--app', app, '--load', app, '--capacity', String(CAPACITY[app])],
    ...['--address', address, '--bind', address, '--identity', `op:${name}`, '--registry', registry],
    ...['--probe-port', String(probePort), '--api-bind', address, '--api-port', String(apiPort)],
    ...['--journal', journalOf(machine, deps), '--api-token-file', tokenFileOf(machine, deps)],
  ];
  const env = { ONEDOOR_CONFIG: config };
  return children.start(`${name}-agent`, [process.execPath, agentScript, ...flags], { env });
}

/** `POST /drain` of a slot's API, which its agent has on loopback. */
export async function drainSlot(machine: Machine, slot: number, deps: Pick<MachineDeps, 'workDir'>): Promise<number> {
  const token = readFileSync(tokenFileOf(machine, deps), 'utf8').trim();
  const reply = await fetch(`http://${machine.address}:${machine.apiPort + slot}/drain`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
  });
  return reply.status;
}
