import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createFleetGroups } from '../../../adapters/autoscaling/fleet-groups.ts';
import { createDynamoClient } from '../../../adapters/dynamodb/client.ts';
import { createRegistryStore } from '../../../adapters/dynamodb/registry-store.ts';
import type { RegistryStore } from '../../../core/ports.ts';
import { rowKey, type ServerState } from '../../../core/registry/row.ts';
import { LOCAL_ACCESS, type LocalDynamo, startDynalite } from '../../../local/dynalite.ts';
import { type Ec2Endpoint, startEc2Endpoint } from '../../../local/ec2-endpoint.ts';
import { type AutoScalingEndpoint, startAutoScalingEndpoint } from '../../support/autoscaling-endpoint.ts';

const GEN = '00000000000000a1';
const EVENT = { groups: ['fleet'], hook: 'drain' };
let dynamo: LocalDynamo;
let ec2: Ec2Endpoint;
let autoScaling: AutoScalingEndpoint;
let store: RegistryStore;
const logged: string[] = [];
let reaper: typeof import('../../../lambda/reaper.ts').handler;

beforeAll(async () => {
  dynamo = await startDynalite({ table: 'registry' });
  ec2 = await startEc2Endpoint();
  autoScaling = await startAutoScalingEndpoint();
  const environment = {
    AWS_REGION: LOCAL_ACCESS.region,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_DYNAMODB: dynamo.endpoint,
    AWS_ENDPOINT_URL_EC2: ec2.endpoint,
    AWS_ENDPOINT_URL_AUTO_SCALING: autoScaling.endpoint,
    ONEDOOR_TABLE: 'registry',
    ONEDOOR_CONFIG: JSON.stringify({ logLevel: 'error' }),
  };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  vi.spyOn(process.stdout, 'write').mockImplementation((line) => logged.push(String(line)) > 0);
  reaper = (await import('../../../lambda/reaper.ts')).handler;
  const client = createDynamoClient({ ...LOCAL_ACCESS, endpoint: dynamo.endpoint });
  store = createRegistryStore({ client, table: 'registry' });
});
afterAll(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await autoScaling.close();
  await ec2.close();
  await dynamo.close();
});

/** A machine of the fleet as EC2 and Auto Scaling know it, with the row that its agent wrote. */
async function aMachine(id: string, state: ServerState, sessions: number, lifecycle = 'InService'): Promise<string> {
  const tags = { 'onedoor:capacity': '8', 'onedoor:port:game': '7777', 'onedoor:app': 'arena' };
  ec2.register({ instanceId: id, publicIpv4: '127.0.0.2', zone: 'local-1a', tags });
  autoScaling.machines.set(id, { group: 'fleet', state: lifecycle, guarded: false });
  const key = rowKey(`AROAEXAMPLE:${id}`, 0);
  const nowMs = Date.now();
  await store.write(key, { kind: 'create', gen: GEN, nowMs });
  await store.write(key, {
    ...{ kind: 'beat', gen: GEN, beat: nowMs, addFree: 8 - sessions, hb: nowMs, sessions, capacity: 8, state },
  });
  return key;
}

describe('the reaper function', () => {
  it('verifies what the stream missed, and counts the pools in the log', async () => {
    const key = await aMachine('i-0a', 'ready', 2);
    await reaper(EVENT);
    expect((await store.get(key))?.placement).toMatchObject({ app: 'arena', maxCapacity: 8 });
    logged.length = 0;
    await reaper(EVENT);
    expect(logged.map((line) => JSON.parse(line))).toEqual([
      {
        _aws: {
          Timestamp: expect.any(Number),
          CloudWatchMetrics: [
            {
              Namespace: 'Onedoor',
              Dimensions: [['deployment', 'app', 'world', 'group']],
              Metrics: [
                ...['servers', 'readyServers', 'sessions', 'capacity', 'freeSeats'].map((Name) => ({
                  Name,
                  Unit: 'Count',
                })),
                { Name: 'usePct', Unit: 'Percent' },
                ...['staleServers', 'suspects'].map((Name) => ({ Name, Unit: 'Count' })),
              ],
            },
          ],
        },
        ...{ deployment: 'onedoor', app: 'arena', world: 'main', group: 'main' },
        ...{ servers: 1, readyServers: 1, sessions: 2, capacity: 8, freeSeats: 6, usePct: 25 },
        // Its agent wrote nothing between the two passes.
        ...{ staleServers: 1, suspects: 0 },
      },
    ]);
  });

  it('guards machines with players, and no longer when they left', async () => {
    const key = await aMachine('i-0b', 'ready', 1);
    await reaper(EVENT);
    expect(autoScaling.machines.get('i-0b')?.guarded).toBe(true);
    const { seats } = (await store.get(key))!;
    await store.write(key, {
      ...{ kind: 'beat', gen: GEN, beat: seats!.beat, addFree: 1, hb: 1, sessions: 0, capacity: 8, state: 'ready' },
    });
    await reaper(EVENT);
    expect(autoScaling.machines.get('i-0b')?.guarded).toBe(false);
  });

  it('lets a drained machine go after every ticket for it is over', async () => {
    await aMachine('i-0c', 'draining', 0, 'Terminating:Wait');
    await reaper(EVENT);
    expect(autoScaling.machines.get('i-0c')?.state).toBe('Terminating:Wait');
    const now = performance.now();
    const later = vi.spyOn(performance, 'now').mockReturnValue(now + 60_000);
    await reaper(EVENT);
    later.mockRestore();
    expect(autoScaling.machines.get('i-0c')?.state).toBe('Terminating:Proceed');
  });

  it('buries rows whose machine is gone even when Auto Scaling fails, and fails then', async () => {
    const key = await aMachine('i-0d', 'ready', 0);
    await reaper(EVENT);
    ec2.remove('i-0d');
    autoScaling.isRefusing = true;
    await expect(reaper(EVENT)).rejects.toThrow('ec2.unreachable');
    autoScaling.isRefusing = false;
    expect((await store.get(key))?.seats?.state).toBe('gone');
  });
});

describe('the groups of the fleets', () => {
  it('say that there is nothing to release when the wait is over already', async () => {
    const groups = createFleetGroups({ endpoint: autoScaling.endpoint });
    autoScaling.machines.set('i-0e', { group: 'fleet', state: 'Terminating:Proceed', guarded: false });
    expect(await groups.release({ id: 'i-0e', group: 'fleet', leaving: true, guarded: false }, 'drain')).toBe(false);
  });

  it('show machines that are in service or wait to go, and no others', async () => {
    const groups = createFleetGroups({ endpoint: autoScaling.endpoint });
    autoScaling.machines.clear();
    for (const [n, state] of ['Pending', 'InService', 'Terminating:Wait', 'Terminating:Proceed'].entries()) {
      autoScaling.machines.set(`i-${n}`, { group: 'fleet', state, guarded: n === 1 });
    }
    expect(await groups.machines(['fleet'])).toEqual([
      { id: 'i-1', group: 'fleet', leaving: false, guarded: true },
      { id: 'i-2', group: 'fleet', leaving: true, guarded: false },
    ]);
    expect(await groups.machines([])).toEqual([]);
  });
});
