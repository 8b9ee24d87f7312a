/**
 * The server row: what the registry knows of one server (one slot of one machine). Three writers share it and never
 * touch each other's attributes: assigners lower `free` and raise `issued`; the agent writes the rest of SeatFields;
 * the registrar alone writes Placement. See docs/SEATS.md.
 */

export type ServerState = 'starting' | 'ready' | 'draining' | 'gone';

/** The attributes of the reservation protocol (docs/SEATS.md section 1). */
export interface SeatFields {
  /** Seats for the taking. Anyone lowers it by a conditional update; only the agent raises it. */
  readonly free: number;
  /** Serial of the last seat ever taken; never reset. A row made anew starts at its creation time in ms. */
  readonly issued: number;
  /** Version of the agent's writes; fences a late write of the same agent. */
  readonly beat: number;
  /** The agent's life: random, new at every claim. */
  readonly gen: string;
  /** Token of the latest take, '' when created: a take that finds its own token here was a retry. */
  readonly last: string;
  readonly capacity: number;
  readonly state: ServerState;
  /** Wall time in ms of the agent's write. For people only; freshness is judged by arrival of `beat`. */
  readonly hb: number;
  readonly sessions: number;
}

/** Port numbers by role; `game` and `probe` are always there once a row is verified. */
export type Ports = Readonly<Record<string, number>>;

/** What the registrar found out about the server; an agent can never write it. */
export interface Placement {
  /** Short id, at most 24 bytes, `<machine>.<slot>`. */
  readonly id: string;
  readonly ipv4?: string;
  readonly ipv6?: string;
  readonly ports: Ports;
  readonly zone: string;
  readonly app: string;
  readonly world: string;
  readonly group: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Readers cut `free` and `capacity` to this, whatever the agent says. */
  readonly maxCapacity: number;
}

export interface ServerRow {
  /** `SRV#<aws:userid>#<slot>`, or `SRV#op:<id>#<slot>` if enrolled by the operator. */
  readonly key: string;
  /** Absent while no agent has claimed an enrolled row. */
  readonly seats?: SeatFields;
  /** Absent until the registrar has verified the row. */
  readonly placement?: Placement;
  /** True while outside probers get no answer: no new assignments, nothing else. */
  readonly suspect: boolean;
  /** Ids of other servers that this one's agent finds silent, where agents probe each other; absent: none. */
  readonly sees?: readonly string[];
  /** The operator wants the server empty: its agent drains from its next beat on. Absent: he does not. */
  readonly drain?: true;
  /** The operator wants some of its clients elsewhere, once. */
  readonly move?: MoveWish;
}

/** That so many clients of a server go to others: obeyed once, by the life of the agent that had this beat or a later one. */
export interface MoveWish {
  readonly count: number;
  /** The row's when it was asked for: tells wishes apart, and old ones from new ones, without any clock. */
  readonly beat: number;
}

const OPERATOR_PREFIX = 'op:';

/** The row key of slot `slot` of the machine known to AWS as `userId` (`<role id>:<instance id>`, or `op:<id>`). */
export function rowKey(userId: string, slot: number): string {
  return `SRV#${userId}#${slot}`;
}

/** The machine and slot that a row key names, or undefined if it is no key that `rowKey` makes: one slot, one key. */
export function parseRowKey(
  key: string,
):
  | { readonly userId: string; readonly machine: string; readonly slot: number; readonly enrolled: boolean }
  | undefined {
  const match = /^SRV#([^#]+)#(0|[1-9]\d{0,2})$/.exec(key);
  if (!match?.[1] || match[2] === undefined) return undefined;
  const userId = match[1];
  const enrolled = userId.startsWith(OPERATOR_PREFIX);
  const machine = userId.slice(userId.indexOf(':') + 1);
  return machine === '' ? undefined : { userId, machine, slot: Number(match[2]), enrolled };
}

/** The user id under which the operator enrols machine `id`. */
export function operatorUserId(id: string): string {
  return `${OPERATOR_PREFIX}${id}`;
}

/** The short id that clients see: no `#`, since ids stand in URLs. */
export function serverId(machine: string, slot: number): string {
  return `${machine}.${slot}`;
}
