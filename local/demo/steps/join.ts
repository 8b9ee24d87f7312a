import { rosterTable } from '../api.ts';
import { createBzadminJoin } from '../clients/bzadmin.ts';
import type { Join } from '../clients/game-link.ts';
import { joinMumble } from '../clients/mumble.ts';
import { joinTeeworlds } from '../clients/teeworlds.ts';
import type { App } from '../machines.ts';
import { Player } from '../player.ts';
import { count, demand, type Say, span, tally } from '../report.ts';
import { playersOn, type Stage } from '../stage.ts';
import { until } from '../until.ts';

/** Enough that every server has so many, whatever the policy draws. */
interface Party {
  readonly app: App;
  readonly client: string;
  readonly onEach: number;
  readonly atMost: number;
}

const PARTIES: readonly Party[] = [
  { app: 'bzflag', client: 'bzadmin', onEach: 1, atMost: 30 },
  { app: 'teeworlds', client: 'a minimal Teeworlds client', onEach: 2, atMost: 12 },
  { app: 'mumble', client: 'a minimal Mumble client', onEach: 3, atMost: 3 },
];
const RISE_MS = 10_000;

/** Real clients ask the door, join where it says, and the registry counts them there. */
export async function joinRealClients(stage: Stage, say: Say): Promise<void> {
  const joins: Readonly<Record<App, Join>> = {
    bzflag: createBzadminJoin(stage.tools.bzadmin, stage.children),
    teeworlds: joinTeeworlds,
    mumble: joinMumble,
  };
  for (const party of PARTIES) await arrive(stage, party, joins[party.app], say);
  const fromMs = performance.now();
  const expected = new Map(
    stage.machines.flatMap(({ serverIds }) => serverIds).map((id) => [id, playersOn(stage, id).length]),
  );
  await until(
    'the registry counts them all',
    RISE_MS,
    async () => (await stage.api.servers()).every(({ id, sessions }) => sessions === expected.get(id)),
    () => `expected ${[...expected].map(([id, n]) => `${id} ${n}`).join(', ')}`,
  );
  say(
    `the agents have counted exactly these, ${span(fromMs)} later; GET /v1/servers:\n${rosterTable(await stage.api.servers())}`,
  );
}

async function arrive(stage: Stage, { app, client, onEach, atMost }: Party, join: Join, say: Say): Promise<void> {
  const ids = stage.machines.filter((machine) => machine.app === app).flatMap(({ serverIds }) => serverIds);
  const mine: Player[] = [];
  while (mine.length < atMost && ids.some((id) => playersOn(stage, id).length < onEach)) {
    const player = await Player.arrive(`${app}-${mine.length + 1}`, app, stage.names, join);
    stage.players.push(player);
    mine.push(player);
  }
  say(`${count(mine.length, `${app} client`)} joined with ${client}: ${tally(mine.map(({ serverId }) => serverId))}`);
  demand(
    ids.every((id) => playersOn(stage, id).length >= onEach),
    `not every server of ${app} got ${onEach}`,
  );
}
