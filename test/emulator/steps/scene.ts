/** What the steps of the MiniStack lane work with: the deployed stack, and what runs on its machines. */
import { DescribeTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import { createRegistryStore } from '../../../adapters/dynamodb/registry-store.ts';
import type { RegistryStore } from '../../../core/ports.ts';
import type { Toolkit } from '../support/cdk.ts';
import type { Cloud, DeployedResource } from '../support/cloud.ts';
import type { Program } from '../support/commands.ts';
import { type Lane, PATIENCE_MS } from '../support/lane.ts';
import { type Machine, machines, type Server } from '../support/machine.ts';

/** An emulator with an empty account. */
export interface Emulator {
  readonly cloud: Cloud;
  readonly program: Program;
  /** Holds how many ms the functions' clocks are ahead. */
  readonly clockPath: string;
}

export interface Scene {
  readonly lane: Lane;
  readonly toolkit: Toolkit;
  readonly emulator: Emulator;
  readonly cloud: Cloud;
  readonly resources: readonly DeployedResource[];
  readonly table: string;
  readonly store: RegistryStore;
  readonly gateways: readonly Machine[];
  /** Machines of the fleet when the stack was deployed. */
  readonly fleet: readonly Machine[];
  /** What was started on machines of the fleet, by instance id. */
  readonly servers: Map<string, Server>;
}

/** The running machines whose user data names this program. */
export async function machinesOf(cloud: Cloud, program: 'agent' | 'door'): Promise<Machine[]> {
  return (await machines(cloud)).filter(({ boot }) => boot.variables['PROGRAM'] === program);
}

/** Looks at what was deployed; rejects if something that everything else needs is missing. */
export async function openScene(
  given: Pick<Scene, 'lane' | 'toolkit' | 'emulator' | 'resources' | 'table'>,
): Promise<Scene> {
  const { table, emulator } = given;
  const { cloud } = emulator;
  const store = createRegistryStore({ client: cloud.registryClient, table, timeoutMs: PATIENCE_MS });
  const { TimeToLiveDescription: ttl } = await cloud.dynamo.send(new DescribeTimeToLiveCommand({ TableName: table }));
  if (ttl?.TimeToLiveStatus !== 'ENABLED' || ttl.AttributeName !== 'ttl') throw new Error('no time to live');
  if ((await store.readKeys()).length < 2) throw new Error('the public keys are not in the registry');
  const [fleet, gateways] = await Promise.all([machinesOf(cloud, 'agent'), machinesOf(cloud, 'door')]);
  if (fleet.length < 2 || gateways.length < 2) {
    throw new Error(`${fleet.length} machines of the fleet, ${gateways.length} of the door`);
  }
  return { ...given, cloud, store, fleet, gateways, servers: new Map() };
}
