/** A registry of servers that are ready, each with seats for a whole bench, and their roster. */
import { systemClock } from '../adapters/system/system-clock.ts';
import type { RegistryStore } from '../core/ports.ts';
import { createRosterWriter } from '../core/registry/roster-pass.ts';
import { rowKey, serverId } from '../core/registry/row.ts';

const CAPACITY = 1_000_000;
const GEN = '00000000000000aa';
/** Rows written at once. */
const BATCH = 32;

export async function fillReadyRegistry(store: RegistryStore, servers: number): Promise<void> {
  const counts = { hb: 0, sessions: 0, capacity: CAPACITY, state: 'ready' } as const;
  const machines = Array.from({ length: servers }, (_, n) => `i-${n.toString(16).padStart(17, '0')}`);
  const keyOf = (machine: string): string => rowKey(`AROAEXAMPLE:${machine}`, 0);
  const each = async (write: (machine: string, n: number) => Promise<void>): Promise<void> => {
    for (let n = 0; n < servers; n += BATCH) {
      await Promise.all(machines.slice(n, n + BATCH).map((machine, at) => write(machine, n + at)));
    }
  };
  const beat = async (machine: string): Promise<void> => {
    const key = keyOf(machine);
    const { beat } = (await store.get(key))!.seats!;
    await store.write(key, { kind: 'beat', gen: GEN, beat, addFree: CAPACITY / 2, ...counts });
  };
  await each(async (machine, n) => {
    const key = keyOf(machine);
    await store.write(key, { kind: 'create', gen: GEN, nowMs: systemClock.wallMs() });
    await store.place(key, {
      id: serverId(machine, 0),
      ipv4: `198.51.${n >> 8}.${n & 255}`,
      ports: { game: 27_015, probe: 7_000 },
      zone: 'eu-central-1a',
      app: 'arena',
      world: 'main',
      group: 'eu-central',
      labels: {},
      maxCapacity: CAPACITY,
    });
  });
  const writer = createRosterWriter({ store, clock: systemClock });
  // A server counts as alive once its beat was seen to move.
  for (let times = 0; times < 2; times++) {
    await each(beat);
    await writer.pass();
  }
}
