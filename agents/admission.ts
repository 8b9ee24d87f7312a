import { type Refusal, refuse } from '../core/errors.ts';
import type { Clock, Verify } from '../core/ports.ts';
import type { Claims } from '../core/ticket/claims.ts';
import { verifyTicket } from '../core/ticket/verify.ts';
import type { Entry } from './entry.ts';
import { FailoverDesk } from './failover-desk.ts';
import type { SeatKeeper } from './seat-keeper.ts';
import type { SessionWatch } from './session-watch.ts';

export interface AdmissionOptions {
  readonly keeper: SeatKeeper;
  readonly sessions: SessionWatch;
  readonly clock: Clock;
  readonly verify: Verify;
  /** Name of the deployment. */
  readonly iss: string;
  readonly isCounted: boolean;
  readonly isDraining: () => boolean;
  /** The operator's, for clients of lost servers. */
  readonly capacity: () => number;
}

/** Takes of this slot under way at the same time; each is a write to the registry. */
const MAX_TAKES = 16;
const BUSY_RETRY_MS = 1_000;

/** Who may come in: the ticket checks of docs/PROTOCOL.md section 4, then the seats of docs/SEATS.md, "Admission". */
export class Admission {
  readonly #options: AdmissionOptions;
  /** Takes under way by ticket: a packet that is repeated must not take a second seat. */
  readonly #takes = new Map<string, Promise<Entry>>();
  readonly #failover: FailoverDesk;
  #anonymous = 0;

  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#failover = new FailoverDesk(options);
  }

  /**
   * A ticket is shown, by the game (`isSeen`) or by the client itself. At once, but for a seat that is void: its holder
   * joins like anybody.
   * @param shown who shows it, as `sub`, where that is known
   */
  enter(ticket: string, isSeen: boolean, shown?: string): Entry | Promise<Entry> {
    const checked = this.check(ticket);
    return checked.ok ? this.enterVerified(checked.claims, isSeen, shown) : checked;
  }

  /** As enter, with what a ticket says whose signature was checked. */
  enterVerified(claims: Claims, isSeen: boolean, shown?: string): Entry | Promise<Entry> {
    const { keeper, sessions, clock, isCounted, isDraining } = this.#options;
    const { gen, seat: serial, sub, jti, aud } = claims;
    if (aud !== keeper.placement?.id) return this.#failover.enter(claims, isSeen, shown);
    if (shown !== undefined && shown !== sub) {
      return refuse(sessions.has(`${gen}:${serial}`) ? 'ticket.in-use' : 'ticket.wrong-client');
    }
    // A rise of the count activates; a mark made here would free the seat before its player is counted.
    if (isCounted) return { ok: true, resumed: false };
    const result = keeper.activate({ gen, serial, sub }, isDraining() ? refuse('agent.draining') : undefined);
    if (result.ok) {
      sessions.began(result.session, clock.monoMs(), isSeen);
      return result;
    }
    if (!result.direct) {
      if (result.code !== 'agent.not-ready' || !keeper.book || keeper.isLeased) return result;
      return keeper.prove().then((isOurs) => (isOurs ? this.enterVerified(claims, isSeen, shown) : result));
    }
    const again = sessions.of(sub);
    if (again !== undefined) {
      const session = { id: again, sub };
      sessions.began(session, clock.monoMs(), isSeen);
      return { ok: true, session, resumed: true };
    }
    return this.#takes.get(jti) ?? this.#take(isSeen, sub, jti);
  }

  /** Somebody without a ticket wants in, and the game asks for a seat. */
  async enterDirect(): Promise<Entry> {
    if (this.#options.isDraining()) return refuse('agent.draining');
    return await this.#take(true);
  }

  /** The holder gives an unused seat back. Also good if it was gone already; a seat in use stays. */
  leave(ticket: string, shown?: string): { readonly ok: true } | Refusal {
    const checked = this.check(ticket);
    if (!checked.ok) return checked;
    const { gen, seat: serial, sub, aud } = checked.claims;
    if (shown !== undefined && shown !== sub) return refuse('ticket.wrong-client');
    // Its seat is another server's, which may not hear of it; what was taken here for it is a session already.
    if (aud !== this.#options.keeper.placement?.id) return { ok: true };
    this.#options.keeper.cancel({ gen, serial, sub });
    return { ok: true };
  }

  /** The claims, if the ticket is one of this deployment for this server, or names it as an alternate. */
  check(ticket: string): { readonly ok: true; readonly claims: Claims } | Refusal {
    const { keeper, verify, iss, clock } = this.#options;
    const aud = keeper.placement?.id;
    if (aud === undefined) return refuse('agent.not-ready');
    return verifyTicket(ticket, { verify, iss, aud, wallMs: clock.wallMs(), orAlternate: true });
  }

  #take(isSeen: boolean, sub?: string, jti = `#${this.#anonymous++}`): Promise<Entry> | Entry {
    const { keeper, sessions, clock } = this.#options;
    if (this.#takes.size >= MAX_TAKES) return refuse('agent.full', { retryAfterMs: BUSY_RETRY_MS });
    const take = keeper.takeDirect(sub).then((result): Entry => {
      if (result.ok) sessions.began(result.session, clock.monoMs(), isSeen);
      // `direct` has been followed here.
      return result.ok || !result.direct ? result : refuse('agent.not-ready');
    });
    this.#takes.set(jti, take);
    return take.finally(() => this.#takes.delete(jti));
  }
}
