import { decodePacket } from '../../core/wire/decode.ts';
import { encodeRequest } from '../../core/wire/encode-request.ts';
import { seededRng } from '../support/seeded-rng.ts';
import type { Part } from './control-plane.ts';
import type { Tally } from './tally.ts';
import { World } from './world.ts';

export interface DrainOptions {
  readonly seed: number;
  readonly servers: number;
  /** Assignments a second, by all doors together. */
  readonly perSecond: number;
  /** Those who really play, on every server alike. */
  readonly players: number;
  /** How long they may go on after the server began to drain. */
  readonly deadlineMs: number;
  /** What is away meanwhile: without functions no roster tells the gateways that the server drains. */
  readonly away?: readonly Part[];
  /** A fault to see that it is found: acknowledged as soon as the row says that it drains. */
  readonly plant?: 'no-hold';
}

export interface DrainReport {
  readonly tally: Tally;
  readonly assigned: number;
  /** Assignments that named the server that drains, after it was asked to, and after that was acknowledged. */
  readonly afterAsked: number;
  readonly afterAcknowledged: number;
  /** From the call: until the row said it, until the last assignment, until it was acknowledged. */
  readonly writtenMs: number;
  readonly lastMs: number;
  readonly acknowledgedMs: number;
  /** Who played there when it began, and how many of them had moved by themselves before the deadline. */
  readonly there: number;
  readonly moved: number;
  /** Who plays nowhere at the end. */
  readonly left: readonly string[];
}

const WARM_MS = 6_000;
const AFTER_MS = 6_000;
const TURN_MS = 10;
const LATELY = 100;
/** A seat that nobody shows is away for T + 2 beats at most. */
const AWAY_SECONDS = 52;

/** One server drains while the doors give out seats as fast as they can, and people play on it. */
export async function runDrain(options: DrainOptions): Promise<DrainReport> {
  const { seed, servers, perSecond, players, deadlineMs, away = [], plant } = options;
  const capacity = Math.min(60_000, Math.ceil((2 * perSecond * AWAY_SECONDS + 4 * players) / servers));
  const world = new World({ seed, servers, capacity, drainMs: deadlineMs });
  const restore = world.time.install();
  try {
    await world.ready();
    await world.fill(players);
    const load = createLoad(world, perSecond, seed);
    await world.time.advance(WARM_MS);
    // Doors hold seats of few servers at a time: one of those is the hardest.
    const server = busiest(world, load.answers.slice(-LATELY));
    const there = world.players.filter((player) => player.server === server.address);
    const { time } = world;
    world.plane.takeAway(away);
    const askedAtMs = time.nowMs;
    server.slot.drain();
    const stage = () => server.slot.health().facts['drain'];
    const untilStage = async (...stages: string[]): Promise<number> => {
      while (!stages.includes(String(stage()))) await time.advance(TURN_MS);
      return time.nowMs;
    };
    const writtenAtMs = await untilStage('written', 'acknowledged');
    const acknowledgedAtMs = plant === 'no-hold' ? writtenAtMs : await untilStage('acknowledged');
    await time.advance(AFTER_MS);
    load.stop();
    while (time.nowMs < askedAtMs + deadlineMs - 1_000) await time.advance(1_000);
    const named = load.answers.filter(({ server: id, atMs }) => id === server.placement.id && atMs > askedAtMs);
    return {
      tally: world.tally,
      assigned: load.answers.length,
      afterAsked: named.length,
      afterAcknowledged: named.filter(({ atMs }) => atMs > acknowledgedAtMs).length,
      writtenMs: writtenAtMs - askedAtMs,
      lastMs: Math.max(0, ...named.map(({ atMs }) => atMs - askedAtMs)),
      acknowledgedMs: acknowledgedAtMs - askedAtMs,
      there: there.length,
      moved: there.filter((player) => player.isIn && player.server !== server.address).length,
      left: world.players.filter(({ isIn }) => !isIn).map(({ name }) => `${name} does not play`),
    };
  } finally {
    restore();
  }
}

function busiest({ servers }: World, answers: readonly { readonly server: string }[]): World['servers'][number] {
  const named = ({ placement }: World['servers'][number]): number =>
    answers.filter(({ server }) => server === placement.id).length;
  return servers.reduce((best, server) => (named(server) > named(best) ? server : best));
}

/** Clients who ask and never come: what counts is what the doors say. Three of four ask a gateway, the others HTTP. */
function createLoad(world: World, perSecond: number, seed: number) {
  const { time, plane, config } = world;
  const rng = seededRng(seed + 77);
  const answers: { readonly atMs: number; readonly server: string }[] = [];
  let stopped = false;
  let asked = 0;
  const source = { address: '10.200.0.1', port: 40_000, protocol: 6 } as const;
  const overPackets = async (client: string): Promise<string | undefined> => {
    const request = encodeRequest(
      { address: ANY_IPV4, nonce: rng.bytes(8), client: new TextEncoder().encode(client) },
      { type: config.packetType },
    );
    const bytes = await plane.gateways[asked % plane.gateways.length]!.door.handle(request, source);
    const decoded = bytes && decodePacket(bytes, { expect: 'response', type: config.packetType });
    if (!decoded?.ok || decoded.packet.kind !== 'extended' || decoded.packet.role !== 'response') return undefined;
    return decoded.packet.ticket === undefined ? undefined : decoded.packet.server;
  };
  const overHttp = async (client: string): Promise<string | undefined> => {
    const reply = await plane.api()?.({
      method: 'POST',
      path: '/v1/assignments',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ client }),
      sourceAddress: source.address,
    });
    if (reply?.status !== 201) return undefined;
    return (JSON.parse(String(reply.body)) as { server: { id: string } }).server.id;
  };
  const turn = (): void => {
    if (stopped) return;
    time.after(1_000 / perSecond, turn);
    asked++;
    const ask = asked % 4 === 0 ? overHttp : overPackets;
    void ask(`load-${asked}`).then((server) => server !== undefined && answers.push({ atMs: time.nowMs, server }));
  };
  turn();
  return {
    answers,
    stop: () => {
      stopped = true;
    },
  };
}

const ANY_IPV4 = new Uint8Array([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0]);
