import { destroy } from '../support/cdk.ts';
import { inventory } from '../support/cloud.ts';
import { switchIam } from './emulator.ts';
import type { Scene } from './scene.ts';

/** The registry outlives its stack until the operator deletes it too; then the account is as it was. */
export async function destroyAll(scene: Scene, stack: string, before: readonly string[]): Promise<void> {
  const { cloud, table, toolkit, servers, emulator } = scene;
  await Promise.all([...servers.values()].map((server) => server.stop('SIGKILL')));
  await switchIam(emulator, false);
  await destroy(toolkit, stack);
  const left = await leftovers(scene, before);
  if (left.join() !== `table ${table}`) throw new Error(`left behind:\n${left.join('\n')}`);
  await cloud.json('dynamodb', 'UpdateTable', { TableName: table, DeletionProtectionEnabled: false });
  await cloud.json('dynamodb', 'DeleteTable', { TableName: table });
  const rest = await leftovers(scene, before);
  if (rest.length > 0) throw new Error(`left behind:\n${rest.join('\n')}`);
}

async function leftovers({ cloud }: Scene, before: readonly string[]): Promise<string[]> {
  return (await inventory(cloud)).filter((thing) => !before.includes(thing));
}
