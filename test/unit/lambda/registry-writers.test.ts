import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createDynamoClient } from '../../../adapters/dynamodb/client.ts';
import { createRegistryStore } from '../../../adapters/dynamodb/registry-store.ts';
import type { RegistryStore } from '../../../core/ports.ts';
import { createRosterReader } from '../../../core/registry/roster-reader.ts';
import { rowKey } from '../../../core/registry/row.ts';
import { LOCAL_ACCESS, type LocalDynamo, startDynalite } from '../../../local/dynalite.ts';
import { type Ec2Endpoint, startEc2Endpoint } from '../../../local/ec2-endpoint.ts';
import { fakeClock } from '../../support/fake-clock.ts';

const GEN = '00000000000000a1';
let dynamo: LocalDynamo;
let ec2: Ec2Endpoint;
let store: RegistryStore;
let registrar: typeof import('../../../lambda/registrar.ts').handler;
let roster: typeof import('../../../lambda/roster.ts').handler;

beforeAll(async () => {
  dynamo = await startDynalite({ table: 'registry' });
  ec2 = await startEc2Endpoint();
  const environment = {
    AWS_REGION: LOCAL_ACCESS.region,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_DYNAMODB: dynamo.endpoint,
    AWS_ENDPOINT_URL_EC2: ec2.endpoint,
    ONEDOOR_TABLE: 'registry',
    ONEDOOR_CONFIG: JSON.stringify({ probePort: 7_100, logLevel: 'error' }),
  };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  registrar = (await import('../../../lambda/registrar.ts')).handler;
  roster = (await import('../../../lambda/roster.ts')).handler;
  store = createRegistryStore({
    client: createDynamoClient({ ...LOCAL_ACCESS, endpoint: dynamo.endpoint }),
    table: 'registry',
  });
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await ec2.close();
  await dynamo.close();
});

/** A machine that EC2 knows, and the row that its agent made. */
async function aMachine(instanceId: string): Promise<string> {
  const tags = { 'onedoor:capacity': '8', 'onedoor:port:game': '7777' };
  ec2.register({ instanceId, publicIpv4: '127.0.0.2', zone: 'local-1a', tags });
  const key = rowKey(`AROAEXAMPLE:${instanceId}`, 0);
  await store.write(key, { kind: 'create', gen: GEN, nowMs: Date.now() });
  return key;
}

/** The batch that DynamoDB sends when a row changed. */
function recordOf(key: string, beat: number) {
  const counts = { free: 4, issued: beat, beat, capacity: 8, hb: beat, sessions: 0 };
  const seats = Object.fromEntries(Object.entries(counts).map(([name, value]) => [name, { N: String(value) }]));
  const NewImage = { pk: { S: key }, ...seats, gen: { S: GEN }, last: { S: '' }, state: { S: 'ready' } };
  return { eventName: 'MODIFY', dynamodb: { Keys: { pk: { S: key } }, NewImage } };
}

describe('the registrar function', () => {
  it('verifies the rows of a batch of the stream', async () => {
    const key = await aMachine('i-0a');
    expect(await registrar({ Records: [recordOf(key, 5)] })).toMatchObject({ placed: [key] });
    expect((await store.get(key))?.placement).toMatchObject({
      id: 'i-0a.0',
      ipv4: '127.0.0.2',
      ports: { probe: 7_100 },
    });
  });

  it('looks at the rows of one machine when EC2 says that it changed', async () => {
    const keys = [await aMachine('i-0b'), await aMachine('i-0c')];
    ec2.remove('i-0b');
    ec2.remove('i-0c');
    expect(await registrar({ detail: { 'instance-id': 'i-0b' } })).toMatchObject({ buried: [keys[0]] });
    expect((await store.get(keys[1]!))?.seats?.state).toBe('starting');
  });

  it('looks at every row at a tick', async () => {
    const key = await aMachine('i-0d');
    expect((await registrar({})).placed).toContain(key);
  });
});

describe('the roster function', () => {
  it('packs what the table holds, and then what the stream brings', async () => {
    const key = await aMachine('i-0e');
    await registrar({});
    const reader = createRosterReader({ readRoster: store.readRoster, clock: fakeClock() });
    const first = await roster({});
    expect(first.written).toEqual(['S0', 'D0', 'INDEX']);
    await reader.refresh();
    expect(reader.view().entries.map((entry) => entry.key)).toContain(key);
    const later = await roster({ Records: [{ dynamodb: { Keys: { pk: { S: key } } } }] });
    expect(later).toEqual({ version: first.version + 1, servers: first.servers - 1, written: ['S0', 'D0', 'INDEX'] });
  });
});
