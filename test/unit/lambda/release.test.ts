import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { DeploymentEvent } from '../../../adapters/cloudformation/deployment-event.ts';
import { createDynamoClient, type DynamoClient } from '../../../adapters/dynamodb/client.ts';
import { LOCAL_ACCESS, type LocalDynamo, startDynalite } from '../../../local/dynalite.ts';

const TABLE = 'registry';
const ONE = { program: 'agent', version: '1.0.0+aaaaaaaa', uri: 's3://bucket/one.mjs', sha256: 'a'.repeat(64) };
const TWO = { program: 'agent', version: '2.0.0+bbbbbbbb', uri: 's3://bucket/two.mjs', sha256: 'b'.repeat(64) };
let dynamo: LocalDynamo;
let client: DynamoClient;
let release: typeof import('../../../lambda/release.ts').handler;

beforeAll(async () => {
  dynamo = await startDynalite({ table: TABLE });
  const environment = {
    AWS_REGION: LOCAL_ACCESS.region,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_DYNAMODB: dynamo.endpoint,
    ONEDOOR_TABLE: TABLE,
  };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  release = (await import('../../../lambda/release.ts')).handler;
  client = createDynamoClient({ ...LOCAL_ACCESS, endpoint: dynamo.endpoint });
});
afterAll(async () => {
  vi.unstubAllEnvs();
  client.destroy();
  await dynamo.close();
});

/** What CloudFormation is told when it sends such an event. */
async function answerTo(event: Pick<DeploymentEvent, 'RequestType' | 'ResourceProperties'>): Promise<unknown> {
  const bodies: Buffer[] = [];
  const server = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => bodies.push(chunk));
    request.on('end', () => response.end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const ids = { StackId: 'stack', RequestId: 'request', LogicalResourceId: 'Wanted', PhysicalResourceId: 'Wanted' };
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/answer`;
  await release({ ...event, ...ids, ResponseURL: url });
  server.close();
  return JSON.parse(Buffer.concat(bodies).toString());
}

async function wanted(): Promise<unknown> {
  return (await client.call('GetItem', { TableName: TABLE, Key: { pk: { S: 'VERSION#agent' } } })).Item;
}

/** As lib/boot/updater.sh reads it. */
function item({ version, uri, sha256 }: typeof ONE): object {
  return { pk: { S: 'VERSION#agent' }, v: { N: '1' }, version: { S: version }, uri: { S: uri }, sha256: { S: sha256 } };
}

describe('the release function', () => {
  it('writes what is wanted, and what was wanted before when a deployment is rolled back', async () => {
    for (const [RequestType, properties] of [
      ['Create', ONE],
      ['Update', TWO],
      ['Update', ONE],
    ] as const) {
      expect(await answerTo({ RequestType, ResourceProperties: properties })).toMatchObject({ Status: 'SUCCESS' });
      expect(await wanted()).toEqual(item(properties));
    }
  });

  it('leaves the item when its resource goes: machines stay as they are', async () => {
    await answerTo({ RequestType: 'Create', ResourceProperties: TWO });
    expect(await answerTo({ RequestType: 'Delete', ResourceProperties: TWO })).toMatchObject({ Status: 'SUCCESS' });
    expect(await wanted()).toEqual(item(TWO));
  });

  it('fails the deployment with all that is wrong, and changes nothing', async () => {
    await answerTo({ RequestType: 'Create', ResourceProperties: ONE });
    const wrong = { ...TWO, sha256: 'short', uri: 'https://example.com' };
    const answer = await answerTo({ RequestType: 'Update', ResourceProperties: wrong });
    expect(answer).toMatchObject({ Status: 'FAILED', Reason: expect.stringMatching(/`uri`(.|\n)*`sha256`/) as string });
    expect(await wanted()).toEqual(item(ONE));
  });
});
