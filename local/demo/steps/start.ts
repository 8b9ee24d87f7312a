import { rosterTable } from '../api.ts';
import { type Say, span, tally } from '../report.ts';
import { type Stage, startAgentOf, startGameOf } from '../stage.ts';
import { until } from '../until.ts';

const READY_MS = 30_000;

/** Starts every game and every agent, and waits until the door may give all of them out. */
export async function startServers(stage: Stage, say: Say): Promise<void> {
  const { machines, api } = stage;
  const fromMs = performance.now();
  for (const machine of machines) {
    for (const slot of machine.gamePorts.keys()) startGameOf(stage, machine, slot);
    startAgentOf(stage, machine);
  }
  const ids = machines.flatMap(({ serverIds }) => serverIds);
  const apps = machines.flatMap(({ app, gamePorts }) => gamePorts.map(() => app));
  say(`started ${ids.length} servers (${tally(apps)}) and ${machines.length} agents; bz1 has two slots`);
  let states: readonly string[] = [];
  await until(
    'all servers are ready',
    READY_MS,
    async () => {
      const servers = await api.servers();
      states = servers.map(({ id, status }) => `${id} is ${status}`);
      return servers.filter(({ status, free }) => status === 'ready' && free > 0).length === ids.length;
    },
    () => states.join(', '),
  );
  await api.untilGatewayKnows(READY_MS);
  say(`all are ready after ${span(fromMs)}; GET /v1/servers:\n${rosterTable(await api.servers())}`);
}
