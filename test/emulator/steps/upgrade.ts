import { createSocket } from 'node:dgram';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import type { Session } from '../../../client/index.ts';
import { deploy, synth } from '../support/cdk.ts';
import { run, start } from '../support/commands.ts';
import { eventually, type Lane, ROOT } from '../support/lane.ts';
import { type Machine, machineEnv, type Server } from '../support/machine.ts';
import { switchIam } from './emulator.ts';
import type { Scene } from './scene.ts';

const SECOND = '2.0.0';

const AWS_CLI = join(ROOT, 'test/emulator/support/aws-cli.ts');

/** Asks the lane, by a file, to start the agent again, and waits until it has. */
const SYSTEMCTL = 'touch "$ASK" && while [ -e "$ASK" ]; do sleep 0.05; done';

/** The bytes of another release as a folder like dist/, synthesized; gives the folder of the app. */
async function secondRelease({ lane }: Scene): Promise<string> {
  const bundles = join(lane.workDir, 'dist-2');
  const build = `import { buildBundles } from './tools/build.ts'; await buildBundles(undefined, '${bundles}', '${SECOND}');`;
  const options = { env: {}, logPath: join(lane.workDir, 'build-2.log') };
  await run(['node', '--input-type=module', '--eval', build], options);
  symlinkSync(join(ROOT, 'dist/node'), join(bundles, 'node'));
  return synth(lane, { folder: 'cdk.out-2', app: `node test/emulator/support/other-release.ts ${bundles}` });
}

/** One look of the updater of a machine of the fleet; gives what it said. */
async function update({ lane, cloud, table }: Scene, machine: Machine, server: Server): Promise<string> {
  const { folder } = server;
  const bin = join(folder, 'bin');
  const ask = join(folder, 'restart');
  mkdirSync(bin, { recursive: true });
  for (const [name, command] of [
    ['aws', `exec node ${AWS_CLI} "$@"`],
    ['systemctl', SYSTEMCTL],
  ] as const) {
    writeFileSync(join(bin, name), `#!/bin/bash\n${command}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  const logPath = join(lane.workDir, 'updater.log');
  writeFileSync(logPath, '');
  const script = `PATH="${bin}:$PATH" exec bash lib/boot/updater.sh now`;
  const updater = start(['bash', '-c', script], {
    env: {
      ...machineEnv(cloud, machine),
      ...{ ASK: ask, FOLDER: folder, PROGRAM: 'agent', TABLE: table, PERIOD: '60', PAUSE: '0.2' },
      HEALTH_URL: `${server.apiUrl}/healthz`,
    },
    logPath,
  });
  lane.undo(() => updater.stop('SIGKILL'));
  await eventually('the updater to end', async () => {
    if (existsSync(ask)) {
      await server.restartAgent();
      rmSync(ask);
    }
    return !updater.running();
  });
  return readFileSync(logPath, 'utf8');
}

/** Deploys, lets the session's machine look, and waits until its row says that release; the session must live. */
async function goTo(scene: Scene, session: Session, stack: string, assembly: string, release: RegExp): Promise<void> {
  const { toolkit, emulator, cloud, table, fleet, servers } = scene;
  const machine = fleet.find(({ address }) => address === session.server.address);
  const server = machine && servers.get(machine.id);
  if (!server) throw new Error('the session is on no machine');
  await switchIam(emulator, false);
  await deploy({ ...toolkit, assembly }, stack);
  await switchIam(emulator, true);
  const said = await update(scene, machine, server);
  if (!/^agent runs /m.test(said)) throw new Error(`the updater says: ${said}`);
  const pk = `SRV#${machine.boot.variables['ROLE_ID']}:${machine.id}#0`;
  await eventually(`the agent to be ${release} and ready, with its session`, async () => {
    const { Item } = await cloud.dynamo.send(new GetItemCommand({ TableName: table, Key: { pk: { S: pk } } }));
    const { version, state, sessions } = Item ?? {};
    return release.test(version?.S ?? '') && state?.S === 'ready' && Number(sessions?.N) >= 1;
  });
}

/** Somebody who plays on the session's server from now on; `check` rejects if the game has lost or refused them. */
async function player(lane: Lane, { server }: Session): Promise<{ check(): Promise<void> }> {
  const socket = createSocket('udp4');
  const port = server.ports['game'] ?? 0;
  const heard: string[] = [];
  let pings = 0;
  socket.on('message', (bytes) => heard.push(bytes.toString()));
  const say = (line: string): void => socket.send(line, port, server.address);
  await eventually('the game to let a player in', () => {
    if (!heard.some((line) => line.startsWith('WELCOME'))) say('JOIN upgrade');
    return heard.some((line) => line.startsWith('WELCOME'));
  });
  const timer = setInterval(() => say(`PING ${++pings}`), 250);
  lane.undo(async () => {
    clearInterval(timer);
    socket.close();
  });
  return {
    async check() {
      const from = pings;
      await eventually('the game to answer its player', () =>
        heard.some((line) => line.startsWith('PONG ') && Number(line.slice('PONG '.length)) > from),
      );
      const others = heard.filter((line) => /^(REFUSED|LEFT upgrade)/.test(line));
      if (others.length > 0) throw new Error(`the game says ${others.join(', ')}`);
    },
  };
}

/** To a second release and back, by deployments: agents follow by themselves, the session on one of them goes on. */
export async function upgradeAndBack(scene: Scene, session: Session, stack: string): Promise<void> {
  const assembly = await secondRelease(scene);
  const somebody = await player(scene.lane, session);
  await goTo(scene, session, stack, assembly, /^2\.0\.0\+/);
  await somebody.check();
  await goTo(scene, session, stack, scene.toolkit.assembly, /^(?!2\.0\.0)/);
  await somebody.check();
}
