import { TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import type { Session } from '../../../client/index.ts';
import { eventually } from '../support/lane.ts';
import type { Machine } from '../support/machine.ts';
import { checkWelcome } from './play.ts';
import { machinesOf, type Scene } from './scene.ts';
import { awaitBurial } from './servers.ts';

/** EC2 says that a machine is gone: the registrar buries its rows at once, and nobody else notices. */
export async function loseMachine(scene: Scene, session: Session): Promise<void> {
  const lost = scene.fleet.find(({ address }) => address !== session.server.address);
  if (!lost) throw new Error('there is but one machine');
  await scene.servers.get(lost.id)?.stop('SIGKILL');
  await scene.cloud.ec2.send(new TerminateInstancesCommand({ InstanceIds: [lost.id] }));
  await awaitBurial(scene, lost.id);
  await checkWelcome(session);
}

/** The machine that the group started instead of a lost one. */
export async function replacement({ cloud, fleet }: Scene): Promise<Machine> {
  return eventually('the group to start another machine', async () =>
    (await machinesOf(cloud, 'agent')).find(({ id }) => !fleet.some((machine) => machine.id === id)),
  );
}
