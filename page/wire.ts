/**
 * What the page's server and the page say to each other. One kind of message goes over the stream: a step. The first one
 * of a connection has `info` and brings everything; the others bring what has changed.
 */

/** How a server stands, by its place here: `suspect` is also one that is ready and whose beat is late. */
export const STATUSES = ['starting', 'ready', 'draining', 'gone', 'suspect'] as const;
export type Status = (typeof STATUSES)[number];
export const READY_STATUS = 1;

/** What does not change while a server is there: number in this stream, id, app, world, group, address and zone. */
export type FixedRow = readonly [number, string, string, string, string, string, string];

/** Length of one server's part of `Step.changed`: number, status, sessions, capacity, free, age of the beat in ms. */
export const CHANGED_FIELDS = 6;

/** One second of the door and of all servers. */
export interface Point {
  /** Wall time in s. */
  readonly t: number;
  readonly sessions: number;
  readonly capacity: number;
  readonly free: number;
  /** Answers per second that gave a server; null while the door does not say. */
  readonly answers: number | null;
  /** Time from packet to answer in ms; null where there was none. */
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  /** Refusals and drops per second, by reason. */
  readonly lost: Readonly<Record<string, number>>;
}

/** Something that happened. `text` is for people, and names clients and servers. */
export interface PageEvent {
  readonly atMs: number;
  readonly kind: EventKind;
  readonly text: string;
}

export type EventKind = 'assigned' | 'lost' | 'reassigned' | 'left' | 'refused' | 'state' | 'asked' | 'other';

/** What the door says of itself on its health port, as far as the page shows it. */
export interface DoorFacts {
  readonly status: string;
  readonly reason?: string;
  readonly version?: string;
  readonly rosterVersion?: number;
  readonly rosterAgeMs?: number | null;
  readonly rosterDegraded?: boolean;
  readonly servers?: number;
  readonly openServers?: number;
  readonly liveDoors?: readonly string[];
  readonly unreadableItems?: number;
  readonly probing?: {
    readonly watched: number;
    readonly probers: number;
    readonly suspects: readonly string[];
    readonly degraded: boolean;
  };
  readonly counters?: Readonly<Record<string, number>>;
  /** Packets answered since the start by the time that it took: pairs of upper bound in µs and count. */
  readonly answerTimes?: readonly (readonly [number, number])[];
}

/** What stays as it is while the page's server runs. */
export interface PageInfo {
  /** Of the page's files: one that was loaded from others loads itself anew. */
  readonly build: string;
  /** What is looked at: `local system`, or the gateway's name. */
  readonly title: string;
  readonly policy: string;
  /** Beats older than this make a server suspect. */
  readonly freshMs: number;
  readonly mayCrash: boolean;
}

export interface Step {
  /** Wall time of the server in ms. */
  readonly atMs: number;
  /** The picture begins anew: forget everything. */
  readonly info?: PageInfo;
  readonly added?: readonly FixedRow[];
  /** Numbers of servers that are no more. */
  readonly removed?: readonly number[];
  /** Flat: `CHANGED_FIELDS` numbers a server. */
  readonly changed?: readonly number[];
  readonly points?: readonly Point[];
  readonly events?: readonly PageEvent[];
  /** Events that were left out since they were too many. */
  readonly unsaid?: number;
  /** Absent: the door does not answer. */
  readonly door?: DoorFacts;
}

/** `POST actions`. */
export interface ActionRequest {
  readonly action: 'drain' | 'resume' | 'crash';
  /** Short id. */
  readonly server: string;
  /** The operator was told that this is the last ready server of its pool. */
  readonly knowsItIsLast?: boolean;
}

/** `POST explain`. */
export interface ExplainRequest {
  /** Name of the client, or its `ip:port` for policies that go by the source. */
  readonly client: string;
  readonly app: string;
  readonly world?: string;
  readonly group?: string;
}

export interface ExplainAnswer {
  readonly policy: string;
  /** The same client gets the same server as long as the roster stays. */
  readonly sticky: boolean;
  /** Absent: none can be had. */
  readonly chosen?: string;
  /** Why there is none: a code. */
  readonly code?: string;
  /** Where it was looked for, in this order, up to the one that had something. */
  readonly steps: readonly { readonly where: string; readonly servers: number; readonly open: number }[];
  /** How often each was drawn, the most often first; one entry where the policy is sticky. */
  readonly shares: readonly {
    readonly id: string;
    readonly part: number;
    readonly free: number;
    readonly capacity: number;
  }[];
  /** Servers of the pool that cannot be had, by reason. */
  readonly closed: Readonly<Record<string, number>>;
  readonly rosterVersion: number;
  readonly rosterAgeMs: number | null;
}
