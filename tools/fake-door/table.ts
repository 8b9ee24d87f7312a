import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What becomes of the bytes of a right answer. `answer` leaves them as they are. */
export type Way =
  | 'answer'
  | 'silent'
  | 'delay'
  | 'twice'
  | 'wrong-nonce'
  | 'elsewhere'
  | 'echo'
  | 'truncated'
  | 'cut-option'
  | 'repeated-option'
  | 'garbage'
  | 'wrong-type'
  | 'wrong-family'
  | 'classic'
  | 'slow'
  | 'stalled'
  | 'close'
  | 'redirect';

/** What the door says. An error gives way to `server` once the request has what `until` names. */
export interface DoorScript {
  readonly server?: string;
  readonly alternates?: readonly string[];
  readonly error?: number;
  readonly retryAfterMs?: number;
  readonly until?: 'cookie' | 'size' | 'wait';
}

/** One event of a right client, in order; fields that are absent are not looked at. */
export interface ExpectedEvent {
  readonly event: 'assigned' | 'reassigned' | 'lost' | 'moving' | 'waiting' | 'failed';
  readonly server?: string;
  readonly via?: 'udp' | 'tcp' | 'http';
  readonly reason?: 'silent' | 'refused' | 'reported';
  readonly code?: string;
  readonly maxRetryInMs?: number;
}

export interface Fault {
  readonly fault: string;
  /** Added to the base port. */
  readonly port: number;
  /** What a right client does, for people. */
  readonly client: string;
  readonly udp: Way;
  readonly tcp: Way;
  readonly http: Way;
  readonly answer: DoorScript;
  readonly expect: readonly ExpectedEvent[];
  /** The same for a client that speaks no HTTP. */
  readonly withoutHttp?: readonly ExpectedEvent[];
  /** Events that must not come within `withinMs`. */
  readonly never?: readonly string[];
  /** By when a right client on an idle machine has had its events. */
  readonly withinMs: number;
}

export interface FakeServer {
  readonly id: string;
  readonly port: number;
  readonly intervalSeconds: number;
  readonly timeoutMs: number;
  readonly answers: 'alive' | 'nothing-listens' | 'ticket-only' | 'error' | 'moving';
  readonly error?: number;
  /** Where it sends its clients, and how long a keepalive has to be to be told so. */
  readonly to?: string;
  readonly room?: number;
  readonly udp?: Way;
  readonly tcp?: Way;
}

export interface FaultTable {
  /** How many ports in a row are used. */
  readonly ports: number;
  /** Echoes datagrams: the game port of every server. */
  readonly gamePort: number;
  readonly faults: readonly Fault[];
  readonly servers: Readonly<Record<string, FakeServer>>;
}

export function readFaultTable(): FaultTable {
  return JSON.parse(readFileSync(join(import.meta.dirname, 'faults.json'), 'utf8')) as FaultTable;
}
