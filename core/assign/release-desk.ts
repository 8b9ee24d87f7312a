import { type Refusal, refuse } from '../errors.ts';
import type { Clock, Verify } from '../ports.ts';
import type { RosterView } from '../registry/roster.ts';
import type { Placement } from '../registry/row.ts';
import { decodeTicket } from '../ticket/decode.ts';
import { verifyDecoded } from '../ticket/verify.ts';

/** Clients give an unused seat back through the door (docs/SEATS.md, "Giving a seat back"). */
export interface ReleaseDesk {
  /** `ok`: the server has heard of it. What it makes of it is its own affair: it alone knows whether the seat is in use. */
  release(id: string, ticket: string): Promise<{ readonly ok: true } | Refusal>;
}

/** Sends a server a `leave` with the ticket; whether it answered that this is done. */
export type TellLeave = (server: Placement, ticket: string) => Promise<boolean>;

export function createReleaseDesk(deps: {
  /** Checks the signatures of all keys that are published now. */
  readonly verify: () => Promise<Verify>;
  readonly iss: string;
  readonly view: () => RosterView;
  readonly tell: TellLeave;
  readonly clock: Clock;
}): ReleaseDesk {
  const { iss, view, tell, clock } = deps;
  return {
    async release(id, ticket) {
      const decoded = decodeTicket(ticket);
      if (!decoded.ok) return decoded;
      const { aud, jti } = decoded.claims;
      if (jti !== id) return refuse('http.unauthorized');
      const checked = verifyDecoded(decoded, { verify: await deps.verify(), iss, aud, wallMs: clock.wallMs() });
      if (!checked.ok) return checked;
      const { entries, indexOf } = view();
      const index = indexOf.get(aud);
      // Its seats went with it.
      if (index === undefined) return refuse('http.not-found');
      return (await tell(entries[index]!.server, ticket)) ? { ok: true } : refuse('assign.not-confirmed');
    },
  };
}
