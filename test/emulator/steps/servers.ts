import { parseRowKey } from '../../../core/registry/row.ts';
import { freePorts } from '../../support/free-ports.ts';
import { eventually } from '../support/lane.ts';
import { type Machine, startServer } from '../support/machine.ts';
import type { Scene } from './scene.ts';

/** Starts the agent and the game of each machine; resolves when the deployed registrar has found each where EC2 says that it is. */
export async function register({ lane, cloud, store, servers }: Scene, newcomers: readonly Machine[]): Promise<void> {
  const apiPort = await freePorts(newcomers.length);
  for (const [number, machine] of newcomers.entries()) {
    const server = await startServer(cloud, machine, { workDir: lane.workDir, apiPort: apiPort + number });
    servers.set(machine.id, server);
    lane.undo(() => server.stop('SIGKILL'));
  }
  await eventually('all rows verified with the addresses of their machines, and ready', async () => {
    const rows = await store.list();
    return newcomers.every(({ id, address, tags }) => {
      const row = rows.find(({ key }) => parseRowKey(key)?.machine === id);
      const { ipv4, app, world, group, ports } = row?.placement ?? {};
      const isPlaced = ipv4 === address && app === tags['onedoor:app'] && world === tags['onedoor:world'];
      const isComplete = group === tags['onedoor:group'] && ports?.['game'] === Number(tags['onedoor:port:game']);
      return isPlaced && isComplete && row?.seats?.state === 'ready';
    });
  });
}

/** States of the rows of a machine. */
export async function rowStates({ store }: Scene, machine: string): Promise<(string | undefined)[]> {
  return (await store.list(machine)).map(({ seats }) => seats?.state);
}

/** Waits until the registrar has buried the machine's rows. */
export async function awaitBurial(scene: Scene, machine: string): Promise<void> {
  await eventually('the rows of the machine to be buried', async () => {
    const states = await rowStates(scene, machine);
    return states.length > 0 && states.every((state) => state === 'gone');
  });
}
