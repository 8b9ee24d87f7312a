import { rowKey } from '../../core/registry/row.ts';
import { World } from '../outage/world.ts';

export interface StormOptions {
  readonly seed: number;
  readonly servers: number;
  /** Clients of the server that dies; each of the others has as many. */
  readonly clients: number;
}

export interface StormReport {
  readonly back: number;
  /** Sessions of the fullest server after it, by the mean of all. */
  readonly maxByMean: number;
  /** The same of the newcomers alone. */
  readonly newcomersMaxByMean: number;
  /** The most of them that came back within one slot of 100 ms, as a share. */
  readonly busiestSlot: number;
}

const SLOT_MS = 100;
const SETTLE_MS = 6_000;
const WATCH_MS = 15_000;

/**
 * One of many servers that are equally full dies, and all its clients come to the door: they came while no other server was
 * given out, so they have no alternates.
 */
export async function runStorm({ seed, servers, clients }: StormOptions): Promise<StormReport> {
  const capacity = 2 * clients;
  const world = new World({ seed, servers, capacity });
  const { time, plane, tally, players } = world;
  const restore = time.install();
  try {
    const [victim, ...others] = world.servers as [World['servers'][number], ...World['servers']];
    for (const { slot } of others) slot.hold();
    await plane.registry.writeKeys([plane.keys.publicKey]);
    await world.until(async () => (await plane.registry.list()).length === servers);
    for (const { key, placement } of world.servers) await plane.registry.place(key, placement);
    await world.until(() => plane.gateways.every(({ door }) => door.openServers() === 1));
    await world.fill(clients, 2);
    for (const { slot } of others) slot.ready();
    await world.until(() => world.isOpen());
    // Their own clients, who play on: seats that are taken and not given back meanwhile.
    for (const [n] of others.entries()) {
      const token = `there-${n}`;
      await plane.registry.write(rowKey(`AROATEST:i-${n + 1}`, 0), { kind: 'take', k: clients, token });
    }
    await time.advance(SETTLE_MS);
    const diedAtMs = time.nowMs;
    world.crash(victim);
    await time.advance(WATCH_MS);
    const back = tally.answers.filter(({ atMs }) => atMs > diedAtMs);
    const slots = Map.groupBy(back, ({ atMs }) => Math.floor(atMs / SLOT_MS));
    const newcomers = others.map(({ address }) => players.filter(({ server }) => server === address).length);
    const mean = newcomers.reduce((sum, count) => sum + count, 0) / others.length;
    return {
      back: players.filter(({ isIn, server }) => isIn && server !== victim.address).length,
      maxByMean: (clients + Math.max(...newcomers)) / (clients + mean),
      newcomersMaxByMean: Math.max(...newcomers) / mean,
      busiestSlot: Math.max(...[...slots.values()].map(({ length }) => length)) / clients,
    };
  } finally {
    restore();
  }
}
