import type { Refusal } from '../errors.ts';
import type { Placement } from '../registry/row.ts';

/** What a client asks the door for, however it asked. Lengths and alphabets were checked by the parser. */
export interface AssignRequest {
  /** Absent: the deployment's default app. */
  readonly app?: string;
  /** Absent: any world of the app. */
  readonly world?: string;
  /** Preferred group; others follow when it has no free seat. */
  readonly group?: string;
  /** 1..32 bytes: the client's stable identity. Absent: its source address stands in for the choice, and the ticket is bound to a random one. */
  readonly client?: Uint8Array;
  /** Instead of `client`: these, no two alike, all on one server or none of them. */
  readonly party?: readonly Uint8Array[];
  /** Family of the address that the answer must carry. */
  readonly family: 4 | 6;
  /** Ids of servers that this client lost: not chosen for this request. */
  readonly avoid: readonly string[];
  /** Short id of the server that the client chose itself: this one or `no-capacity`. */
  readonly pick?: string;
  /** Labels that the server must have. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Milliseconds that the client measured, by server id or group: what `nearest` goes by. */
  readonly latencies?: Readonly<Record<string, number>>;
  /** The wait token of the refusal before. */
  readonly wait?: string;
  /** Add an Explanation to the answer. */
  readonly explain?: boolean;
  readonly source: { readonly address: Uint8Array; readonly port: number; readonly protocol: 6 | 17 };
}

/** Why this server: made only when asked for, since counting candidates reads the whole pool. */
export interface Explanation {
  readonly policy: string;
  /** Servers of the pool that could be had when the choice was made. */
  readonly candidates: number;
  readonly rosterVersion: number;
  readonly rosterAgeMs: number;
  /** Servers tried before the one given, with the code of each refusal. */
  readonly refused: readonly { readonly id: string; readonly code: string }[];
  readonly fromStock: boolean;
}

/** A seat on a server, proved by its ticket. */
export interface Assignment {
  readonly ok: true;
  /** `<server id>:<gen>:<serial>`, also the ticket's `jti`. */
  readonly id: string;
  readonly server: Placement;
  readonly ticket: string;
  /** Wall time in s: the ticket's `exp`. */
  readonly activateBy: number;
  /** One of each of a party of two and more, in its order; `id` and `ticket` are those of the first. */
  readonly seats?: readonly { readonly id: string; readonly ticket: string }[];
  /** At most two, best first: the servers that the ticket's `alt` names. */
  readonly alternates: readonly Placement[];
  /** Only where it was asked for. */
  readonly explain?: Explanation;
}

export type AssignOutcome = Assignment | Refusal;
