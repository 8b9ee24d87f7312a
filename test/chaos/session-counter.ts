import { createSocket } from 'node:dgram';
import { GAME_PORT } from '../../local/settings.ts';
import type { Books } from './books.ts';
import { type ChaosSystem, type Machine, TIMING } from './system.ts';

const LOOK_MS = 250;

export interface SessionCounter {
  /** By machine: what its game says of itself. */
  readonly sessions: ReadonlyMap<number, number>;
  stop(): void;
}

/** Asks every game itself, past all wires, how many play there. */
export function countSessions(system: ChaosSystem, books: Books): SessionCounter {
  const sessions = new Map<number, number>();
  const byAddress = new Map<string, Machine>(system.machines.map((machine) => [machine.inside, machine]));
  const socket = createSocket('udp4');
  socket.on('error', () => {});
  socket.on('message', (bytes, from) => {
    const machine = byAddress.get(from.address);
    if (!machine) return;
    const { sessions: count } = JSON.parse(bytes.toString()) as { sessions: number };
    sessions.set(machine.index, count);
    const { index, capacity } = machine;
    books.hold('oversold', count <= capacity, () => `machine ${index}: ${count} sessions on ${capacity} seats`);
  });
  const timer = setInterval(() => {
    for (const { inside } of system.machines) socket.send('INFO', GAME_PORT, inside, () => {});
  }, LOOK_MS);
  const rows = setInterval(() => {
    const looked = system.store.list().then((all) => {
      for (const { seats, key } of all) {
        const isGood = !seats || (seats.free >= 0 && seats.free <= seats.capacity);
        books.hold('oversold', isGood, () => `${key}: ${seats?.free} free of ${seats?.capacity}`);
      }
    });
    // A machine that is too busy to answer says nothing about seats.
    looked.catch(() => {});
  }, TIMING.beatMs);
  return {
    sessions,
    stop: () => {
      clearInterval(timer);
      clearInterval(rows);
      socket.close();
    },
  };
}
