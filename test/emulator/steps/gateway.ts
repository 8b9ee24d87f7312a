import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../support/commands.ts';
import { eventually } from '../support/lane.ts';
import { argumentOf, PROBE, startGateway } from '../support/machine.ts';
import type { Scene } from './scene.ts';

/** A classic request and one with options, by the deployed gateway's bytes and the roster that the deployed function wrote. */
export async function probeGateway({ lane, cloud, gateways, fleet }: Scene): Promise<void> {
  const [machine] = gateways;
  if (!machine) throw new Error('no machine runs a gateway');
  const gateway = await startGateway(cloud, machine, lane.workDir);
  lane.undo(() => gateway.stop());
  await eventually('the gateway to know all servers', async () => {
    if (!gateway.running()) throw new Error(readFileSync(gateway.logPath, 'utf8').slice(-2_000));
    const url = `http://${machine.address}:${argumentOf(machine, 'health-port')}/healthz`;
    const answer = await fetch(url).catch(() => undefined);
    const { openServers } = ((await answer?.json()) ?? {}) as { openServers?: number };
    return openServers === fleet.length;
  });
  const door = `${machine.address}:${argumentOf(machine, 'port')}`;
  const logPath = join(lane.workDir, 'probe.log');
  const classic = await run(['node', ...PROBE, door, '--count', '1'], { env: {}, logPath });
  if (!fleet.some(({ address }) => classic.includes(`server ${address} `))) throw new Error(classic);
  const named = await run(['node', ...PROBE, door, '--count', '1', '--app', 'world'], { env: {}, logPath });
  if (!fleet.some(({ address }) => named.includes(` at ${address}`))) throw new Error(named);
}
