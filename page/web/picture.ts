import {
  CHANGED_FIELDS,
  type DoorFacts,
  type FixedRow,
  type PageEvent,
  type PageInfo,
  type Point,
  STATUSES,
  type Status,
  type Step,
} from '../wire.ts';

export interface Server {
  readonly id: string;
  readonly app: string;
  readonly world: string;
  readonly group: string;
  readonly address: string;
  readonly zone: string;
  /** `app / world / group` */
  readonly pool: string;
  /** What a search looks through, in lower case. */
  readonly words: string;
  status: Status;
  sessions: number;
  capacity: number;
  free: number;
  /** When its beat came, by this page's clock. */
  beatAtMs: number;
}

/** The newest that the stream has brought. */
export interface Picture {
  readonly info: PageInfo | undefined;
  readonly door: DoorFacts | undefined;
  /** Ordered by id. */
  readonly servers: readonly Server[];
  readonly points: readonly Point[];
  readonly events: readonly PageEvent[];
  /** The server's clock at the last step, wall time in ms; undefined before it. */
  readonly atMs: number | undefined;
  /** Moves when servers come or go. */
  readonly revision: number;
  /** @param nowMs this page's monotonic clock */
  apply(step: Step, nowMs: number): void;
}

const MOST_POINTS = 600;
const MOST_EVENTS = 200;

/** Seats taken and not free again: on their way to a session, kept back, or about to expire. */
export function reservedOf({ capacity, sessions, free }: Server): number {
  return Math.max(0, capacity - sessions - free);
}

export function createPicture(): Picture {
  const byNumber = new Map<number, Server>();
  const picture = {
    info: undefined as PageInfo | undefined,
    door: undefined as DoorFacts | undefined,
    servers: [] as readonly Server[],
    points: [] as readonly Point[],
    events: [] as readonly PageEvent[],
    atMs: undefined as number | undefined,
    revision: 0,
    apply(step: Step, nowMs: number): void {
      if (step.info) {
        byNumber.clear();
        Object.assign(picture, { info: step.info, points: [], events: [] });
      }
      for (const number of step.removed ?? []) byNumber.delete(number);
      for (const fixed of step.added ?? []) byNumber.set(fixed[0], serverOf(fixed, nowMs));
      applyNumbers(byNumber, step.changed ?? [], nowMs);
      if (step.info || step.added || step.removed) {
        picture.servers = [...byNumber.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
        picture.revision++;
      }
      picture.points = [...picture.points, ...(step.points ?? [])].slice(-MOST_POINTS);
      const unsaid: PageEvent[] = step.unsaid
        ? [{ atMs: step.atMs, kind: 'other', text: `and ${step.unsaid} more in this second` }]
        : [];
      if (step.events || step.unsaid) {
        picture.events = [...picture.events, ...(step.events ?? []), ...unsaid].slice(-MOST_EVENTS);
      }
      picture.door = step.door;
      picture.atMs = step.atMs;
    },
  };
  return picture;
}

function serverOf([, id, app, world, group, address, zone]: FixedRow, nowMs: number): Server {
  return {
    ...{ id, app, world, group, address, zone },
    pool: `${app} / ${world} / ${group}`,
    words: [id, app, world, group, address, zone].join(' ').toLowerCase(),
    ...{ status: 'starting', sessions: 0, capacity: 0, free: 0, beatAtMs: nowMs },
  };
}

function applyNumbers(servers: ReadonlyMap<number, Server>, changed: readonly number[], nowMs: number): void {
  for (let at = 0; at < changed.length; at += CHANGED_FIELDS) {
    const server = servers.get(changed[at]!);
    if (!server) continue;
    server.status = STATUSES[changed[at + 1]!] ?? 'suspect';
    server.sessions = changed[at + 2]!;
    server.capacity = changed[at + 3]!;
    server.free = changed[at + 4]!;
    server.beatAtMs = nowMs - changed[at + 5]!;
  }
}
