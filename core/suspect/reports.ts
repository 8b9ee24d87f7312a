import { type Refusal, refuse } from '../errors.ts';
import type { Clock, RegistryStore, Verify, WatchStore } from '../ports.ts';
import type { RosterView } from '../registry/roster.ts';
import { TICKET_USE_SECONDS } from '../ticket/claims.ts';
import { decodeTicket } from '../ticket/decode.ts';
import { verifyDecoded } from '../ticket/verify.ts';

/** Clients tell that they cannot reach their server (docs/DOORS.md, "Suspicion"). Rejects with OnedoorError `registry.*`. */
export interface ReportDesk {
  /** Also good if it changes nothing: the server is closed already, or the ticket has reported before. */
  report(ticket: string): Promise<{ readonly ok: true } | Refusal>;
}

/** Holders who report a server within the window before it is suspect. */
const HOLDERS = 5;
/** Without a gateway that probes nobody would lift a suspicion, so nobody must be able to raise one by words alone. */
const PROBER_SILENT_MS = 60_000;

export function createReportDesk(deps: {
  /** Checks the signatures of all keys that are published now. */
  readonly verify: () => Promise<Verify>;
  readonly iss: string;
  readonly view: () => RosterView;
  readonly watch: Pick<WatchStore, 'report' | 'probers'>;
  readonly store: Pick<RegistryStore, 'suspect'>;
  readonly clock: Clock;
  /** A server is suspect by its clients' word. */
  readonly onSuspect: (id: string) => void;
}): ReportDesk {
  const { iss, view, watch, store, clock, onSuspect } = deps;

  const check = async (ticket: string) => {
    const decoded = decodeTicket(ticket);
    if (!decoded.ok) return decoded;
    const wallMs = clock.wallMs();
    const checked = verifyDecoded(decoded, { verify: await deps.verify(), iss, aud: decoded.claims.aud, wallMs });
    if (checked.ok && wallMs / 1_000 - checked.claims.iat >= TICKET_USE_SECONDS) return refuse('ticket.too-old');
    return checked;
  };

  const isProbed = async (): Promise<boolean> => {
    const wallMs = clock.wallMs();
    return [...(await watch.probers()).values()].some((wordMs) => Math.abs(wallMs - wordMs) < PROBER_SILENT_MS);
  };

  return {
    async report(ticket) {
      const checked = await check(ticket);
      if (!checked.ok) return checked;
      const { aud: server, jti, sub } = checked.claims;
      const roster = view();
      const index = roster.indexOf.get(server);
      // Nobody is sent there anyway: a crowd that reports one dead server costs a few writes, not one each.
      if (index === undefined || roster.open[index] !== 1) return { ok: true };
      const holders = await watch.report({ server, jti, sub, wallMs: clock.wallMs() });
      // Only where the number is reached, not for each one after it: else each further liar would undo a good answer.
      if (holders === undefined || holders % HOLDERS !== 0 || !(await isProbed())) return { ok: true };
      await store.suspect(roster.entries[index]!.key, true);
      onSuspect(server);
      return { ok: true };
    },
  };
}
