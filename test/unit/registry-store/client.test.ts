import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createDynamoClient, type DynamoClientOptions } from '../../../adapters/dynamodb/client.ts';

const NOBODY = [
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_PROFILE',
  'AWS_REGION',
  'AWS_DEFAULT_REGION',
  'AWS_EC2_METADATA_SERVICE_ENDPOINT',
  'AWS_ENDPOINT_URL',
];

beforeEach(() => {
  for (const name of NOBODY) vi.stubEnv(name, undefined);
});
afterEach(() => void vi.unstubAllEnvs());

/** Key and region by which a call on loopback is signed. */
async function signedBy(options: DynamoClientOptions): Promise<string> {
  let authorization = '';
  const server = createServer((request, response) => {
    authorization = String(request.headers.authorization);
    response.end('{"Item":{"pk":{"S":"a"},"body":{"B":"AP8="}}}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = createDynamoClient({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...options,
  });
  onTestFinished(() => {
    client.destroy();
    server.close();
    server.closeAllConnections();
  });
  const { Item } = await client.call('GetItem', { TableName: 'onedoor', Key: { pk: { S: 'a' } } });
  expect(Item?.['body']?.B).toEqual(Uint8Array.of(0, 255));
  return /Credential=([^/]+)\/\d+\/([^/]+)/.exec(authorization)?.slice(1).join(' ') ?? authorization;
}

const me = { credentials: () => ({ accessKeyId: 'me', secretAccessKey: 'x' }), region: () => 'eu-central-1' };

describe('calls to an engine on this machine', () => {
  it('need no account', async () => {
    expect(await signedBy({})).toBe('local us-east-1');
  });

  it('are the environment’s where it says whose they are', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'mine');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'x');
    vi.stubEnv('AWS_REGION', 'eu-west-1');
    expect(await signedBy({})).toBe('mine eu-west-1');
  });

  it.each(['AWS_PROFILE', 'AWS_EC2_METADATA_SERVICE_ENDPOINT'])('are whose %s says', async (name) => {
    vi.stubEnv(name, 'something');
    vi.stubEnv('AWS_REGION', 'eu-central-1');
    expect(await signedBy({ access: me })).toBe('me eu-central-1');
  });

  it('are whose the caller says, above all', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'mine');
    const credentials = { accessKeyId: 'given', secretAccessKey: 'x' };
    expect(await signedBy({ access: me, credentials, region: 'us-west-2' })).toBe('given us-west-2');
  });
});
