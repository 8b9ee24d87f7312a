/** The programs of an emulated machine, started here from the bytes and the settings that were deployed for it. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DescribeInstanceAttributeCommand, DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { type DeployedBoot, fetchDeployed, readBoot } from './boot.ts';
import type { Cloud } from './cloud.ts';
import { type Env, type Program, start } from './commands.ts';
import { ROOT } from './lane.ts';

/** Port of the metadata service on each machine's address (test/emulator/ministack/metadata.py). */
const METADATA_PORT = 16_925;

export interface Machine {
  readonly id: string;
  /** One of 127.77.0.0/16: each run has a network of its own there. */
  readonly address: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly boot: DeployedBoot;
}

/** The running machines, each with what its user data says. */
export async function machines(cloud: Cloud): Promise<Machine[]> {
  const { Reservations = [] } = await cloud.ec2.send(new DescribeInstancesCommand());
  const running = Reservations.flatMap(({ Instances = [] }) => Instances).filter(
    ({ State }) => State?.Name === 'running',
  );
  return Promise.all(
    running.map(async ({ InstanceId: id = '', PublicIpAddress: address = '', Tags = [] }) => {
      const attribute = { InstanceId: id, Attribute: 'userData' } as const;
      const { UserData } = await cloud.ec2.send(new DescribeInstanceAttributeCommand(attribute));
      return {
        id,
        address,
        tags: Object.fromEntries(Tags.map(({ Key = '', Value = '' }) => [Key, Value])),
        boot: readBoot(Buffer.from(UserData?.Value ?? '', 'base64').toString()),
      };
    }),
  );
}

/** As on the machine: no credentials but those that its metadata service gives. */
export function machineEnv(cloud: Cloud, { address, boot }: Machine): Env {
  return {
    ...boot.environment,
    AWS_ENDPOINT_URL: cloud.endpoint,
    AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://${address}:${METADATA_PORT}`,
  };
}

interface Places {
  readonly workDir: string;
  /** Loopback port of the agent's API: on 127.0.0.1 for all machines here. */
  readonly apiPort: number;
}

/** The programs of a machine of the fleet. */
export interface Server {
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<unknown>;
  /** As the minder on the machine does when the machine is to go. */
  drain(): Promise<void>;
  /** Where its programs and what they keep are. */
  readonly folder: string;
  /** The agent's API of slot 0. */
  readonly apiUrl: string;
  /** As systemd does it: killed, and started from whatever is in its file now. */
  restartAgent(): Promise<void>;
}

/** Starts the agent and its game. What differs from the machine: where they listen, and where their files are. */
export async function startServer(cloud: Cloud, machine: Machine, { workDir, apiPort }: Places): Promise<Server> {
  const { address, boot, id } = machine;
  const folder = join(workDir, id);
  mkdirSync(folder);
  for (const [file, name] of [
    ['PROGRAM', 'agent.mjs'],
    ['GAME', 'game.mjs'],
  ] as const) {
    writeFileSync(join(folder, name), await fetchDeployed(cloud, boot, file));
  }
  const token = join(folder, 'token');
  const given = commandLine(boot);
  const changed = { '--api-port': String(apiPort), '--api-token-file': token, '--journal': folder };
  const words = given.map((word, at) => {
    const flag = given[at - 1] as keyof typeof changed | undefined;
    return (flag && changed[flag]) ?? word.replace(/^127\.0\.0\.1:/, `${address}:`);
  });
  const identity = `${boot.variables['ROLE_ID']}:${id}`;
  const startAgent = () =>
    start(['node', join(folder, 'agent.mjs'), '--identity', identity, ...words, '--bind', address], {
      env: machineEnv(cloud, machine),
      logPath: join(folder, 'agent.log'),
    });
  let agent = startAgent();
  const game = start(
    [
      ...['node', join(folder, 'game.mjs'), '--bind', address, '--port', machine.tags['onedoor:port:game'] ?? ''],
      ...['--capacity', machine.tags['onedoor:capacity'] ?? '', '--agent-token-file', token],
      ...['--agent', `http://127.0.0.1:${apiPort}`],
    ],
    { env: {}, logPath: join(folder, 'game.log') },
  );
  return {
    folder,
    apiUrl: `http://127.0.0.1:${apiPort}`,
    async restartAgent() {
      await agent.stop('SIGKILL');
      agent = startAgent();
    },
    stop: (signal) => Promise.all([agent.stop(signal), game.stop(signal)]),
    async drain() {
      const headers = { authorization: `Bearer ${readFileSync(token, 'utf8').trim()}` };
      const answer = await fetch(`http://127.0.0.1:${apiPort}/drain`, { method: 'POST', headers });
      if (!answer.ok) throw new Error(`POST /drain: ${answer.status} ${await answer.text()}`);
    },
  };
}

/** Starts the gateway with the command line that was deployed, on the machine's address. */
export async function startGateway(cloud: Cloud, machine: Machine, workDir: string): Promise<Program> {
  const { address, boot, id } = machine;
  const script = join(workDir, `${id}-door.mjs`);
  writeFileSync(script, await fetchDeployed(cloud, boot, 'PROGRAM'));
  return start(['node', script, ...commandLine(boot), '--bind', address, '--health-bind', address], {
    env: machineEnv(cloud, machine),
    logPath: join(workDir, `${id}-door.log`),
  });
}

/** As systemd splits it. */
function commandLine({ environment }: DeployedBoot): string[] {
  const words = environment['ONEDOOR_ARGUMENTS']?.match(/"[^"]*"|\S+/g) ?? [];
  return words.map((word) => word.replace(/^"(.*)"$/, '$1'));
}

/** The value of a flag of the machine's program. */
export function argumentOf({ boot }: Machine, name: string): string {
  const words = commandLine(boot);
  return words[words.indexOf(`--${name}`) + 1] ?? '';
}

/** What `npm run probe` runs. */
export const PROBE = [join(ROOT, 'cli/main.ts'), 'probe'] as const;
