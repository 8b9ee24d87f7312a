import type { RosterView } from '../registry/roster.ts';
import { type Demand, newDemand } from './demand.ts';
import { createRecent, type Recent } from './recent.ts';
import { createShare, type Share } from './share.ts';

/**
 * Servers that are asked for alike: those of one app, world and group. Whoever may have one of them may have them all, but
 * for labels, addresses and what the request avoids.
 */
export interface Cell {
  /** Indices into the view. */
  readonly members: readonly number[];
  readonly demand: Demand;
  readonly share: Share;
  readonly recent: Recent;
  /** Seats on hand by server id, the servers that have had some longest first. */
  readonly onHand: ReadonlyMap<string, number>;
  /** Sum of `onHand`. */
  readonly idle: number;
  /** Seats on hand at server `id`: more (positive) or fewer. */
  change(id: string, by: number): void;
  /** Free seats of all its servers that are open, as they were at most `FREE_EVERY_MS` ago. */
  free(view: RosterView, nowMs: number): number;
}

export interface Cells {
  /** The cell of the server at `index` of the view. */
  at(view: RosterView, index: number, nowMs: number): Cell;
}

const FREE_EVERY_MS = 1_000;

/**
 * @param halfMs what was seen of takes counts half after so long
 * @param onSort servers have come or gone: whatever is kept by server id may be tidied up
 */
export function createCells(halfMs: number, onSort: (view: RosterView) => void): Cells {
  let sorted: RosterView | undefined;
  let byName = new Map<string, Cell>();
  let byIndex: readonly Cell[] = [];

  const sort = (view: RosterView, nowMs: number): void => {
    const next = new Map<string, { readonly cell: Cell; readonly members: number[] }>();
    byIndex = view.entries.map(({ server }, index) => {
      const name = `${server.app}\n${server.world}\n${server.group}`;
      let found = next.get(name);
      if (!found) {
        const members: number[] = [];
        const before = byName.get(name) ?? newHistory(nowMs, halfMs);
        found = { cell: newCell(members, before), members };
        next.set(name, found);
      }
      found.members.push(index);
      return found.cell;
    });
    for (const { onHand } of byName.values()) {
      for (const [id, count] of onHand) {
        const index = view.indexOf.get(id);
        if (index !== undefined) byIndex[index]!.change(id, count);
      }
    }
    byName = new Map([...next].map(([name, { cell }]) => [name, cell]));
    for (const { share, recent } of byName.values()) {
      share.keep((id) => view.indexOf.has(id));
      if (sorted) recent.move(sorted, view);
    }
    sorted = view;
    onSort(view);
  };

  return {
    at(view, index, nowMs) {
      // While the servers are the same, so is the view.
      if (view !== sorted) sort(view, nowMs);
      return byIndex[index]!;
    },
  };
}

/** What outlives a list of servers. */
type History = Pick<Cell, 'demand' | 'share' | 'recent'>;

const newHistory = (nowMs: number, halfMs: number): History => ({
  demand: newDemand(nowMs),
  share: createShare(halfMs),
  recent: createRecent(),
});

function newCell(members: readonly number[], { demand, share, recent }: History): Cell {
  const onHand = new Map<string, number>();
  let idle = 0;
  let free = 0;
  let countedAtMs = Number.NEGATIVE_INFINITY;
  return {
    members,
    demand,
    share,
    recent,
    onHand,
    get idle() {
      return idle;
    },
    change(id, by) {
      const before = onHand.get(id) ?? 0;
      const after = Math.max(0, before + by);
      idle += after - before;
      if (after > 0) onHand.set(id, after);
      else onHand.delete(id);
    },
    free(view, nowMs) {
      if (nowMs - countedAtMs < FREE_EVERY_MS) return free;
      countedAtMs = nowMs;
      free = 0;
      for (const index of members) if (view.open[index] === 1) free += view.free[index]!;
      return free;
    },
  };
}
