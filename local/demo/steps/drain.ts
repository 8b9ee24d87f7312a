import { drainSlot, type Machine } from '../machines.ts';
import { DEMO_APP } from '../options.ts';
import { count, demand, type Say, span, tally } from '../report.ts';
import { machineOf, playersOn, type Stage, untilListed } from '../stage.ts';
import { until } from '../until.ts';
import { assignMany } from './crashes.ts';
import { classicProbes } from './probes.ts';

const STATE_MS = 10_000;
const CLASSIC_PROBES = 200;
const ASSIGNMENTS = 60;

/** One slot of a machine with two takes nobody new; the other goes on, and who is in stays. */
export async function drainServer(stage: Stage, say: Say): Promise<void> {
  const machine = machineOf(stage, 'bz1');
  const [id = '', sibling = ''] = machine.serverIds;
  const staying = playersOn(stage, id);
  const movesBefore = staying.map(({ moves }) => moves.length);
  say(`POST /drain to slot 0 of bz1: ${await drainSlot(machine, 0, stage.deps)}`);
  const fromMs = performance.now();
  await untilListed(stage, id, 'is draining', STATE_MS, ({ status }) => status === 'draining');
  await stage.api.untilGatewayKnows(STATE_MS);
  say(`GET /v1/servers has ${id} as draining, and so has the gateway, after ${span(fromMs)}`);
  const answers = await classicProbes(stage, CLASSIC_PROBES);
  say(`${CLASSIC_PROBES} classic probes: ${tally(answers)}; to ${machine.address} 0`);
  demand(!answers.includes(machine.address), `a classic probe was sent to ${id}`);
  demand(!answers.includes('0.0.0.0'), 'a classic probe got no server');
  const ids = await assignMany(stage, DEMO_APP, ASSIGNMENTS);
  say(`${ASSIGNMENTS} assignments: ${tally(ids)}; to ${id} 0`);
  demand(!ids.includes(id), `somebody was sent to ${id}`);
  demand(ids.includes(sibling), `nobody was sent to ${sibling}, which is not draining`);
  demand(
    staying.every(({ moves, serverId }, n) => serverId === id && moves.length === movesBefore[n]),
    `a client of ${id} moved`,
  );
  say(`${count(staying.length, 'client')} on ${id}: all still there`);
  await drainAgent(stage, machine, say);
}

/** SIGTERM drains the whole machine: the agent waits for the last client, then says goodbye and ends. */
async function drainAgent(stage: Stage, machine: Machine, say: Say): Promise<void> {
  const agent = stage.agents.get(machine.name);
  demand(agent !== undefined, 'there is no agent');
  agent.signal('SIGTERM');
  for (const id of machine.serverIds) {
    await untilListed(stage, id, 'is draining', STATE_MS, ({ status }) => status === 'draining');
  }
  const last = machine.serverIds.flatMap((id) => playersOn(stage, id));
  say(`SIGTERM to the agent of bz1: both slots drain; it waits for ${count(last.length, 'client')}`);
  demand(agent.isRunning(), 'the agent did not wait for its clients');
  await Promise.all(last.map((player) => player.leave()));
  const outcome = await Promise.race([agent.ended, until('the agent has ended', STATE_MS, () => !agent.isRunning())]);
  const code = outcome === true ? await agent.ended : outcome;
  say(`they have left, and the agent has ended with ${code}`);
  demand(code === 0, 'it must end with 0');
  await until(`the servers of ${machine.name} are gone from the roster`, STATE_MS, async () => {
    const listed = await stage.api.servers();
    return machine.serverIds.every((id) => !listed.some((server) => server.id === id));
  });
  say(`GET /v1/servers has ${machine.serverIds.join(' and ')} no more`);
}
