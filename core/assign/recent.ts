import type { RosterView } from '../registry/roster.ts';

/**
 * The servers of a cell where an assigner took seats last (docs/SEATS.md, "Where the roster is behind"). Of these it has
 * rows that are newer than the roster; and since each assigner has others, those who see the same roster do not all go to
 * the servers that look emptiest in it.
 */
export interface Recent {
  /** A take won seats at the server of `index`. */
  took(index: number): void;
  /**
   * The least loaded of them, if it is less loaded than the server of `index` may be by now: its load as it is known and
   * what the cell's load has grown by since the roster came. Else `index`.
   */
  insteadOf(index: number, at: RecentAt): number;
  /** The servers stand in other places now. */
  move(from: RosterView, to: RosterView): void;
}

export interface RecentAt {
  readonly view: RosterView;
  /** The cell's servers, as indices into the view. */
  readonly members: readonly number[];
  readonly allowed: (index: number) => boolean;
  readonly nowMs: number;
}

/** Three times what one of 50 assigners has of 1,000 servers; so many numbers are looked at in a fraction of a microsecond. */
const MOST = 64;
/** A roster may come in parts: the pace is measured over no less. */
const LEAST_PACE_MS = 500;
/** Of a server's capacity: more is not guessed, however old the roster. */
const MOST_GROWTH = 0.1;

export function createRecent(): Recent {
  return new RecentServers();
}

class RecentServers implements Recent {
  /** The first `count`, the one that was taken at last at the end. */
  private readonly servers = new Int32Array(MOST);
  private count = 0;
  private view: RosterView | undefined;
  private revision = -1;
  private sinceMs = 0;
  /** What the roster said of the cell's load, and when. */
  private load = Number.NaN;
  private loadAtMs = 0;
  private pacePerMs = 0;

  took(index: number): void {
    const { servers } = this;
    let at = 0;
    while (at < this.count && servers[at] !== index) at++;
    if (at === MOST) at = 0;
    else if (at === this.count) this.count++;
    servers.copyWithin(at, at + 1, this.count);
    servers[this.count - 1] = index;
  }

  insteadOf(index: number, at: RecentAt): number {
    const { view, allowed, nowMs } = at;
    const { free, capacity, open } = view;
    if (view !== this.view || view.revision !== this.revision) this.read(at);
    const { servers, count } = this;
    const growth = Math.min(MOST_GROWTH, this.pacePerMs * (nowMs - this.sinceMs));
    let best = index;
    let most = free[index]! / capacity[index]! - growth;
    for (let n = 0; n < count; n++) {
      const server = servers[n]!;
      const share = free[server]! / capacity[server]!;
      if (share <= most || open[server] !== 1 || !allowed(server)) continue;
      best = server;
      most = share;
    }
    return best;
  }

  move(from: RosterView, to: RosterView): void {
    let kept = 0;
    for (let n = 0; n < this.count; n++) {
      const index = to.indexOf.get(from.entries[this.servers[n]!]!.server.id);
      if (index !== undefined) this.servers[kept++] = index;
    }
    this.count = kept;
  }

  /** The pace at which the load grows, by the rosters' own word: takes less what came back. */
  private read({ view, members, nowMs }: RecentAt): void {
    this.view = view;
    this.revision = view.revision;
    this.sinceMs = nowMs;
    const passedMs = nowMs - this.loadAtMs;
    if (passedMs < LEAST_PACE_MS) return;
    let [free, capacity] = [0, 0];
    for (const index of members) {
      if (view.listed[index] !== 1) continue;
      free += view.listedFree[index]!;
      capacity += view.capacity[index]!;
    }
    const load = 1 - free / capacity;
    // NaN, where nothing was known before or no server is open, is no pace.
    this.pacePerMs = Math.max(0, (load - this.load) / passedMs || 0);
    this.load = load;
    this.loadAtMs = nowMs;
  }
}
