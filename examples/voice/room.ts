/**
 * Enters a room of the voice pool: prints the address that a Mumble client opens, and the next one when that server is
 * lost. Everybody of a room comes to the same server, whoever asks first, and goes to the same next one.
 *
 *   node examples/voice/room.ts 127.0.0.1:7000 lounge ann
 */
import { createHash } from 'node:crypto';
import { connect, type RosterServer } from '../../client/index.ts';

export interface Room {
  /** Id of the server where the room is. */
  server(): string;
  /** `mumble://…`: what a Mumble client opens. */
  url(): string;
  leave(): Promise<void>;
}

/**
 * The servers in the order of this room: rendezvous hashing (Thaler and Ravishankar 1998). All clients compute the same,
 * and when a server dies its rooms spread over all others, while no other room moves. Who finds the first one full is
 * alone on the second: give a voice server more room than a room has people.
 */
export function orderFor(room: string, servers: readonly Pick<RosterServer, 'id' | 'status'>[]): readonly string[] {
  const rank = (id: string): string => createHash('sha256').update(`${room}\n${id}`).digest('hex');
  const ready = servers.filter(({ status }) => status === 'ready').map(({ id }) => id);
  return ready.sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
}

/** @param onMove gets the new address when the room goes on elsewhere */
export async function enterRoom(
  door: string,
  room: string,
  name: string,
  onMove: (url: string) => void,
  http?: string,
): Promise<Room> {
  const choose = (servers: readonly RosterServer[]): readonly string[] => orderFor(room, servers);
  const session = await connect({ door, app: 'mumble', client: name, choose, ...(http !== undefined && { http }) });
  const url = (): string => {
    const { address, ports } = session.server;
    return `mumble://${encodeURIComponent(name)}@${address}:${ports['game']}/${encodeURIComponent(room)}`;
  };
  session.on('reassigned', () => onMove(url()));
  return { server: () => session.server.id, url, leave: () => session.close() };
}

if (import.meta.main) {
  const [door = '127.0.0.1', room = 'lounge', name = 'ann'] = process.argv.slice(2);
  console.log((await enterRoom(door, room, name, (url) => console.log(`moved: ${url}`))).url());
}
