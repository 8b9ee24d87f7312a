import { describe, expect, it, onTestFinished } from 'vitest';
import { enterRoom, orderFor, type Room } from '../../examples/voice/room.ts';
import { startVoicePool } from '../../examples/voice/run.ts';
import { ownPlace } from '../support/local-program.ts';
import { until } from '../support/program.ts';
import { joinMurmurd, missing } from './game-servers.ts';

const MURMURD = '/usr/sbin/murmurd';
const WAIT_MS = 40_000;

/** A room that begins on the server with this id. */
const roomOn = (id: string, ids: readonly string[]): string =>
  ['lounge', 'attic', 'cellar', 'kitchen', 'garden', 'roof', 'hall', 'shed'].find(
    (room) =>
      orderFor(
        room,
        ids.map((each) => ({ id: each, status: 'ready' as const })),
      )[0] === id,
  )!;

describe.skipIf(missing('murmurd') !== undefined)('the voice pool', () => {
  it('has everybody of a room on one server, and takes the room to the same other one when that dies', async () => {
    const { flags } = await ownPlace();
    const pool = await startVoicePool(flags, MURMURD);
    onTestFinished(() => pool.stop());
    const { door, api } = pool.deployment;
    const [first, second] = pool.servers as [(typeof pool.servers)[0], (typeof pool.servers)[0]];
    const ids = [first.id, second.id];
    const moves: string[] = [];
    const enter = async (room: string, name: string): Promise<Room> => {
      const entered = await enterRoom(door, room, name, (url) => moves.push(url), api);
      onTestFinished(() => entered.leave());
      return entered;
    };
    const [here, there] = [roomOn(first.id, ids), roomOn(second.id, ids)];
    const doomed = [await enter(here, 'ann'), await enter(here, 'bob'), await enter(here, 'cid')];
    const others = [await enter(there, 'dan'), await enter(there, 'eve')];
    expect(doomed.map((room) => room.server())).toEqual([first.id, first.id, first.id]);
    expect(others.map((room) => room.server())).toEqual([second.id, second.id]);

    // The address is that of a real Mumble server.
    const { hostname, port, username, pathname } = new URL(others[0]!.url());
    expect({ hostname, username, pathname }).toEqual({
      hostname: second.address,
      username: 'dan',
      pathname: `/${there}`,
    });
    await joinMurmurd('dan', { address: hostname, port: Number(port), kill: async () => {} });

    first.kill();
    await until('the room is elsewhere', () => doomed.every((room) => room.server() === second.id), WAIT_MS);
    expect(moves.every((url) => url.includes(`@${second.address}:`) && url.endsWith(`/${here}`))).toBe(true);
    expect(others.map((room) => room.server())).toEqual([second.id, second.id]);
  });
});
