import type { ErrorCode, Refusal } from '../errors.ts';
import type { Rng } from '../ports.ts';
import type { KeepaliveTiming } from '../wire/packet.ts';

/** Where packets go: 4 bytes are IPv4, 16 are IPv6, never a mapped address. */
export interface Endpoint {
  readonly address: Uint8Array;
  readonly port: number;
}

/** How the door, or the server, was reached. */
export type Via = 'udp' | 'tcp' | 'http';

/** A server as an answer named it. */
export interface NamedServer {
  /** Short id; "" where the answer had none (an alternate in a packet has only its address). */
  readonly id: string;
  /** Address in the family that was asked for; 4 or 16 bytes. */
  readonly address: Uint8Array;
  readonly otherAddress?: Uint8Array;
  /** By role: `game`, `probe`, `lobby`, `voice`, the app's own name, or the role's number in decimal. */
  readonly ports: Readonly<Record<string, number>>;
  readonly app?: string;
  readonly world?: string;
  readonly group?: string;
}

/** What an answer gives: a server and the seat on it. */
export interface Grant {
  readonly server: NamedServer;
  /** Absent where the deployment answers without seats. */
  readonly ticket?: string;
  readonly keepalive: KeepaliveTiming;
  /** Where the ticket is also good when the server dies, best first. */
  readonly alternates: readonly NamedServer[];
}

export type DoorAnswer = { readonly ok: true; readonly grant: Grant } | Refusal;

/** Why a server counts as lost: it is silent, it refused this client, or the application said so. */
export type LossReason = 'silent' | 'refused' | 'reported';

/** A server that this client gave up, as the door is told of it. */
export interface LossReport {
  /** The ticket for that server. */
  readonly ticket: string;
  readonly reason: 'silent' | 'refused';
}

export interface SessionOptions {
  readonly app?: string;
  readonly world?: string;
  readonly group?: string;
  /** 1..32 bytes: the client's stable identity, in every packet. */
  readonly client: Uint8Array;
  /** The deployment's packet type. @default 0xFFFF */
  readonly type?: number;
  /** The client's own addresses as far as it knows them: information for the door, never used. */
  readonly localAddress: { readonly 4?: Uint8Array; readonly 6?: Uint8Array };
  /** Whether the door can be asked over HTTP too. */
  readonly http: boolean;
  /** The client chooses its server: every request to the door is for one that the driver has chosen. @default false */
  readonly chooses?: boolean;
  /** There may be a roster from an earlier time: it names servers to join while the door is away. @default false */
  readonly cached?: boolean;
  readonly rng: Rng;
}

/** What happens to a session. `channel` and `request` are the numbers that the actions gave. */
export type SessionEvent =
  /** `resume`: a server and the seat there from before a restart, tried before the door is asked. */
  | { readonly type: 'start'; readonly resume?: Grant }
  /** `wakeAtMs` was reached, and what the sockets held by then was handed over. */
  | { readonly type: 'tick' }
  /** Answer to `resolve`: addresses of the door, best first; none if the name has none or could not be resolved. */
  | { readonly type: 'doors'; readonly doors: readonly Endpoint[] }
  /** Answer to `choose`: servers to ask for, best first; none: `refusal` says why. */
  | { readonly type: 'chosen'; readonly servers: readonly NamedServer[]; readonly refusal?: Refusal }
  /** One packet: a datagram's payload or a frame of a stream. */
  | { readonly type: 'packet'; readonly channel: number; readonly from: Endpoint; readonly bytes: Uint8Array }
  /** The channel reported an error or, TCP, was closed. For UDP a hint: it may be forged, and the channel goes on. */
  | { readonly type: 'channel-failed'; readonly channel: number }
  /** `answer` is absent if there was none that could be understood. */
  | { readonly type: 'http-answer'; readonly request: number; readonly answer?: DoorAnswer }
  /** The application sent `count` datagrams to its server. */
  | { readonly type: 'sent'; readonly count: number }
  /** The application received a datagram from its server. */
  | { readonly type: 'received' }
  /** The application found its server dead. */
  | { readonly type: 'lost' }
  | { readonly type: 'close' };

/** What the driver has to do, in order. */
export type SessionAction =
  /** A new socket with an ephemeral port; TCP connects to `to`, UDP too if there is one (the kernel then filters). */
  | {
      readonly type: 'open';
      readonly channel: number;
      readonly via: 'udp' | 'tcp';
      readonly family: 4 | 6;
      readonly to?: Endpoint;
    }
  /** On a TCP channel that is not connected yet, as soon as it is. */
  | { readonly type: 'send'; readonly channel: number; readonly to: Endpoint; readonly bytes: Uint8Array }
  | { readonly type: 'close'; readonly channel: number }
  /** POST /v1/assignments, and the report to POST /v1/reports; answer to the first by `http-answer`. */
  | {
      readonly type: 'http';
      readonly request: number;
      readonly avoid: readonly string[];
      readonly pick?: string;
      /** Wait token of the last refusal. */
      readonly wait?: string;
      readonly report?: LossReport;
    }
  | { readonly type: 'http-cancel'; readonly request: number }
  /** POST /v1/reports alone; nobody waits for the answer. */
  | { readonly type: 'http-report'; readonly report: LossReport }
  /** Resolve the door's name; answer by `doors`. */
  | { readonly type: 'resolve' }
  /** Choose servers that are not to be avoided; answer by `chosen`. `cached`: from the kept roster, the door is away. */
  | { readonly type: 'choose'; readonly avoid: readonly string[]; readonly cached: boolean }
  | SessionNotice;

/** What the application learns. */
export type SessionNotice =
  /** `resumed`: on the server and seat that the session was started with. */
  | { readonly type: 'assigned'; readonly grant: Grant; readonly via: Via; readonly resumed: boolean }
  /** `code`: why the server refused. */
  | {
      readonly type: 'lost';
      readonly server: NamedServer;
      readonly reason: LossReason;
      readonly code?: ErrorCode;
    }
  | { readonly type: 'reassigned'; readonly grant: Grant; readonly via: Via; readonly from: NamedServer }
  /** The server ends its sessions. `named`: it has named another; `reassigned` follows once that one has answered. */
  | { readonly type: 'moving'; readonly endsInMs?: number; readonly named: boolean }
  /** No server now; the next request goes out in `retryInMs`. */
  | { readonly type: 'waiting'; readonly code: ErrorCode; readonly detail?: string; readonly retryInMs: number }
  /** The server lives but takes the ticket no more; game traffic flows, so the session goes on without it. */
  | { readonly type: 'ticket-refused'; readonly code: ErrorCode }
  /** The first request can never succeed; the session is over. */
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly detail?: string }
  | { readonly type: 'closed' };

/** What the parts of a session share: where actions go, numbers, randomness, and what was learned. */
export interface SessionShared {
  readonly options: SessionOptions;
  push(action: SessionAction): void;
  /** A number for a channel or HTTP request, never used before. */
  nextId(): number;
  /** Wait token of the last refusal, for the next request. */
  wait: string | undefined;
  /** Least length of a request to the door: 800, then 1,200 after `request-too-small`. */
  doorPadTo: number;
}
