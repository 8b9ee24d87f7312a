import { setTimeout as delay } from 'node:timers/promises';
import type { Child } from '../children.ts';
import { type Move, Player } from '../player.ts';
import { count, demand, type Say, span, tally } from '../report.ts';
import { machineOf, playersOn, type Stage, startAgentOf, startGameOf, untilListed } from '../stage.ts';
import { until } from '../until.ts';

/** Fresh answers of a game (2 s), a keepalive interval (2 s) and its timeout (1.4 s), and room for a busy machine. */
const LOST_MS = 10_000;
const BACK_MS = 15_000;
/** Longer than a beat may be late (6 s): four keepalive intervals. */
const WATCH_MS = 8_000;
const ASSIGNMENTS = 20;

/** What was killed is gone, at once and without a word. */
async function killNow(...children: readonly (Child | undefined)[]): Promise<number> {
  const atMs = performance.now();
  for (const child of children) child?.signal('SIGKILL');
  await Promise.all(children.map((child) => child?.ended));
  return atMs;
}

/** Asks for seats; where they were. */
export async function assignMany({ api }: Stage, app: string, times: number): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let n = 0; n < times; n++) ids.push(await api.assign(app, `asks-${n}`));
  return ids;
}

/** New clients while a server cannot be given out: none there. */
async function nobodyIsSentTo(stage: Stage, app: string, serverId: string, say: Say): Promise<void> {
  const ids = await assignMany(stage, app, ASSIGNMENTS);
  say(`${ASSIGNMENTS} new clients: ${tally(ids)}; to ${serverId} 0`);
  demand(!ids.includes(serverId), `somebody was sent to ${serverId}`);
}

/** Waits until these have left a server and are on others, and tells how long it took. */
async function untilMoved(players: readonly Player[], from: string, sinceMs: number, say: Say): Promise<void> {
  const moveOf = ({ moves }: Player): Move | undefined => moves.find((move) => move.from === from);
  await until(
    `${players.length} clients have left ${from} and are on other servers`,
    LOST_MS,
    () => players.every((player) => moveOf(player)?.joinedAtMs !== undefined),
    () => players.map((player) => player.trouble ?? moveOf(player)?.to ?? player.serverId).join(', '),
  );
  for (const player of players) {
    const move = moveOf(player)!;
    say(
      `${player.name}: told after ${span(sinceMs, move.lostAtMs)}, on ${move.to} after ${span(sinceMs, move.joinedAtMs)}`,
    );
    demand(move.to !== from, 'that is the server that was lost');
  }
}

function demandNobodyMoved(players: readonly Player[], say: Say): void {
  const moved = players.filter(({ moves }) => moves.length > 0);
  demand(moved.length === 0, `${moved.map(({ name }) => name).join(', ')} moved without a reason`);
  say(`${count(players.length, 'other client')}: none was told anything`);
}

/** An agent is silent for a dead game, so its clients leave. */
export async function killGame(stage: Stage, say: Say): Promise<void> {
  const machine = machineOf(stage, 'bz2');
  const [id = ''] = machine.serverIds;
  const victims = playersOn(stage, id);
  const others = stage.players.filter((player) => !victims.includes(player));
  const agent = stage.agents.get(machine.name);
  const before = await stage.api.servers();
  const killedMs = await killNow(stage.games.get(id));
  say(`killed bzfs of ${id} with ${count(victims.length, 'client')}; its agent lives: ${agent?.isRunning()}`);
  await untilMoved(victims, id, killedMs, say);
  demandNobodyMoved(others, say);
  const { status } = await untilListed(stage, id, 'is not ready', BACK_MS, (server) => server.status !== 'ready');
  say(`GET /v1/servers has ${id} as ${status}`);
  await nobodyIsSentTo(stage, machine.app, id, say);
  for (const serverId of new Set(victims.map((victim) => victim.serverId))) {
    const was = before.find((server) => server.id === serverId)?.sessions ?? 0;
    const came = victims.filter((victim) => victim.serverId === serverId).length;
    const rose = await untilListed(
      stage,
      serverId,
      `has ${came} more`,
      BACK_MS,
      ({ sessions }) => sessions >= was + came,
    );
    say(`load of ${serverId}: ${was} before, ${rose.sessions} now`);
  }
  demand(agent?.isRunning() === true, 'the agent did not survive its game');
  startGameOf(stage, machine, 0);
  const fromMs = performance.now();
  await untilListed(stage, id, 'is ready again', BACK_MS, (server) => server.status === 'ready');
  say(`started bzfs again: the same agent has ${id} ready after ${span(fromMs)}`);
}

/** Game traffic is proof of life: whoever gets it stays, whatever happens to the agent. */
export async function killAgent(stage: Stage, say: Say): Promise<void> {
  const machine = machineOf(stage, 'tw1');
  const [id = ''] = machine.serverIds;
  const playing = playersOn(stage, id);
  const idle = await idleSession(stage, machine.app, id);
  const heardBefore = playing.map(({ heard }) => heard);
  const { sessions } = await untilListed(stage, id, 'is listed', BACK_MS, () => true);
  const killedMs = await killNow(stage.agents.get(machine.name));
  say(
    `killed the agent of ${id}; on it ${count(playing.length, 'client')} with game traffic and 1 session without any`,
  );
  const loss = await until('the session without game traffic gives the server up', LOST_MS, () => idle.moves[0]);
  say(
    `the session without game traffic gave it up after ${span(killedMs, loss.lostAtMs)}: the agent was all it heard of`,
  );
  await idle.leave();
  const { status } = await untilListed(stage, id, 'is not ready', BACK_MS, (server) => server.status !== 'ready');
  say(`GET /v1/servers has ${id} as ${status} after ${span(killedMs)}: its beat is late`);
  await nobodyIsSentTo(stage, machine.app, id, say);
  await delay(Math.max(0, WATCH_MS - (performance.now() - killedMs)));
  const heard = playing.map((player, n) => player.heard - heardBefore[n]!);
  say(`${span(killedMs)} after the kill the clients with game traffic have heard ${heard.join(' and ')} datagrams`);
  demand(
    heard.every((n) => n >= WATCH_MS / 1_000),
    'that is less than one a second',
  );
  for (const { name, moves } of playing) {
    for (const { lostAtMs, to } of moves) say(`${name} gave it up after ${span(killedMs, lostAtMs)} and went to ${to}`);
  }
  demand(
    playing.every(({ moves }) => moves.length === 0),
    'a client that got game traffic moved',
  );
  say(`all ${playing.length} are still on ${id}; none was told anything`);
  startAgentOf(stage, machine);
  const fromMs = performance.now();
  const back = await untilListed(stage, id, 'is ready again', BACK_MS, (server) => server.status === 'ready');
  say(`started the agent again: ready after ${span(fromMs)} with ${back.sessions} sessions by its journal`);
  demand(back.sessions === sessions, `there were ${sessions} before`);
  demand(
    playing.every(({ moves }) => moves.length === 0),
    'a client moved when the agent came back',
  );
}

/** A session of the SDK on this very server, with no game beside it. */
async function idleSession({ names }: Stage, app: string, serverId: string): Promise<Player> {
  const elsewhere: Player[] = [];
  try {
    return await until(`a session on ${serverId}`, LOST_MS, async () => {
      const player = await Player.arrive(`idle-${elsewhere.length + 1}`, app, names);
      if (player.serverId === serverId) return player;
      elsewhere.push(player);
      return undefined;
    });
  } finally {
    await Promise.all(elsewhere.map((player) => player.leave()));
  }
}

/** The whole machine: its clients are on another one within seconds. */
export async function killBoth(stage: Stage, say: Say): Promise<void> {
  const machine = machineOf(stage, 'tw1');
  const [id = ''] = machine.serverIds;
  const victims = playersOn(stage, id);
  const others = stage.players.filter(({ moves, serverId }) => moves.length === 0 && serverId !== id);
  const [other = ''] = machineOf(stage, 'tw2').serverIds;
  const before = await untilListed(stage, other, 'is listed', BACK_MS, () => true);
  const killedMs = await killNow(stage.agents.get(machine.name), stage.games.get(id));
  say(`killed agent and game of ${id} with ${count(victims.length, 'client')}`);
  await untilMoved(victims, id, killedMs, say);
  demandNobodyMoved(others, say);
  const wanted = before.sessions + victims.length;
  await untilListed(stage, other, `has ${wanted} sessions`, BACK_MS, ({ sessions }) => sessions === wanted);
  say(`load of ${other}: ${before.sessions} before, ${wanted} now`);
}
