/** A registry of servers that are ready, for benches. */
import { systemClock } from '../../adapters/system/system-clock.ts';
import type { RegistryStore } from '../../core/ports.ts';
import { createRosterWriter } from '../../core/registry/roster-pass.ts';
import { rowKey, serverId } from '../../core/registry/row.ts';

export const SERVERS = 100;
/** Enough that neither seats nor hints, at most a fifth of the free seats, come to an end. */
const CAPACITY = 1_000_000;
const GEN = '00000000000000aa';

const idOf = (n: number): string => `i-${String(n).padStart(17, '0')}`;
const keyOf = (n: number): string => rowKey(`bench:${idOf(n)}`, 0);

const BEAT_MS = 5_000;
const PASS_MS = 1_000;

/**
 * Servers that are ready, and their roster. Gives what keeps both alive until it is called: a roster that stands still for
 * 15 s is believed no more, and then every take must see a later beat.
 */
export async function fillRegistry(store: RegistryStore): Promise<() => Promise<void>> {
  const counts = { hb: 0, sessions: 0, capacity: CAPACITY, state: 'ready' } as const;
  const beat = (key: string, number: number, addFree: number) =>
    store.write(key, { kind: 'beat', gen: GEN, beat: number, addFree, ...counts });
  for (let n = 0; n < SERVERS; n++) {
    const key = keyOf(n);
    await store.write(key, { kind: 'create', gen: GEN, nowMs: 1 });
    await store.place(key, {
      id: serverId(idOf(n), 0),
      ipv4: `198.51.100.${n + 1}`,
      ports: { game: 27_015, probe: 7_000 },
      zone: 'a',
      app: 'world',
      world: 'w',
      group: 'g',
      labels: {},
      maxCapacity: CAPACITY,
    });
    await beat(key, 1, CAPACITY);
  }
  // The writer gives out nobody on hearsay: it must see a beat arrive.
  const writer = createRosterWriter({ store, clock: systemClock });
  await writer.pass();
  let number = 2;
  const beatAll = async (): Promise<void> => {
    for (let n = 0; n < SERVERS; n++) await beat(keyOf(n), number, 0);
    number++;
  };
  await beatAll();
  await writer.pass();
  let isOver = false;
  let turn = Promise.resolve();
  let timer: NodeJS.Timeout;
  const later = (): NodeJS.Timeout =>
    setTimeout(() => {
      turn = goOn();
    }, PASS_MS);
  let beatAtMs = performance.now();
  const goOn = async (): Promise<void> => {
    if (performance.now() - beatAtMs > BEAT_MS) {
      beatAtMs = performance.now();
      await beatAll();
    }
    await writer.pass();
    if (!isOver) timer = later();
  };
  timer = later();
  return () => {
    isOver = true;
    clearTimeout(timer);
    return turn;
  };
}
