import { join } from 'node:path';
import type { Ec2Endpoint } from './ec2-endpoint.ts';
import { type LocalOptions, serverAddress } from './options.ts';
import type { LocalProcess, Processes } from './processes.ts';
import { GAME_PORT, LOCAL_APP, LOCAL_CAPACITY, LOCAL_GROUPS, LOCAL_WORLD, serverDoorPorts } from './settings.ts';

/** One machine of the local system: a sample game and the agent beside it, in processes of their own. */
export interface Machine {
  readonly instanceId: string;
  /** Short id of its only slot. */
  readonly serverId: string;
  readonly address: string;
  readonly game: LocalProcess;
  readonly agent: LocalProcess;
}

/** Rows are written under this identity, as an instance's role and id are on AWS. */
const IDENTITY_PREFIX = 'local:';

/** Starts machine number `index` (from 0) and tells the EC2 endpoint about it first. */
export function startMachine(
  index: number,
  deps: {
    readonly options: LocalOptions;
    readonly ec2: Ec2Endpoint;
    readonly processes: Processes;
    readonly distDir: string;
    readonly workDir: string;
  },
): Machine {
  const { options, ec2, processes, distDir, workDir } = deps;
  const instanceId = `srv-${String(index + 1).padStart(2, '0')}`;
  const address = serverAddress(options.bind, index);
  const tokenPath = join(workDir, `${instanceId}.token`);
  const apiPort = options.probePort + 1;
  const lobbyPort = options.probePort + 2;
  const door = serverDoorPorts(options);
  ec2.register({
    instanceId,
    publicIpv4: address,
    zone: `local-${'abc'[index % 3]}`,
    tags: {
      'onedoor:app': LOCAL_APP,
      'onedoor:world': LOCAL_WORLD,
      'onedoor:group': LOCAL_GROUPS[index % LOCAL_GROUPS.length] as string,
      'onedoor:capacity': String(LOCAL_CAPACITY),
      'onedoor:port:game': String(GAME_PORT),
      'onedoor:port:probe': String(options.probePort),
      'onedoor:port:lobby': String(lobbyPort),
    },
  });
  const agent = processes.start(`${instanceId}-agent`, join(distDir, 'agent/agent.mjs'), [
    ...['--identity', `${IDENTITY_PREFIX}${instanceId}`],
    ...['--bind', address],
    ...['--game', `${address}:${GAME_PORT}`],
    ...['--capacity', String(LOCAL_CAPACITY)],
    ...['--load', 'api'],
    ...['--probe-port', String(options.probePort)],
    ...['--api-bind', address, '--api-port', String(apiPort), '--api-token-file', tokenPath],
    '--json',
    ...['--lobby-port', String(lobbyPort)],
    ...['--journal', join(workDir, instanceId)],
    ...(options.door === 'servers' ? ['--door-port', `${door.port}`, '--door-health-port', `${door.healthPort}`] : []),
  ]);
  const game = processes.start(`${instanceId}-game`, join(distDir, 'game/game.mjs'), [
    ...['--bind', address, '--port', String(GAME_PORT)],
    ...['--capacity', String(LOCAL_CAPACITY)],
    ...['--agent', `http://${address}:${apiPort}`, '--agent-token-file', tokenPath],
    ...['--name', instanceId],
  ]);
  return { instanceId, serverId: `${instanceId}.0`, address, game, agent };
}
