/**
 * The whole template on MiniStack, deployed and used: `npm run test:ministack`. Nothing in the template is changed for
 * it; test/emulator/ministack/ has what the emulator lacks, docs/EMULATORS.md what it cannot show. The steps are
 * functions of the scene, in steps/; each may use what those before it made.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { seatsHold } from './steps/bursts.ts';
import { MINISTACK, startMiniStack, switchIam } from './steps/emulator.ts';
import { destroyAll } from './steps/end.ts';
import { probeGateway } from './steps/gateway.ts';
import { loseMachine, replacement } from './steps/loss.ts';
import { playOverHttp } from './steps/play.ts';
import { cleanRows, guardPlayers, letDrainedMachineGo } from './steps/reaper.ts';
import { openScene, type Scene } from './steps/scene.ts';
import { register } from './steps/servers.ts';
import { upgradeAndBack } from './steps/upgrade.ts';
import { bootstrap, deploy, diff, synth } from './support/cdk.ts';
import { checkArrivals, inventory, physicalId, readTemplate } from './support/cloud.ts';
import { type Lane, ROOT, runLane } from './support/lane.ts';
import type { Machine } from './support/machine.ts';
import { choosePython, virtualEnvironment } from './support/python.ts';
import { checkAgentRights } from './support/rights.ts';

/** What it may take on two cores, with installation; the limit is for what hangs on a machine with other work. */
const GOAL_MS = 120_000;
const LIMIT_MS = 420_000;
const STACK = 'onedoor';
const { placeholders } = JSON.parse(readFileSync(join(ROOT, 'test/emulator/ministack-gaps.json'), 'utf8')) as {
  placeholders: string[];
};

const chosen = choosePython([MINISTACK]);

/** Until the stack is deployed. */
async function deployAll(lane: Lane): Promise<{ readonly scene: Scene; readonly before: readonly string[] }> {
  if (!chosen) throw new Error('there is no Python');
  const interpreter = await lane.step('MiniStack is installed', () => virtualEnvironment(chosen, 'ministack'));
  const assembly = await lane.step('the default app is built and synthesized', () => synth(lane));
  const emulator = await lane.step('MiniStack starts', () => startMiniStack(lane, interpreter));
  const { cloud } = emulator;
  await lane.step('bursts: no seat given twice, none lost', () => seatsHold(cloud));
  const toolkit = { lane, cloud, assembly };
  await lane.step('cdk bootstrap', () => bootstrap(toolkit));
  const before = await inventory(cloud);
  const { outputs } = await lane.step('cdk deploy', () => deploy(toolkit, STACK));
  const template = readTemplate(assembly, STACK);
  const count = Object.keys(template.Resources).length;
  const resources = await lane.step(`all ${count} resources of the template are there`, () =>
    checkArrivals(cloud, STACK, template, placeholders),
  );
  await lane.step('a second deployment changes nothing', async () => {
    await diff(toolkit, STACK);
    const { text } = await deploy(toolkit, STACK);
    if (!text.includes('(no changes)')) throw new Error(text);
  });
  const scene = await lane.step('machines, table and public keys are as they should be', () =>
    openScene({ lane, toolkit, emulator, resources, table: outputs['TableName'] ?? '' }),
  );
  return { scene, before };
}

async function lane(lane: Lane): Promise<void> {
  const { scene, before } = await deployAll(lane);
  await lane.step('IAM decides from here on', () => switchIam(scene.emulator, true));
  await lane.step('agents register, the registrar believes EC2', () => register(scene, scene.fleet));
  const session = await lane.step('SDK, load balancers, function, ticket, game', () => playOverHttp(scene));
  await lane.step('probe, gateway, roster, server', () => probeGateway(scene));
  const secret = physicalId(scene.resources, 'AWS::SecretsManager::Secret', /^TicketKeys/);
  const [rogue, victim] = scene.fleet as [Machine, Machine];
  await lane.step('an agent may touch its own row and nothing else', () =>
    checkAgentRights(scene.cloud, rogue, victim, { table: scene.table, secret }),
  );
  await lane.step('the reaper guards the machine with a session', () => guardPlayers(scene, session));
  await lane.step('a lost machine is buried, the session elsewhere goes on', () => loseMachine(scene, session));
  const newcomer = await lane.step('the machine that replaces it registers', async () => {
    const machine = await replacement(scene);
    await register(scene, [machine]);
    return machine;
  });
  await lane.step('the reaper buries rows of unknown machines, and forgets old ones', () =>
    cleanRows(scene, newcomer.id),
  );
  await lane.step('scale-in waits at the hook until the machine has drained', () =>
    letDrainedMachineGo(scene, newcomer.id, session),
  );
  await lane.step('a second release and back: the agent follows, its session lives', () =>
    upgradeAndBack(scene, session, STACK),
  );
  await lane.step('cdk destroy leaves the registry alone, and nothing after it', async () => {
    await session.close();
    await destroyAll(scene, STACK, before);
  });
}

await runLane({
  name: 'ministack',
  goalMs: GOAL_MS,
  limitMs: LIMIT_MS,
  whyNot: chosen ? undefined : `needs Python ${MINISTACK.pythons.join(' or ')} with venv and pip`,
  run: lane,
});
