import type { LobbyPage } from './lobby-page.ts';
import type { RosterPage } from './roster-page.ts';
import type { ServerPort } from './server-port.ts';

/**
 * Packets as values (docs/PROTOCOL.md, sections 3 and 4). Byte fields of a decoded packet are views into the bytes it
 * was read from: copy what is to outlive them. Absent options are undefined.
 */

/** Length, Type, Address and nothing else; a request and a response look alike. */
export interface ClassicPacket {
  readonly kind: 'classic';
  readonly family: 4 | 6;
  /** 4 or 16 bytes. Request: the client's own address; response: the server, all zeroes if there is none. */
  readonly address: Uint8Array;
}

/** Bits of the want option; unknown bits are ignored. */
export const WANT = { roster: 1, lobby: 2, noDirectAnswer: 4, noServer: 8 } as const;

/** Reason byte of the report option; a reader takes an unknown reason for `silent`. */
export const REPORT = { silent: 1, refused: 2 } as const;

/** Bits of the forward option's flags; unknown bits are ignored. */
export const FORWARD = { answer: 1, note: 2 } as const;

/** What a door tells an agent about a client, before it is signed. */
export interface ForwardFields {
  /** 16 bytes: the source that the door saw. */
  readonly address: Uint8Array;
  readonly port: number;
  readonly flags: number;
  /** The most bytes an answer to that client may have: the Length of its own request. */
  readonly room: number;
}

/** A forward as read: verify `signature` over `signed` (every byte of the packet before the signature). */
export interface Forward extends ForwardFields {
  readonly signature: Uint8Array;
  readonly signed: Uint8Array;
}

export interface RequestFields {
  /** 16 bytes. A mapped address (`::ffff:a.b.c.d`) asks for an IPv4 answer, any other for IPv6. */
  readonly address: Uint8Array;
  /** 8 random bytes. */
  readonly nonce: Uint8Array;
  readonly app?: string | undefined;
  readonly world?: string | undefined;
  readonly group?: string | undefined;
  /** 1..32 opaque bytes. */
  readonly client?: Uint8Array | undefined;
  readonly ticket?: string | undefined;
  /** 1..3 ids of servers that this client lost. */
  readonly avoid?: readonly string[] | undefined;
  /** 20 opaque bytes. */
  readonly cookie?: Uint8Array | undefined;
  /** Sum of `WANT` bits. */
  readonly want?: number | undefined;
  /** One of `REPORT`. */
  readonly report?: number | undefined;
  readonly wait?: string | undefined;
  /** Page of a roster or lobby, from 0. */
  readonly page?: number | undefined;
  readonly pick?: string | undefined;
  readonly leave?: true | undefined;
}

export interface ExtendedRequest extends RequestFields {
  readonly kind: 'extended';
  readonly role: 'request';
  /** Length as received, padding included: the bound of a UDP response. */
  readonly length: number;
  readonly forward?: Forward | undefined;
}

/** When to send keepalives, and how long to wait for their answers. */
export interface KeepaliveTiming {
  readonly intervalSeconds: number;
  readonly transmissions: number;
  readonly timeoutMs: number;
}

export interface Alternate {
  /** 16 bytes. */
  readonly address: Uint8Array;
  readonly gamePort: number;
  readonly probePort: number;
}

export interface ErrorFields {
  /** A number of `WIRE_ERRORS`, or one that this version does not know. */
  readonly code: number;
  readonly retryAfterMs: number;
  /** For people; at most 64 bytes of UTF-8, "" if there is none. */
  readonly reason: string;
}

export interface ResponseFields {
  /** 16 bytes; all zeroes if no server is given. */
  readonly address: Uint8Array;
  /** The request's, unchanged. */
  readonly nonce: Uint8Array;
  readonly ticket?: string | undefined;
  readonly cookie?: Uint8Array | undefined;
  readonly wait?: string | undefined;
  readonly server?: string | undefined;
  readonly ports?: readonly ServerPort[] | undefined;
  /** 16 bytes: the server in the other family. */
  readonly otherAddress?: Uint8Array | undefined;
  readonly keepalive?: KeepaliveTiming | undefined;
  /** At most two, in the order of the ticket's `alt`. */
  readonly alternates?: readonly Alternate[] | undefined;
  /** Time until the answering server ends its sessions. */
  readonly movingMs?: number | undefined;
  readonly rosterPage?: RosterPage | undefined;
  readonly lobbyPage?: LobbyPage | undefined;
  readonly error?: ErrorFields | undefined;
}

export interface ExtendedResponse extends ResponseFields {
  readonly kind: 'extended';
  readonly role: 'response';
  readonly length: number;
}
