import type { KeepaliveTiming } from '../core/wire/packet.ts';
import { fieldsOf, type PlainServer, readGrant } from './http-answers.ts';

/** What a session is: its server and the seat there, as JSON. Whoever has it and the client's name has the seat. */
export interface SavedGrant {
  readonly version: 1;
  /** The identity that the ticket is bound to. */
  readonly client: string;
  readonly server: PlainServer;
  /** Family of the address that is used. */
  readonly family: 4 | 6;
  readonly ticket?: string;
  readonly keepalive?: KeepaliveTiming;
  readonly alternates: readonly PlainServer[];
}

/** What `session.state()` gave, read without trust; undefined if it is something else. */
export function readState(value: unknown): SavedGrant | undefined {
  const { version, client, family } = fieldsOf(value);
  const grant = readGrant(value);
  if (version !== 1 || typeof client !== 'string' || client === '' || !grant) return undefined;
  if (family !== 4 && family !== 6) return undefined;
  return { version, client, family, ...grant };
}
