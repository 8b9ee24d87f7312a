import type { Rng } from '../ports.ts';
import type { Pool } from '../registry/roster.ts';

/** What a policy may know of the request. */
export interface PickQuery {
  /** The client's stable identity (1..32 bytes), or its source address where it gave none. */
  readonly client: Uint8Array;
  /** The packet's source, as docs/PROTOCOL.md section 6 uses it; a mapped address counts as the IPv4 address in it. */
  readonly source: { readonly address: Uint8Array; readonly port: number; readonly protocol: 6 | 17 };
  /** The deployment's configured service address and probe port, never the socket's own. */
  readonly service: { readonly address: Uint8Array; readonly port: number };
  /** False for servers that this request cannot have (family, slot, avoid, tried before). Absent: all may be had. */
  readonly allowed?: (index: number) => boolean;
  /** Milliseconds from the client, as it measured them, by server id or by group. */
  readonly latencies?: Readonly<Record<string, number>>;
  readonly rng: Rng;
}

/** How a server is chosen in a pool. */
export interface Policy {
  readonly name: PolicyName;
  /** Whether the choice depends on the client or its source: then the same query gives the same server. */
  readonly sticky: boolean;
  /**
   * Whether the choice is counted over all servers of the app (docs/PROTOCOL.md section 6): then the pool to give is the
   * app's, and world and group only say which of its servers may be had. `choicesFor` sees to it.
   */
  readonly wholeApp: boolean;
  /** Whether nothing but load decides: then a server that is as empty as the chosen one will do as well. @default false */
  readonly byLoad?: boolean;
  /** Index of the chosen server in `pool.view`, or -1 if none is open, allowed and (where the policy counts) free. */
  pick(pool: Pool, query: PickQuery): number;
}

export type PolicyName =
  | 'two-choices'
  | 'least-loaded'
  | 'pack'
  | 'random'
  | 'round-robin'
  | 'nearest'
  | 'rendezvous'
  | 'maglev'
  | 'stateless-3'
  | 'stateless-5'
  | OwnPolicyName;

/** A policy of the deployer's own: `onedoor.policies.ts` has it. */
export type OwnPolicyName = `own:${string}`;

/** The deployer's own policies, by their words. */
export type OwnPolicies = Readonly<Record<OwnPolicyName, () => Policy>>;
