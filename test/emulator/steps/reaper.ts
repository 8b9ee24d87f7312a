/** The deployed reaper, called with what its schedule sends. */
import {
  DescribeAutoScalingGroupsCommand,
  TerminateInstanceInAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import { GetItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { Session } from '../../../client/index.ts';
import { physicalId } from '../support/cloud.ts';
import { eventually } from '../support/lane.ts';
import { passTime } from './emulator.ts';
import { checkWelcome } from './play.ts';
import type { Scene } from './scene.ts';
import { awaitBurial, rowStates } from './servers.ts';

const DAY_MS = 86_400_000;
/** Longer than any ticket is good for after its machine began to drain (core/registry/fleet-plan.ts). */
const TICKETS_ARE_OVER_MS = 60_000;

/** Calls the function; rejects if it fails. */
async function reap({ cloud, resources }: Scene): Promise<void> {
  const rule = physicalId(resources, 'AWS::Events::Rule', /^ReaperEveryMinute/);
  const { Targets } = await cloud.json('events', 'ListTargetsByRule', { Rule: rule });
  const [{ Input = '' } = {}] = Targets as { Input?: string }[];
  const name = physicalId(resources, 'AWS::Lambda::Function', /^Reaper/);
  const answer = await cloud.request('lambda', 'POST', `/2015-03-31/functions/${name}/invocations`, Input);
  if (answer.includes('errorMessage')) throw new Error(`the reaper failed: ${answer}`);
}

/** What Auto Scaling says of the machines of its groups. */
async function scaled({ cloud }: Scene): Promise<{ id: string; state: string; isGuarded: boolean }[]> {
  const { AutoScalingGroups = [] } = await cloud.autoScaling.send(new DescribeAutoScalingGroupsCommand());
  return AutoScalingGroups.flatMap(({ Instances = [] }) => Instances).map(
    ({ InstanceId: id = '', LifecycleState: state = '', ProtectedFromScaleIn }) => ({
      id,
      state,
      isGuarded: ProtectedFromScaleIn === true,
    }),
  );
}

/** Scale-in must spare the machine that somebody plays on, and no other. */
export async function guardPlayers(scene: Scene, session: Session): Promise<void> {
  await eventually('the machine with a session to be guarded, and no other', async () => {
    await reap(scene);
    const guarded = (await scaled(scene))
      .filter(({ isGuarded }) => isGuarded)
      .map(({ id }) => scene.fleet.find((machine) => machine.id === id)?.address);
    return guarded.length === 1 && guarded[0] === session.server.address;
  });
}

/**
 * Scale-in takes a machine that nobody plays on: it waits at the lifecycle hook while it drains, and the reaper ends the
 * wait when no ticket for it can be about any more.
 */
export async function letDrainedMachineGo(scene: Scene, machine: string, session: Session): Promise<void> {
  const request = { InstanceId: machine, ShouldDecrementDesiredCapacity: true };
  await scene.cloud.autoScaling.send(new TerminateInstanceInAutoScalingGroupCommand(request));
  const waits = async (): Promise<boolean> =>
    (await scaled(scene)).some(({ id, state }) => id === machine && state === 'Terminating:Wait');
  await reap(scene);
  if (!(await waits())) throw new Error('a machine that has not drained was let go');
  await scene.servers.get(machine)?.drain();
  await eventually('the machine to drain', async () => {
    const states = await rowStates(scene, machine);
    return states.every((state) => state === 'draining');
  });
  await reap(scene);
  if (!(await waits())) throw new Error('a machine was let go while tickets for it are about');
  passTime(scene.emulator, TICKETS_ARE_OVER_MS);
  await reap(scene);
  if (await waits()) throw new Error('the reaper does not end the wait of a drained machine');
  await awaitBurial(scene, machine);
  await checkWelcome(session);
}

/** Rows of machines that EC2 does not know, as after an event that never came: buried, and deleted a day later. */
export async function cleanRows(scene: Scene, model: string): Promise<void> {
  const { cloud, store, table, servers } = scene;
  const lost = 'i-00000000000000000';
  const [row] = await store.list(model);
  const key = { pk: { S: row?.key.replace(model, lost) ?? '' } };
  const find = async (pk: string) => {
    const command = new GetItemCommand({ TableName: table, Key: { pk: { S: pk } }, ConsistentRead: true });
    return (await cloud.dynamo.send(command)).Item;
  };
  if (!servers.has(model) || !row) throw new Error(`${model} has no row`);
  await cloud.dynamo.send(new PutItemCommand({ TableName: table, Item: { ...(await find(row.key)), ...key } }));
  await eventually('the row of a machine that EC2 does not know to be buried', async () => {
    await reap(scene);
    return (await rowStates(scene, lost))[0] === 'gone';
  });
  const UpdateExpression = 'SET hb = :yesterday';
  const values = { ':yesterday': { N: String(Date.now() - DAY_MS - 60_000) } };
  await cloud.dynamo.send(
    new UpdateItemCommand({ TableName: table, Key: key, UpdateExpression, ExpressionAttributeValues: values }),
  );
  await eventually('a tombstone of yesterday to be deleted', async () => {
    await reap(scene);
    return (await find(key.pk.S)) === undefined;
  });
}
