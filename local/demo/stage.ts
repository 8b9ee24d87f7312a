import { join } from 'node:path';
import { UsageError } from '../../adapters/cli/flags.ts';
import type { LocalEvent } from '../events.ts';
import { localConfig } from '../settings.ts';
import { type Api, createApi, type ListedServer } from './api.ts';
import type { Child, Children } from './children.ts';
import { layOutMachines, type Machine, type MachineDeps, startAgent, startGame } from './machines.ts';
import type { DemoOptions } from './options.ts';
import type { DoorNames, Player } from './player.ts';
import { Failure } from './report.ts';
import type { Tools } from './tools.ts';
import { until } from './until.ts';

const ROOT = join(import.meta.dirname, '../..');
const OPEN_MS = 20_000;
const USAGE_EXIT = 2;

/** Everything that runs, and who plays on it. */
export interface Stage {
  readonly tools: Tools;
  /** The compiled client of a few lines of C. */
  readonly probe: string;
  /** The client of a few lines of Python. */
  readonly pythonProbe: string;
  readonly children: Children;
  readonly machines: readonly Machine[];
  readonly names: DoorNames;
  readonly host: string;
  readonly port: number;
  readonly api: Api;
  readonly deps: MachineDeps;
  /** By server id. */
  readonly games: Map<string, Child>;
  /** By name of the machine. */
  readonly agents: Map<string, Child>;
  readonly players: Player[];
}

export interface StageParts {
  readonly options: DemoOptions;
  readonly tools: Tools;
  readonly probe: string;
  readonly children: Children;
  readonly workDir: string;
}

/** Door, API and registry, in a process of their own: `npm start -- --servers 0`. */
export async function openStage({ options, ...parts }: StageParts): Promise<Stage> {
  const { children, tools, workDir } = parts;
  const { bind, probePort } = options.local;
  const { door, api, registry } = await startSystem(children, options.localFlags);
  return {
    ...parts,
    pythonProbe: join(ROOT, 'test/python/onedoor_probe.py'),
    machines: layOutMachines(options.local),
    names: { door, http: api },
    host: bind,
    port: probePort,
    api: createApi(api, `http://${bind}:${options.local.httpPort + 1}`),
    deps: {
      ...{ tools, children, workDir, registry },
      agentScript: join(ROOT, 'dist/agent/agent.mjs'),
      config: localConfig(options.local),
    },
    games: new Map(),
    agents: new Map(),
    players: [],
  };
}

/** @throws UsageError with its own words if the system was told something impossible */
async function startSystem(children: Children, flags: readonly string[]) {
  let output = '';
  const system = children.start('onedoor', [process.execPath, join(ROOT, 'local/main.ts'), ...flags], {
    endsItself: true,
    onOutput: (text) => {
      output += text;
    },
  });
  return await until('the door opens', OPEN_MS, async () => {
    if (!system.isRunning()) {
      const [last = ''] = system.lastLines(1);
      throw (await system.ended) === USAGE_EXIT ? new UsageError(last) : new Failure(`the system ended: ${last}`);
    }
    const events = output.split('\n').slice(0, -1);
    const ready = events.map((line) => JSON.parse(line) as LocalEvent).find(({ event }) => event === 'ready');
    return ready?.event === 'ready' && ready;
  });
}

export function startGameOf(stage: Stage, machine: Machine, slot: number): void {
  stage.games.set(machine.serverIds[slot]!, startGame(machine, slot, stage.deps));
}

export function startAgentOf(stage: Stage, machine: Machine): void {
  stage.agents.set(machine.name, startAgent(machine, stage.deps));
}

export function machineOf({ machines }: Stage, name: string): Machine {
  const machine = machines.find((each) => each.name === name);
  if (!machine) throw new Failure(`there is no machine ${name}`);
  return machine;
}

export function playersOn({ players }: Stage, serverId: string): readonly Player[] {
  return players.filter((player) => player.serverId === serverId);
}

/** Waits until the roster shows this server so. */
export async function untilListed(
  { api }: Stage,
  serverId: string,
  what: string,
  withinMs: number,
  fits: (server: ListedServer) => boolean,
): Promise<ListedServer> {
  let last: ListedServer | undefined;
  return await until(
    `${serverId} ${what}`,
    withinMs,
    async () => {
      last = (await api.servers()).find(({ id }) => id === serverId);
      return last && fits(last) && last;
    },
    () => `the roster has it ${last ? `${last.status} with ${last.sessions} sessions` : 'not at all'}`,
  );
}
