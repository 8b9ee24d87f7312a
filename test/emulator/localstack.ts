/**
 * The template on LocalStack: `npm run test:localstack`. Its free edition has no load balancers and no Auto Scaling, so
 * test/emulator/localstack-gaps.json says exactly which resources are only pretended; the rest is used.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DescribeTimeToLiveCommand, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { RunInstancesCommand, type RunInstancesCommandInput } from '@aws-sdk/client-ec2';
import { createRegistryStore } from '../../adapters/dynamodb/registry-store.ts';
import type { RegistryStore } from '../../core/ports.ts';
import { parseRowKey } from '../../core/registry/row.ts';
import { dynamoDbLocalJars, whyNoDynamoDbLocal } from '../support/dynamodb-local.ts';
import { freePorts } from '../support/free-ports.ts';
import { seatsHold } from './steps/bursts.ts';
import { bootstrap, deploy, destroy, synth } from './support/cdk.ts';
import { type Cloud, checkArrivals, emulatedCloud, functionLogs, physicalId, readTemplate } from './support/cloud.ts';
import { start } from './support/commands.ts';
import { eventually, type Lane, PATIENCE_MS, ROOT, runLane } from './support/lane.ts';
import { choosePython, type Edition, pycacheOf, virtualEnvironment } from './support/python.ts';

function edition(version: string, pythons: readonly string[]): Edition {
  return { name: `LocalStack ${version}`, list: `localstack/packages-${version}.txt`, pythons };
}

/** 4.14.0, the last free one, needs what Python 3.13 brought; where there is only an older one, 4.9.2 does. */
const EDITIONS = [edition('4.14.0', ['3.13']), edition('4.9.2', ['3.12', '3.11'])];
/** What it may take on two cores, with installation; the limit is for what hangs on a machine with other work. */
const GOAL_MS = 300_000;
const LIMIT_MS = 540_000;
const STACK = 'onedoor';
const LAUNCHER = join(ROOT, 'test/emulator/localstack/launcher.py');
const gaps = JSON.parse(readFileSync(join(ROOT, 'test/emulator/localstack-gaps.json'), 'utf8')) as {
  placeholders: string[];
};

const chosen = choosePython(EDITIONS);

function whyNot(): string | undefined {
  const pythons = EDITIONS.flatMap((one) => one.pythons).join(' or ');
  return chosen ? whyNoDynamoDbLocal() : `needs Python ${pythons} with venv and pip`;
}

async function startLocalStack(lane: Lane, interpreter: string): Promise<Cloud> {
  const port = await freePorts(1);
  // External services of LocalStack, opened for each domain and the like; only these may be taken.
  const services = await freePorts(40);
  const emulator = start([interpreter, LAUNCHER], {
    env: {
      GATEWAY_LISTEN: `127.0.0.1:${port}`,
      EXTERNAL_SERVICE_PORTS_START: String(services),
      EXTERNAL_SERVICE_PORTS_END: String(services + 40),
      TMPDIR: lane.workDir,
      LOCALSTACK_VOLUME_DIR: lane.workDir,
      FILESYSTEM_ROOT: join(lane.workDir, 'filesystem'),
      PYTHONPYCACHEPREFIX: pycacheOf('localstack'),
      // Nothing is fetched and nothing reported.
      SKIP_SSL_CERT_DOWNLOAD: '1',
      DISABLE_EVENTS: '1',
      DNS_ADDRESS: '0',
      // The streams of DynamoDBLocal itself; else another program would be fetched for them.
      PROVIDER_OVERRIDE_DYNAMODB: 'v2',
      PROVIDER_OVERRIDE_DYNAMODBSTREAMS: 'v2',
      ONEDOOR_DYNAMODB_JARS: dynamoDbLocalJars(),
      ONEDOOR_NODE: process.execPath,
    },
    logPath: join(lane.workDir, 'localstack.log'),
  });
  lane.undo(() => emulator.stop());
  const cloud = emulatedCloud(`http://127.0.0.1:${port}`);
  // For people: the folder stays if the lane fails.
  lane.undo(async () => writeFileSync(join(lane.workDir, 'functions.log'), await functionLogs(cloud)));
  await eventually(
    'LocalStack to answer',
    async () => {
      if (!emulator.running()) throw new Error(readFileSync(emulator.logPath, 'utf8').slice(-2_000));
      return (await fetch(`${cloud.endpoint}/_localstack/health`).catch(() => undefined))?.ok;
    },
    60_000,
  );
  return cloud;
}

/** A machine with the tags of the fleet, as the fleet's group would start it. Gives its id and its public address. */
async function launch(cloud: Cloud): Promise<{ readonly id: string; readonly address: string }> {
  const tags = { app: 'world', world: 'main', group: 'main', capacity: '16', slots: '1', 'port:game': '7777' };
  const request: RunInstancesCommandInput = {
    MinCount: 1,
    MaxCount: 1,
    ImageId: 'ami-12345678',
    TagSpecifications: [
      {
        ResourceType: 'instance',
        Tags: Object.entries(tags).map(([name, Value]) => ({ Key: `onedoor:${name}`, Value })),
      },
    ],
  };
  const { Instances: [machine] = [] } = await cloud.ec2.send(new RunInstancesCommand(request));
  return { id: machine?.InstanceId ?? '', address: machine?.PublicIpAddress ?? '' };
}

/** The agent and the game of a machine, beside each other on loopback. */
async function startServer(lane: Lane, cloud: Cloud, table: string, machine: string): Promise<void> {
  const folder = join(lane.workDir, machine);
  mkdirSync(folder);
  const port = await freePorts(3);
  const token = join(folder, 'token');
  const agent = start(
    [
      ...['node', 'dist/agent/agent.mjs', '--identity', `AROAEMULATED:${machine}`, '--bind', '127.0.0.1', '--json'],
      ...['--game', `127.0.0.1:${port}`, '--capacity', '16', '--probe-port', String(port + 1)],
      ...['--api-port', String(port + 2), '--api-token-file', token, '--journal', folder],
    ],
    { env: { ...cloud.env, ONEDOOR_TABLE: table }, logPath: join(folder, 'agent.log') },
  );
  lane.undo(() => agent.stop('SIGKILL'));
  const game = start(
    [
      ...['node', 'dist/game/game.mjs', '--bind', '127.0.0.1', '--port', String(port), '--capacity', '16'],
      ...['--agent', `http://127.0.0.1:${port + 2}`, '--agent-token-file', token],
    ],
    { env: {}, logPath: join(folder, 'game.log') },
  );
  lane.undo(() => game.stop('SIGKILL'));
}

/** Table stream -> registrar -> EC2's address in the row; table stream -> roster -> the packed list. */
async function register(lane: Lane, cloud: Cloud, store: RegistryStore, table: string): Promise<string> {
  const { id, address } = await launch(cloud);
  if (address === '') throw new Error('the machine has no public address');
  await startServer(lane, cloud, table, id);
  await eventually(
    'the row to be verified with the address that EC2 says, and the roster to be written',
    async () => {
      const row = (await store.list()).find(({ key }) => parseRowKey(key)?.machine === id);
      const isPlaced = row?.placement?.ipv4 === address && row.seats?.state === 'ready';
      return isPlaced && (await store.readRoster('INDEX')) !== undefined;
    },
    60_000,
  );
  return address;
}

/** Invokes the deployed function through its alias with what a load balancer sends. */
async function assign(cloud: Cloud, functionAlias: string, address: string): Promise<void> {
  const event = {
    requestContext: { elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/a/b' } },
    httpMethod: 'POST',
    path: '/v1/assignments',
    multiValueQueryStringParameters: {},
    multiValueHeaders: { 'content-type': ['application/json'] },
    body: JSON.stringify({ app: 'world', client: 'lane' }),
    isBase64Encoded: false,
  };
  await eventually(
    `201 with ${address} and a ticket`,
    async () => {
      const path = `/2015-03-31/functions/${encodeURIComponent(functionAlias)}/invocations`;
      const answer = await cloud.request('lambda', 'POST', path, JSON.stringify(event));
      const { statusCode, body } = JSON.parse(answer.toString()) as { statusCode?: number; body?: string };
      const { server, ticket } = JSON.parse(body ?? '{}') as { server?: { ipv4?: string }; ticket?: string };
      return statusCode === 201 && server?.ipv4 === address && ticket?.split('.').length === 3;
    },
    30_000,
  );
}

/** The table's time to live takes away what is over, and nothing else. */
async function expire(cloud: Cloud, table: string): Promise<void> {
  const { TimeToLiveDescription: ttl } = await cloud.dynamo.send(new DescribeTimeToLiveCommand({ TableName: table }));
  if (ttl?.TimeToLiveStatus !== 'ENABLED' || ttl.AttributeName !== 'ttl') throw new Error('no time to live');
  const nowSeconds = Math.floor(Date.now() / 1000);
  const put = (pk: string, seconds: number) => {
    const Item = { pk: { S: pk }, ttl: { N: String(nowSeconds + seconds) } };
    return cloud.dynamo.send(new PutItemCommand({ TableName: table, Item }));
  };
  const isThere = async (pk: string): Promise<boolean> => {
    const command = new GetItemCommand({ TableName: table, Key: { pk: { S: pk } }, ConsistentRead: true });
    return (await cloud.dynamo.send(command)).Item !== undefined;
  };
  await put('IDEM#over', -60);
  await put('IDEM#still-good', 3_600);
  // LocalStack's way to say that some days are over.
  await cloud.request('dynamodb', 'DELETE', '/_aws/dynamodb/expired');
  if (await isThere('IDEM#over')) throw new Error('an item whose time is over is still there');
  if (!(await isThere('IDEM#still-good'))) throw new Error('an item whose time is not over is gone');
}

async function lane(lane: Lane): Promise<void> {
  if (!chosen) throw new Error('there is no Python');
  const interpreter = await lane.step('LocalStack is installed', () => {
    dynamoDbLocalJars();
    return virtualEnvironment(chosen, 'localstack');
  });
  const assembly = await lane.step('the default app is built and synthesized', () => synth(lane));
  const cloud = await lane.step('LocalStack starts', () => startLocalStack(lane, interpreter));
  await lane.step('bursts: no seat given twice, none lost', () => seatsHold(cloud));
  const toolkit = { lane, cloud, assembly };
  await lane.step('cdk bootstrap', () => bootstrap(toolkit));
  const { outputs } = await lane.step('cdk deploy', () => deploy(toolkit, STACK));
  const template = readTemplate(assembly, STACK);
  const count = Object.keys(template.Resources).length;
  const resources = await lane.step(`of ${count} resources, only the listed ones are placeholders`, () =>
    checkArrivals(cloud, STACK, template, gaps.placeholders),
  );
  const table = outputs['TableName'] ?? '';
  const store = createRegistryStore({ client: cloud.registryClient, table, timeoutMs: PATIENCE_MS });
  await lane.step('the daily function publishes the ticket keys', async () => {
    const name = physicalId(resources, 'AWS::Lambda::Function', /^TicketKeys/);
    await cloud.request('lambda', 'POST', `/2015-03-31/functions/${name}/invocations`, '{"periodDays":30}');
    if ((await store.readKeys()).length < 2) throw new Error('the public keys are not in the registry');
  });
  const address = await lane.step('stream, registrar, roster', () => register(lane, cloud, store, table));
  await lane.step('the assign function gives a seat', () =>
    assign(cloud, physicalId(resources, 'AWS::Lambda::Alias', /^Endpoint/), address),
  );
  await lane.step('items whose time is over go', () => expire(cloud, table));
  await lane.step('cdk destroy', () => destroy(toolkit, STACK));
}

await runLane({ name: 'localstack', goalMs: GOAL_MS, limitMs: LIMIT_MS, whyNot: whyNot(), run: lane });
