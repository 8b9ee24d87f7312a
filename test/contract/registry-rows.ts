import type { RegistryStore } from '../../core/ports.ts';
import type { BeatCommand, WriteReply } from '../../core/registry/commands.ts';
import { type Placement, rowKey, type SeatFields } from '../../core/registry/row.ts';
import { aServer } from '../support/builders.ts';

/** Says what a store does; `body` gets an empty one. */
export type Behaves = (title: string, body: (store: RegistryStore) => Promise<void>) => void;

export const KEY = rowKey('AROAEXAMPLE:i-0a', 0);
export const GEN = '00000000000000a1';
export const CREATED_MS = 1_767_225_600_000;

export const placement = (options: Parameters<typeof aServer>[0] = {}): Placement => aServer(options).server;

export function beatOf(seats: SeatFields, options: Partial<BeatCommand> = {}): BeatCommand {
  const { beat, gen, capacity, state, sessions } = seats;
  return { kind: 'beat', gen, beat, addFree: 0, hb: CREATED_MS + 5_000, sessions, capacity, state, ...options };
}

export function seatsIn(reply: WriteReply): SeatFields {
  if (!reply.row?.seats) throw new Error(`the reply has no seats: ${JSON.stringify(reply)}`);
  return reply.row.seats;
}

/** A row made by its agent, `free` seats to take, ready unless the test says otherwise. */
export async function aRow(store: RegistryStore, options: Partial<BeatCommand> & { free?: number; key?: string } = {}) {
  const { free = 3, key = KEY, ...rest } = options;
  const made = await store.write(key, { kind: 'create', gen: GEN, nowMs: CREATED_MS });
  return seatsIn(
    await store.write(key, beatOf(seatsIn(made), { addFree: free, capacity: free, state: 'ready', ...rest })),
  );
}
