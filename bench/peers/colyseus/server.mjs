// Colyseus' matchmaker over HTTP for bench/assign-peer.ts: ROOMS rooms that never fill, of which a request joins one.
// With SORT=1 the one with the fewest clients, else the first one found. Tells its parent the port, and after each message
// the CPU time that it has used.
import { LocalDriver, LocalPresence, matchMaker, Room, Server } from '@colyseus/core';
import { WebSocketTransport } from '@colyseus/ws-transport';

const { ROOMS, SORT, SEAT_SECONDS, PORT } = process.env;

class Arena extends Room {
  onCreate() {
    this.maxClients = 1e9;
    this.autoDispose = false;
    // Seats that nobody takes: kept for as short as possible, so that they cost the peer as little as possible.
    this.seatReservationTimeout = Number(SEAT_SECONDS);
  }
  onJoin() {}
}

const server = new Server({
  transport: new WebSocketTransport(),
  greet: false,
  gracefullyShutdown: false,
  presence: new LocalPresence(),
  driver: new LocalDriver(),
});
const arena = server.define('arena', Arena);
if (SORT) arena.sortBy({ clients: 1 });
await server.listen(Number(PORT), '127.0.0.1');
for (let n = 0; n < Number(ROOMS); n++) await matchMaker.createRoom('arena', {});
process.on('message', () => process.send(process.cpuUsage()));
process.send({ port: Number(PORT) });
