import type { RowCommand, WriteReply } from './registry/commands.ts';
import type { MoveWish, Placement, ServerRow } from './registry/row.ts';

/** What core needs from outside. Adapters implement these; every implementation passes one behaviour suite. */

export interface Clock {
  /** Monotonic milliseconds, may be fractional; the only clock that decides anything about seats and liveness. */
  monoMs(): number;
  /** Wall clock in ms since the epoch; for tickets' `iat`/`exp` and for people. */
  wallMs(): number;
}

export interface Rng {
  /** Uniform in [0, 1). Must be fast: policies draw twice a pick. */
  float(): number;
  /** `length` cryptographically random bytes. */
  bytes(length: number): Uint8Array;
}

export interface Signer {
  /** Key id: names the public key in the JWKS and in the registry. */
  readonly kid: string;
  /** Ed25519 signature (RFC 8032), 64 bytes. */
  sign(data: Uint8Array): Uint8Array;
}

/** A public key as in the JWKS: `x` is the base64url of the 32 bytes (RFC 8037). */
export interface PublicKey {
  readonly kid: string;
  readonly x: string;
}

/** True if `signature` is right; undefined if the key is unknown. */
export type Verify = (kid: string, data: Uint8Array, signature: Uint8Array) => boolean | undefined;

/** HMAC-SHA256 under a key that the implementation holds. */
export type Mac = (data: Uint8Array) => Uint8Array;

/** The part of the registry that an agent's role may use: its own rows, the roster and the public keys. */
export interface AgentStore {
  /** The row by a consistent read. Throws OnedoorError `registry.*`. */
  get(key: string): Promise<ServerRow | undefined>;
  /**
   * Applies one command by one conditional update. The reply has the row after it, or, refused, the row as it is.
   * Throws OnedoorError `registry.*`; the write may have landed all the same.
   */
  write(key: string, command: RowCommand): Promise<WriteReply>;
  /** One packed roster item, undefined if there is none. */
  readRoster(name: string): Promise<RosterItem | undefined>;
  readKeys(): Promise<readonly PublicKey[]>;
}

/** A packed roster shard as stored: opaque bytes with the writer's beat. */
export interface RosterItem {
  /** `INDEX`, `S<n>` or `D<n>`: see core/registry/roster-codec.ts. */
  readonly name: string;
  readonly version: number;
  readonly body: Uint8Array;
}

/** The whole registry: what assigners, the registrar and the operator use. */
export interface RegistryStore extends AgentStore {
  /** All server rows, or the slots of one machine, eventually consistent. */
  list(machine?: string): Promise<readonly ServerRow[]>;
  /** The registrar's write; refused where no agent has made the row. */
  place(key: string, placement: Placement): Promise<WriteReply>;
  /** The operator's write: makes or changes a verified row without seats. */
  enrol(key: string, placement: Placement): Promise<WriteReply>;
  /** Tombstone of a row whose machine is gone; a living agent's next beat lifts it. Refused where there are no seats. */
  bury(key: string): Promise<WriteReply>;
  /** Outside probes got no answer (true) or got one again (false). Refused where there are no seats. */
  suspect(key: string, suspect: boolean): Promise<WriteReply>;
  /**
   * The operator's wish that the server takes nobody new (true), or that it need not be so any more (false); its agent
   * obeys at its next beat. Refused where there are no seats.
   */
  drain(key: string, drain: boolean): Promise<WriteReply>;
  /** The operator's wish that some of its clients go elsewhere. Refused where there are no seats. */
  move(key: string, wish: MoveWish): Promise<WriteReply>;
  /** Deletes a tombstone that still has this beat; false, and nothing done, if a living agent lifted it. */
  forget(key: string, beat: number): Promise<boolean>;
  writeRoster(item: RosterItem): Promise<void>;
  writeKeys(keys: readonly PublicKey[]): Promise<void>;
}

/** What a request got that may come again. */
export interface KeptAnswer {
  /** Stands for what the request said. */
  readonly asked: string;
  readonly text: string;
  /** Wall time in ms up to which it is good. */
  readonly untilMs: number;
}

/** Answers that every door of the deployment can repeat. Throws OnedoorError `registry.*`. */
export interface AnswerStore {
  /** By a consistent read; also one that is too old, since nothing deletes it in time. */
  find(key: string): Promise<KeptAnswer | undefined>;
  /** Keeps it unless there is one that is good at `nowMs`. Gives the one that is kept now. */
  keep(key: string, answer: KeptAnswer, nowMs: number): Promise<KeptAnswer>;
}

/** A client says that it cannot reach its server. */
export interface Report {
  /** Short id of the server. */
  readonly server: string;
  /** Id of the ticket's seat: each reports once. */
  readonly jti: string;
  /** The ticket's holder. */
  readonly sub: string;
  readonly wallMs: number;
}

/** What those who judge servers from outside share, beside the rows. Throws OnedoorError `registry.*`. */
export interface WatchStore {
  /**
   * Prober `name` lives, and those of `gone` do not; the last words of all, by name. `isCutOff`: over half of its servers went
   * dark at once, so it judges nobody.
   */
  meet(name: string, wallMs: number, gone: readonly string[], isCutOff?: boolean): Promise<ReadonlyMap<string, number>>;
  /** The last words of all probers, by name: wall time in ms. */
  probers(): Promise<ReadonlyMap<string, number>>;
  /** When probers were cut off last, by name: wall time in ms. */
  cutOffs(): Promise<ReadonlyMap<string, number>>;
  /**
   * Keeps a report: the number of holders who reported this server in the last 5 to 10 s, this one included; undefined if
   * its ticket has reported before.
   */
  report(report: Report): Promise<number | undefined>;
}

/** Where a packet came from; answers go back there. */
export interface PacketSource {
  /** Text as the socket gives it; IPv4 in dotted decimal on sockets of either family. */
  readonly address: string;
  readonly port: number;
  /** IANA protocol number: 6 is TCP, 17 UDP. */
  readonly protocol: 6 | 17;
}

/** What a front end does with one packet: the answer's bytes, or undefined for none (over TCP the connection closes). */
export type PacketHandler = (
  bytes: Uint8Array,
  source: PacketSource,
) => Uint8Array | undefined | Promise<Uint8Array | undefined>;
