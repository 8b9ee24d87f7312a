export interface SeatSession {
  readonly id: string;
  /** Who holds it: the ticket's `sub`; absent for a direct join without a name. */
  readonly sub?: string;
  /** Absent for a walk-in that never had a seat. */
  readonly serial?: number;
}

/**
 * What an agent writes to its journal: floor, used serials, sessions, its lives, and which tickets of lost servers were
 * let in (`until`: wall time in s). Entries are applied in order; a
 * journal is compacted by writing `snapshot` of what it replays to. The adapter that stores lines is adapters/journal.
 */
export type JournalEntry =
  | { readonly t: 'gen'; readonly gen: string }
  | { readonly t: 'floor'; readonly floor: number }
  | { readonly t: 'used'; readonly serial: number }
  | ({ readonly t: 'in' } & SeatSession)
  | { readonly t: 'out'; readonly id: string }
  | { readonly t: 'count'; readonly k: number }
  | { readonly t: 'failover'; readonly jti: string; readonly until: number };
