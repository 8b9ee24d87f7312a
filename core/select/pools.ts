import { type Refusal, refuse } from '../errors.ts';
import { oncePer } from '../once-per.ts';
import type { Pool, RosterView } from '../registry/roster.ts';

/** The pools of one view. The same request gives the same Pool object, so that policies can keep what they prepared. */
export interface Pools {
  readonly view: RosterView;
  /**
   * The servers of an app, or of one world or group of it, open or not. A group that has none is an empty pool: a group
   * is a preference, never an error.
   */
  pool(app: string, world?: string, group?: string): { readonly ok: true; readonly pool: Pool } | Refusal;
}

interface Found {
  readonly ok: true;
  readonly pool: Pool;
}

/** Servers by group and world: made for an app when the first request names one. */
interface Parts {
  readonly worlds: ReadonlyMap<string, Found>;
  readonly groups: ReadonlyMap<string, Found>;
  readonly groupsOfWorld: ReadonlyMap<string, ReadonlyMap<string, Found>>;
}

/** The pools of a view, made once: later calls with the same view give the same object. */
export const createPools = oncePer((view: RosterView): Pools => {
  const found = (members: readonly number[]): Found => ({
    ok: true,
    pool: { view, members: Int32Array.from(members) },
  });
  const everyServer = view.entries.map((_, index) => index);
  const apps = poolsBy(everyServer, (index) => view.entries[index]!.server.app, found);
  const partsOfApp = new Map<string, Parts>();
  const empty = found([]);

  const partsOf = (app: string, { pool }: Found): Parts => {
    let parts = partsOfApp.get(app);
    if (parts === undefined) {
      const members = [...pool.members];
      const world = (index: number) => view.entries[index]!.server.world;
      const group = (index: number) => view.entries[index]!.server.group;
      parts = {
        worlds: poolsBy(members, world, found),
        groups: poolsBy(members, group, found),
        groupsOfWorld: poolsBy(members, world, (inWorld) => poolsBy(inWorld, group, found)),
      };
      partsOfApp.set(app, parts);
    }
    return parts;
  };

  return {
    view,
    pool(app, world, group) {
      const whole = apps.get(app);
      if (whole === undefined) return refuse('assign.unknown-app');
      if (world === undefined && group === undefined) return whole;
      const parts = partsOf(app, whole);
      if (world === undefined) return parts.groups.get(group!) ?? empty;
      const inWorld = parts.worlds.get(world);
      if (inWorld === undefined) return refuse('assign.unknown-world');
      return group === undefined ? inWorld : (parts.groupsOfWorld.get(world)!.get(group) ?? empty);
    },
  };
});

/** Members by name, each list in the order of `members` and so of server ids. */
function poolsBy<T>(
  members: readonly number[],
  nameOf: (index: number) => string,
  finish: (members: readonly number[]) => T,
): ReadonlyMap<string, T> {
  const lists = new Map<string, number[]>();
  for (const index of members) {
    const name = nameOf(index);
    const list = lists.get(name);
    if (list === undefined) lists.set(name, [index]);
    else list.push(index);
  }
  return new Map([...lists].map(([name, list]) => [name, finish(list)]));
}
