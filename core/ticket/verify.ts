import { type Refusal, refuse } from '../errors.ts';
import type { Verify } from '../ports.ts';
import type { Claims } from './claims.ts';
import { type DecodedTicket, decodeTicket } from './decode.ts';

/** docs/SEATS.md section 1, "Ticket". */
const LEEWAY_SECONDS = 5;

export interface TicketExpectations {
  readonly verify: Verify;
  /** This deployment. */
  readonly iss: string;
  /** Short id of this server. */
  readonly aud: string;
  /** The verifier's wall clock. */
  readonly wallMs: number;
  /** Also good: a ticket of another server that names this one as an alternate. `claims.aud` tells which it is. */
  readonly orAlternate?: boolean;
  /** How far the issuer's clock may be ahead. Default 5. */
  readonly leewaySeconds?: number;
}

/**
 * Whether the ticket is one of this deployment for this server. The checks come in this order, each with its own code:
 * form, known key, signature, deployment, server, clock.
 *
 * `exp` is not among them. Whether a seat may still be activated is decided by its serial against the agent's floor
 * (docs/SEATS.md), where no clock can be wrong: an expired serial is a join without a ticket, and the holder of a living
 * session comes back with the same ticket hours after `exp`. A ticket from the future is refused, as a sign of a clock
 * that would mislead everything else.
 */
export function verifyTicket(
  text: string,
  expectations: TicketExpectations,
): { readonly ok: true; readonly claims: Claims } | Refusal {
  const ticket = decodeTicket(text);
  return ticket.ok ? verifyDecoded(ticket, expectations) : ticket;
}

/** As verifyTicket, for who had to look into the ticket first. */
export function verifyDecoded(
  ticket: DecodedTicket,
  { verify, iss, aud, wallMs, orAlternate = false, leewaySeconds = LEEWAY_SECONDS }: TicketExpectations,
): { readonly ok: true; readonly claims: Claims } | Refusal {
  const genuine = verify(ticket.kid, ticket.signed, ticket.signature);
  if (genuine === undefined) return refuse('ticket.unknown-key', { detail: ticket.kid });
  if (!genuine) return refuse('ticket.forged');
  const { claims } = ticket;
  if (claims.iss !== iss) return refuse('ticket.wrong-deployment', { detail: claims.iss });
  const isAlternate = orAlternate && claims.alt?.includes(aud);
  if (claims.aud !== aud && !isAlternate) return refuse('ticket.wrong-server', { detail: claims.aud });
  const aheadSeconds = claims.iat - wallMs / 1_000;
  if (aheadSeconds > leewaySeconds) {
    const here = new Date(wallMs).toISOString();
    return refuse('ticket.clock', { detail: `issued ${Math.ceil(aheadSeconds)} s from now, which is ${here} here` });
  }
  return { ok: true, claims };
}
