/** What is counted over one run of the world. */
export class Tally {
  /** Sessions that ended although their server lived, with the reason. */
  readonly lost: string[] = [];
  /** Tickets that their own living server did not take, with its code. */
  readonly ticketsRefused: string[] = [];
  /** Times that a game took a ticket, and of those how often for the same session again. */
  admitted = 0;
  /** Clients that began anew with their ticket, and were back where they had been. */
  resumed = 0;
  resumable = 0;
  /** Of each client whose server died: ms until another game had let it in; Infinity: not yet. */
  readonly failovers = new Map<string, number>();
  newcomers = 0;
  newcomersIn = 0;
  readonly oversold: string[] = [];
  readonly breaches: string[] = [];
  /** Answers that named a server, by the virtual time and the server's id. */
  readonly answers: { readonly atMs: number; readonly server: string }[] = [];

  /** Share of clients of dead servers that were let in elsewhere within `withinMs`. */
  failoverShare(withinMs: number): number {
    const all = [...this.failovers.values()];
    return all.length === 0 ? 1 : all.filter((ms) => ms <= withinMs).length / all.length;
  }

  failoverMs(share: number): number {
    const sorted = [...this.failovers.values()].sort((one, other) => one - other);
    return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0;
  }
}
