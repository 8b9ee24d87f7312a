import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { DeploymentEvent } from '../../../adapters/cloudformation/deployment-event.ts';
import { ticketKeys } from '../../../adapters/crypto/ticket-keys.ts';
import { createDynamoClient } from '../../../adapters/dynamodb/client.ts';
import { createRegistryStore } from '../../../adapters/dynamodb/registry-store.ts';
import type { RegistryStore } from '../../../core/ports.ts';
import { LOCAL_ACCESS, type LocalDynamo, startDynalite } from '../../../local/dynalite.ts';
import { SecretVersions, startSecretsEndpoint } from '../../support/secrets-endpoint.ts';

const FIRST = 'the text that Secrets Manager generated, long enough';
const DAY_MS = 86_400_000;
let dynamo: LocalDynamo;
let secrets: { readonly endpoint: string; close(): Promise<void> };
let store: RegistryStore;
let rotate: typeof import('../../../lambda/rotate.ts').handler;
const versions = new SecretVersions(FIRST, Date.now());

beforeAll(async () => {
  dynamo = await startDynalite({ table: 'registry' });
  secrets = await startSecretsEndpoint(versions);
  const environment = {
    AWS_REGION: LOCAL_ACCESS.region,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_DYNAMODB: dynamo.endpoint,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.endpoint,
    ONEDOOR_TABLE: 'registry',
    ONEDOOR_KEY_SECRET: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:keys-AbCdEf',
    ONEDOOR_CONFIG: JSON.stringify({ logLevel: 'error' }),
  };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  rotate = (await import('../../../lambda/rotate.ts')).handler;
  const client = createDynamoClient({ ...LOCAL_ACCESS, endpoint: dynamo.endpoint });
  store = createRegistryStore({ client, table: 'registry' });
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await secrets.close();
  await dynamo.close();
});

function keyOf(stage: string) {
  return ticketKeys(new TextEncoder().encode(versions.textOf(stage))).publicKey;
}

/** What CloudFormation is told when it sends such an event. */
async function answerTo(event: Partial<DeploymentEvent>): Promise<unknown> {
  const bodies: Buffer[] = [];
  const server = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => bodies.push(chunk));
    request.on('end', () => response.end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await rotate({
    RequestType: 'Create',
    ResponseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/answer`,
    StackId: 'stack',
    RequestId: 'request',
    LogicalResourceId: 'PublishKeys',
    ResourceProperties: { periodDays: '30' },
    ...event,
  });
  server.closeAllConnections();
  server.close();
  return JSON.parse(Buffer.concat(bodies).toString());
}

const ANSWER = {
  StackId: 'stack',
  RequestId: 'request',
  LogicalResourceId: 'PublishKeys',
  PhysicalResourceId: 'PublishKeys',
};

describe('the rotation of ticket keys', () => {
  it('publishes the keys within the deployment that makes them', async () => {
    expect(await answerTo({})).toEqual({ ...ANSWER, Status: 'SUCCESS' });
    expect(await store.readKeys()).toEqual([keyOf('AWSCURRENT'), keyOf('ONEDOOR_NEXT')]);
    expect(versions.textOf('AWSCURRENT')).toBe(FIRST);
  });

  it('leaves everything as it is when the deployment goes', async () => {
    const before = await store.readKeys();
    expect(await answerTo({ RequestType: 'Delete', PhysicalResourceId: 'earlier' })).toEqual({
      ...ANSWER,
      PhysicalResourceId: 'earlier',
      Status: 'SUCCESS',
    });
    expect(await store.readKeys()).toEqual(before);
  });

  it('moves on to the next key when its period is over, and keeps the first published', async () => {
    const first = keyOf('AWSCURRENT');
    const next = keyOf('ONEDOOR_NEXT');
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 30 * DAY_MS);
    expect(await rotate({ periodDays: 30 })).toMatchObject({ rotated: true });
    vi.restoreAllMocks();
    expect(keyOf('AWSCURRENT')).toEqual(next);
    expect(await store.readKeys()).toEqual([next, keyOf('ONEDOOR_NEXT'), first]);
  });

  it('tells CloudFormation why it failed', async () => {
    const failing = vi.spyOn(versions, 'call').mockReturnValue({ __type: 'AccessDeniedException' });
    expect(await answerTo({})).toEqual({
      ...ANSWER,
      Status: 'FAILED',
      Reason: expect.stringContaining('secret.unreadable'),
    });
    failing.mockRestore();
  });
});
