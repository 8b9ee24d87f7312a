/**
 * The whole template on MiniStack, deployed and used: `npm run test:ministack`. Nothing in the template is changed for
 * it; test/emulator/ministack/ has what the emulator lacks, docs/EMULATORS.md what it cannot show.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling';
import { DescribeTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import { TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { createRegistryStore } from '../../adapters/dynamodb/registry-store.ts';
import { connect, type Session } from '../../client/index.ts';
import type { RegistryStore } from '../../core/ports.ts';
import { parseRowKey } from '../../core/registry/row.ts';
import { freePorts } from '../support/free-ports.ts';
import { bootstrap, deploy, destroy, diff, synth, type Toolkit } from './support/cdk.ts';
import {
  type Cloud,
  checkArrivals,
  type DeployedResource,
  emulatedCloud,
  functionLogs,
  inventory,
  physicalId,
  readTemplate,
} from './support/cloud.ts';
import { type Program, run, start } from './support/commands.ts';
import { openFront } from './support/front.ts';
import { eventually, type Lane, ROOT, runLane } from './support/lane.ts';
import { commandLine, type Machine, machines, PROBE, startGateway, startServer } from './support/machine.ts';
import { findPython, virtualEnvironment } from './support/python.ts';
import { checkAgentRights } from './support/rights.ts';

const MINISTACK = 'ministack==1.5.33';
const LIMIT_MS = 180_000;
const STACK = 'onedoor';
const LAUNCHER = join(ROOT, 'test/emulator/ministack/launcher.py');
const { placeholders } = JSON.parse(readFileSync(join(ROOT, 'test/emulator/ministack-gaps.json'), 'utf8')) as {
  placeholders: string[];
};

const python = findPython(['python3', 'python3.13', 'python3.12', 'python3.11'], /^3\.(1[0-9])/);

async function startMiniStack(lane: Lane, interpreter: string): Promise<{ cloud: Cloud; emulator: Program }> {
  const port = await freePorts(1);
  const emulator = start([interpreter, LAUNCHER], {
    env: {
      GATEWAY_PORT: String(port),
      BIND_HOST: '127.0.0.1',
      MINISTACK_HOST: '127.0.0.1',
      TMPDIR: lane.workDir,
      PYTHONDONTWRITEBYTECODE: '1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      // Its functions find no other credentials than those that it gives them.
      AWS_EC2_METADATA_DISABLED: 'true',
    },
    logPath: join(lane.workDir, 'ministack.log'),
  });
  lane.undo(() => emulator.stop());
  const cloud = emulatedCloud(`http://127.0.0.1:${port}`);
  await eventually('MiniStack to answer', async () => {
    if (!emulator.running()) throw new Error(readFileSync(emulator.logPath, 'utf8').slice(-2_000));
    return (await fetch(`${cloud.endpoint}/_ministack/health`).catch(() => undefined))?.ok;
  });
  // For people: the folder stays if the lane fails.
  lane.undo(async () => writeFileSync(join(lane.workDir, 'functions.log'), await functionLogs(cloud)));
  return { cloud, emulator };
}

/** Whether IAM decides: see the launcher. */
async function switchIam(emulator: Program, isOn: boolean): Promise<void> {
  emulator.child.kill(isOn ? 'SIGUSR1' : 'SIGUSR2');
  const line = `onedoor: IAM ${isOn ? 'decides' : 'allows everything'}`;
  await eventually(line, () => readFileSync(emulator.logPath, 'utf8').includes(line));
}

/** The deployed stack, and what is asked about it. */
interface Deployed {
  readonly cloud: Cloud;
  readonly resources: readonly DeployedResource[];
  readonly table: string;
  readonly store: RegistryStore;
  readonly gateways: readonly Machine[];
  readonly servers: readonly Machine[];
}

/** Starts the servers; resolves when the deployed registrar has found each where EC2 says that it is. */
async function register(lane: Lane, { cloud, servers, store }: Deployed): Promise<Map<string, Program[]>> {
  const apiPort = await freePorts(servers.length);
  const programs = new Map<string, Program[]>();
  for (const [number, machine] of servers.entries()) {
    const started = await startServer(cloud, machine, { workDir: lane.workDir, apiPort: apiPort + number });
    programs.set(machine.id, started);
    lane.undo(() => Promise.all(started.map((program) => program.stop())));
  }
  await eventually('all rows verified with the addresses of their machines, and ready', async () => {
    const rows = await store.list();
    return servers.every(({ id, address, tags }) => {
      const row = rows.find(({ key }) => parseRowKey(key)?.machine === id);
      const { ipv4, app, world, group, ports } = row?.placement ?? {};
      const isPlaced = ipv4 === address && app === tags['onedoor:app'] && world === tags['onedoor:world'];
      const isComplete = group === tags['onedoor:group'] && ports?.['game'] === Number(tags['onedoor:port:game']);
      return isPlaced && isComplete && row?.seats?.state === 'ready';
    });
  });
  return programs;
}

/** SDK -> load balancers -> assign function -> DynamoDB -> ticket -> agent and game. */
async function playOverHttp(lane: Lane, { cloud, resources, servers }: Deployed): Promise<Session> {
  const arn = physicalId(resources, 'AWS::ElasticLoadBalancingV2::LoadBalancer', /^Endpoint[0-9A-F]+$/);
  const front = await openFront(cloud, arn, 80);
  lane.undo(() => front.close());
  const health = await fetch(`${front.url}/healthz`);
  if (!health.ok) throw new Error(`/healthz: ${health.status} ${await health.text()}`);
  const door = `127.0.0.1:${await freePorts(1)}`;
  const session = await connect({ door, http: front.url, app: 'world', client: 'lane', timeoutMs: 20_000 });
  lane.undo(() => session.close());
  if (session.via !== 'http') throw new Error(`assigned via ${session.via}`);
  if (!servers.some(({ address }) => address === session.server.address)) {
    throw new Error(`assigned to ${session.server.address}, which is no machine`);
  }
  const welcome = await joinGame(session);
  if (!welcome.startsWith('WELCOME')) throw new Error(`the game says ${welcome}`);
  return session;
}

/** Joins the game with the session's ticket; gives its answer. */
async function joinGame(session: Session): Promise<string> {
  const socket = createSocket('udp4');
  const { ports, address } = session.server;
  socket.send(`JOIN lane ${session.ticket}`, ports['game'] ?? 0, address);
  const [bytes] = (await once(socket, 'message', { signal: AbortSignal.timeout(5_000) })) as [Buffer];
  socket.close();
  return bytes.toString();
}

/** A classic request, by the deployed gateway's bytes and the roster that the deployed function wrote. */
async function probeGateway(lane: Lane, { cloud, gateways, servers }: Deployed): Promise<void> {
  const [machine] = gateways;
  if (!machine) throw new Error('no machine runs a gateway');
  const gateway = await startGateway(cloud, machine, lane.workDir);
  lane.undo(() => gateway.stop());
  const { argument } = gatewayPorts(machine);
  await eventually('the gateway to know all servers', async () => {
    if (!gateway.running()) throw new Error(readFileSync(gateway.logPath, 'utf8').slice(-2_000));
    const answer = await fetch(`http://${machine.address}:${argument('health-port')}/healthz`).catch(() => undefined);
    const { openServers } = ((await answer?.json()) ?? {}) as { openServers?: number };
    return openServers === servers.length;
  });
  const door = `${machine.address}:${argument('port')}`;
  const logPath = join(lane.workDir, 'probe.log');
  const classic = await run(['node', PROBE, door, '--count', '1'], { env: {}, logPath });
  if (!servers.some(({ address }) => classic.includes(`server ${address} `))) throw new Error(classic);
  const named = await run(['node', PROBE, door, '--count', '1', '--app', 'world'], { env: {}, logPath });
  if (!/server \S+ at 127\.0\.77\./.test(named)) throw new Error(named);
}

function gatewayPorts({ boot }: Machine): { argument(name: string): string } {
  const words = commandLine(boot);
  return { argument: (name) => words[words.indexOf(`--${name}`) + 1] ?? '' };
}

/** The reaper, called with what its schedule sends, keeps scale-in away from the machine that somebody plays on. */
async function guardPlayers({ cloud, resources, servers }: Deployed, session: Session): Promise<void> {
  const rule = physicalId(resources, 'AWS::Events::Rule', /^ReaperEveryMinute/);
  const { Targets } = await cloud.json('events', 'ListTargetsByRule', { Rule: rule });
  const [{ Input = '' } = {}] = Targets as { Input?: string }[];
  const name = physicalId(resources, 'AWS::Lambda::Function', /^Reaper/);
  await eventually('the machine with a session to be guarded, and no other', async () => {
    await cloud.request('lambda', 'POST', `/2015-03-31/functions/${name}/invocations`, Input);
    const { AutoScalingGroups = [] } = await cloud.autoScaling.send(new DescribeAutoScalingGroupsCommand());
    const guarded = AutoScalingGroups.flatMap(({ Instances = [] }) => Instances)
      .filter(({ ProtectedFromScaleIn }) => ProtectedFromScaleIn)
      .map(({ InstanceId }) => servers.find(({ id }) => id === InstanceId)?.address);
    return guarded.length === 1 && guarded[0] === session.server.address;
  });
}

/** EC2 says that a machine is gone: the registrar buries its rows at once, and nobody else notices. */
async function loseMachine(
  { cloud, servers, store }: Deployed,
  session: Session,
  programs: ReadonlyMap<string, readonly Program[]>,
): Promise<void> {
  const lost = servers.find(({ address }) => address !== session.server.address);
  if (!lost) throw new Error('there is but one machine');
  await Promise.all(programs.get(lost.id)?.map((program) => program.stop('SIGKILL')) ?? []);
  await cloud.ec2.send(new TerminateInstancesCommand({ InstanceIds: [lost.id] }));
  await eventually('the rows of the machine to be buried', async () => {
    const rows = (await store.list(lost.id)).map(({ seats }) => seats?.state);
    return rows.length > 0 && rows.every((state) => state === 'gone');
  });
  if (!(await joinGame(session)).startsWith('WELCOME')) throw new Error('the session on the other machine is over');
}

/** The registry outlives its stack until the operator deletes it too; then the account is as it was. */
async function destroyAll(toolkit: Toolkit, { cloud, table }: Deployed, before: readonly string[]): Promise<void> {
  await destroy(toolkit, STACK);
  const left = (await inventory(cloud)).filter((thing) => !before.includes(thing));
  if (left.join() !== `table ${table}`) throw new Error(`left behind:\n${left.join('\n')}`);
  await cloud.json('dynamodb', 'UpdateTable', { TableName: table, DeletionProtectionEnabled: false });
  await cloud.json('dynamodb', 'DeleteTable', { TableName: table });
}

async function look(cloud: Cloud, resources: readonly DeployedResource[], table: string): Promise<Deployed> {
  const all = await machines(cloud);
  const ofProgram = (name: string) => all.filter(({ boot }) => boot.variables['PROGRAM'] === name);
  const store = createRegistryStore({ client: cloud.dynamo, table });
  const { TimeToLiveDescription: ttl } = await cloud.dynamo.send(new DescribeTimeToLiveCommand({ TableName: table }));
  if (ttl?.TimeToLiveStatus !== 'ENABLED' || ttl.AttributeName !== 'ttl') throw new Error('no time to live');
  if ((await store.readKeys()).length < 2) throw new Error('the public keys are not in the registry');
  const deployed = { cloud, resources, table, store, servers: ofProgram('agent'), gateways: ofProgram('door') };
  if (deployed.servers.length < 2 || deployed.gateways.length < 2) throw new Error(`${all.length} machines`);
  return deployed;
}

async function lane(lane: Lane): Promise<void> {
  const pip = join(lane.workDir, 'pip.log');
  const interpreter = await lane.step('MiniStack is installed', () =>
    virtualEnvironment(python ?? '', 'ministack', [MINISTACK], pip),
  );
  const assembly = await lane.step('the default app is built and synthesized', () => synth(lane));
  const { cloud, emulator } = await lane.step('MiniStack starts', () => startMiniStack(lane, interpreter));
  const toolkit = { lane, cloud, assembly };
  await lane.step('cdk bootstrap', () => bootstrap(toolkit));
  const before = await inventory(cloud);
  const { outputs } = await lane.step('cdk deploy', () => deploy(toolkit, STACK));
  const template = readTemplate(assembly, STACK);
  const count = Object.keys(template.Resources).length;
  const resources = await lane.step(`all ${count} resources of the template are there`, () =>
    checkArrivals(cloud, STACK, template, placeholders),
  );
  await lane.step('a second deployment changes nothing', async () => {
    await diff(toolkit, STACK);
    const { text } = await deploy(toolkit, STACK);
    if (!text.includes('(no changes)')) throw new Error(text);
  });
  const deployed = await lane.step('machines, table and public keys are as they should be', () =>
    look(cloud, resources, outputs['TableName'] ?? ''),
  );
  await lane.step('IAM decides from here on', () => switchIam(emulator, true));
  const programs = await lane.step('agents register, the registrar believes EC2', () => register(lane, deployed));
  const session = await lane.step('SDK, load balancers, function, ticket, game', () => playOverHttp(lane, deployed));
  await lane.step('probe, gateway, roster, server', () => probeGateway(lane, deployed));
  const secret = physicalId(resources, 'AWS::SecretsManager::Secret', /^TicketKeys/);
  const [rogue, victim] = deployed.servers as [Machine, Machine];
  await lane.step('an agent may touch its own row and nothing else', () =>
    checkAgentRights(cloud, rogue, victim, { table: deployed.table, secret }),
  );
  await lane.step('the reaper guards the machine with a session', () => guardPlayers(deployed, session));
  await lane.step('a lost machine is buried, the session elsewhere goes on', () =>
    loseMachine(deployed, session, programs),
  );
  await lane.step('cdk destroy leaves the registry alone, and nothing after it', async () => {
    await session.close();
    await Promise.all([...programs.values()].flat().map((program) => program.stop('SIGKILL')));
    await switchIam(emulator, false);
    await destroyAll(toolkit, deployed, before);
  });
}

await runLane({
  name: 'ministack',
  limitMs: LIMIT_MS,
  whyNot: python === undefined ? 'needs Python 3.10 or newer with venv and pip' : undefined,
  run: lane,
});
