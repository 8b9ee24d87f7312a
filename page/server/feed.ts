import type { Clock } from '../../core/ports.ts';
import type { DoorFacts, EventKind, FixedRow, PageEvent, PageInfo, Point, Step } from '../wire.ts';
import { STATUSES } from '../wire.ts';
import { ratesBetween } from './answer-rates.ts';
import type { PageRow } from './view-rows.ts';

export interface FeedDeps {
  readonly info: PageInfo;
  readonly rows: () => readonly PageRow[];
  /** Brings `rows` up to date, and gives what the door says; undefined: it does not answer. Must not reject. */
  readonly look: () => Promise<DoorFacts | undefined>;
  readonly clock: Clock;
}

/** The live picture, once for everybody who looks. */
export interface Feed {
  /** Looks at everything and tells all who watch; call it once a second. */
  tick(): Promise<void>;
  tell(kind: EventKind, text: () => string): void;
  /** Everybody gets the whole picture anew. */
  begin(info: PageInfo): void;
  /** Begins with the whole picture; gives what ends it. */
  watch(write: (text: string) => void): () => void;
}

interface Known {
  readonly number: number;
  readonly fixed: FixedRow;
  row: PageRow;
  /** When `row.beat` was first seen, by the monotonic clock, less its age then. */
  beatAtMs: number;
}

/** Ten minutes of points; the last few hundred events. */
const KEPT_POINTS = 600;
const KEPT_EVENTS = 200;
/** More in one second nobody can read. */
const EVENTS_PER_TICK = 30;

export function createFeed(deps: FeedDeps): Feed {
  return new PageFeed(deps);
}

class PageFeed implements Feed {
  readonly #deps: FeedDeps;
  readonly #watchers = new Set<(text: string) => void>();
  readonly #known = new Map<string, Known>();
  readonly #points: Point[] = [];
  readonly #events: PageEvent[] = [];
  #fresh: PageEvent[] = [];
  #unsaid = 0;
  #nextNumber = 0;
  #door: DoorFacts | undefined;
  #doorAtMs = 0;
  #isFirst = true;
  #info: PageInfo;

  constructor(deps: FeedDeps) {
    this.#deps = deps;
    this.#info = deps.info;
  }

  begin(info: PageInfo): void {
    this.#info = info;
    const text = frame(this.#picture());
    for (const write of this.#watchers) write(text);
  }

  tell(kind: EventKind, text: () => string): void {
    if (this.#fresh.length >= EVENTS_PER_TICK) {
      this.#unsaid++;
      return;
    }
    this.#fresh.push({ atMs: this.#deps.clock.wallMs(), kind, text: text() });
  }

  watch(write: (text: string) => void): () => void {
    write(frame(this.#picture()));
    this.#watchers.add(write);
    return () => this.#watchers.delete(write);
  }

  async tick(): Promise<void> {
    const { clock } = this.#deps;
    const before = this.#door;
    const beforeAtMs = this.#doorAtMs;
    this.#door = await this.#deps.look();
    this.#doorAtMs = clock.monoMs();
    const rows = this.#deps.rows();
    const moved = this.#compare(rows);
    const point: Point = {
      t: Math.round(clock.wallMs() / 1_000),
      ...totals(rows),
      ...ratesBetween(before, this.#door, this.#doorAtMs - beforeAtMs),
    };
    keep(this.#points, [point], KEPT_POINTS);
    const events = this.#fresh;
    const unsaid = this.#unsaid;
    this.#fresh = [];
    this.#unsaid = 0;
    keep(this.#events, events, KEPT_EVENTS);
    if (this.#watchers.size === 0) return;
    const step: Step = {
      atMs: clock.wallMs(),
      ...moved,
      points: [point],
      ...(events.length > 0 && { events }),
      ...(unsaid > 0 && { unsaid }),
      ...(this.#door && { door: this.#door }),
    };
    const text = frame(step);
    for (const write of this.#watchers) write(text);
  }

  /** Everything, as if it had just begun. */
  #picture(): Step {
    const all = [...this.#known.values()];
    return {
      atMs: this.#deps.clock.wallMs(),
      info: this.#info,
      added: all.map(({ fixed }) => fixed),
      changed: all.flatMap((known) => this.#numbersOf(known)),
      points: this.#points,
      events: this.#events,
      ...(this.#door && { door: this.#door }),
    };
  }

  #compare(rows: readonly PageRow[]): Pick<Step, 'added' | 'removed' | 'changed'> {
    const nowMs = this.#deps.clock.monoMs();
    const added: FixedRow[] = [];
    const removed: number[] = [];
    const changed: number[] = [];
    const gone = new Set(this.#known.keys());
    for (const row of rows) {
      gone.delete(row.id);
      let known = this.#known.get(row.id);
      if (known && !isSamePlace(known.row, row)) {
        removed.push(known.number);
        known = undefined;
      }
      if (!known) {
        known = this.#adopt(row, nowMs);
        added.push(known.fixed);
      } else if (isLike(known.row, row)) continue;
      else this.#update(known, row, nowMs);
      changed.push(...this.#numbersOf(known));
    }
    for (const id of gone) {
      removed.push(this.#known.get(id)!.number);
      this.#known.delete(id);
      this.tell('state', () => `${id} is no longer listed`);
    }
    this.#isFirst = false;
    return {
      ...(added.length > 0 && { added }),
      ...(removed.length > 0 && { removed }),
      ...(changed.length > 0 && { changed }),
    };
  }

  #adopt(row: PageRow, nowMs: number): Known {
    const { id, app, world, group, address, zone } = row;
    const number = this.#nextNumber++;
    const known = {
      number,
      fixed: [number, id, app, world, group, address, zone] as const,
      row,
      beatAtMs: nowMs - row.beatAgeMs,
    };
    if (!this.#isFirst) this.tell('state', () => `${id} is listed, ${STATUSES[row.status]}`);
    this.#known.set(id, known);
    return known;
  }

  #update(known: Known, row: PageRow, nowMs: number): void {
    if (row.status !== known.row.status) {
      const was = STATUSES[known.row.status];
      this.tell('state', () => `${row.id} is ${STATUSES[row.status]}, was ${was}`);
    }
    if (row.beat !== known.row.beat) known.beatAtMs = nowMs - row.beatAgeMs;
    known.row = row;
  }

  #numbersOf({ number, row, beatAtMs }: Known): number[] {
    const { status, sessions, capacity, free } = row;
    return [number, status, sessions, capacity, free, Math.round(this.#deps.clock.monoMs() - beatAtMs)];
  }
}

function isSamePlace(a: PageRow, b: PageRow): boolean {
  return a.address === b.address && a.app === b.app && a.world === b.world && a.group === b.group && a.zone === b.zone;
}

function isLike(a: PageRow, b: PageRow): boolean {
  return (
    a.beat === b.beat &&
    a.status === b.status &&
    a.sessions === b.sessions &&
    a.capacity === b.capacity &&
    a.free === b.free
  );
}

function totals(rows: readonly PageRow[]): Pick<Point, 'sessions' | 'capacity' | 'free'> {
  let [sessions, capacity, free] = [0, 0, 0];
  for (const row of rows) {
    sessions += row.sessions;
    capacity += row.capacity;
    if (STATUSES[row.status] === 'ready') free += row.free;
  }
  return { sessions, capacity, free };
}

function keep<T>(list: T[], more: readonly T[], most: number): void {
  list.push(...more);
  if (list.length > most) list.splice(0, list.length - most);
}

/** One event of the stream (HTML Standard, "Server-sent events"); JSON has no line break. */
function frame(step: Step): string {
  return `data: ${JSON.stringify(step)}\n\n`;
}
