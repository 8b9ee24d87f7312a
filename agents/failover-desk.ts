import { type Refusal, refuse } from '../core/errors.ts';
import type { Clock } from '../core/ports.ts';
import {
  admitFailover,
  admitOnReserve,
  type FailoverClaim,
  knownFailover,
  noteFailover,
} from '../core/registry/failover.ts';
import type { Admission } from '../core/registry/seat-book.ts';
import type { TakenSeats } from '../core/registry/take.ts';
import { type Claims, TICKET_USE_SECONDS } from '../core/ticket/claims.ts';
import type { Entry } from './entry.ts';
import type { SeatKeeper } from './seat-keeper.ts';
import type { SessionWatch } from './session-watch.ts';

export interface FailoverDeskOptions {
  readonly keeper: SeatKeeper;
  readonly sessions: SessionWatch;
  readonly clock: Clock;
  readonly isCounted: boolean;
  readonly isDraining: () => boolean;
  readonly capacity: () => number;
}

interface Waiting {
  readonly claim: FailoverClaim;
  readonly isSeen: boolean;
  readonly answer: (entry: Entry) => void;
  readonly fail: (error: unknown) => void;
}

/** A client gives a server 1.4 s (docs/PROTOCOL.md section 5); after this the reserve answers instead of the registry. */
const TAKE_MS = 400;
/** How long the registry is not asked again after it did not answer. */
const AWAY_MS = 1_000;
/** Takes for one batch: the first is refused if there are fewer seats, the second takes what there is. */
const TRIES = 3;

/**
 * Clients whose own server is lost (docs/SEATS.md, "Failover"). They come in crowds, so all that wait share one take at
 * the own row; while the registry is away they get what was kept in reserve.
 */
export class FailoverDesk {
  readonly #options: FailoverDeskOptions;
  /** By `jti`: a packet that is repeated must not take a second seat. */
  readonly #pending = new Map<string, Promise<Entry>>();
  #queue: Waiting[] = [];
  #isTaking = false;
  #awayUntilMs = Number.NEGATIVE_INFINITY;

  constructor(options: FailoverDeskOptions) {
    this.#options = options;
  }

  /**
   * @param claims of a verified ticket that names this server as an alternate
   * @param shown who shows it, as `sub`, where that is known
   */
  enter({ jti, sub, iat }: Claims, isSeen: boolean, shown?: string): Entry | Promise<Entry> {
    const { keeper, clock, isCounted, isDraining } = this.#options;
    const { book } = keeper;
    if (!book) return refuse('agent.not-ready');
    if (shown !== undefined && shown !== sub)
      return refuse(book.sessions.has(jti) ? 'ticket.in-use' : 'ticket.wrong-client');
    const claim = { jti, sub, untilSeconds: iat + TICKET_USE_SECONDS };
    if (isCounted && book.failovers?.has(jti)) return { ok: true, resumed: true };
    const known = knownFailover(book, claim);
    if (known) return this.#began(known, isSeen);
    if (clock.wallMs() >= claim.untilSeconds * 1_000) return refuse('ticket.too-old');
    if (isDraining()) return refuse('agent.draining');
    const pending = this.#pending.get(jti);
    if (pending) return pending;
    const entry = new Promise<Entry>((answer, fail) => {
      this.#queue.push({ claim, isSeen, answer, fail });
    });
    this.#pending.set(jti, entry);
    void this.#serve();
    return entry.finally(() => this.#pending.delete(jti));
  }

  /** One take at a time, for all that wait when it is sent. */
  async #serve(): Promise<void> {
    if (this.#isTaking) return;
    this.#isTaking = true;
    while (this.#queue.length > 0) {
      // Those of the same moment come with it.
      await Promise.resolve();
      const batch = this.#queue;
      this.#queue = [];
      try {
        const taken = await this.#take(batch.length);
        for (const [n, waiting] of batch.entries()) waiting.answer(this.#admit(waiting, taken, n));
      } catch (error) {
        for (const { fail } of batch) fail(error);
      }
    }
    this.#isTaking = false;
  }

  /** Seats for as many of `wanted` as there are; a refusal for all; `away`: the registry does not answer in time. */
  async #take(wanted: number): Promise<TakenSeats | Refusal | 'away'> {
    const { keeper, clock } = this.#options;
    let k = wanted;
    for (let tries = 1; ; tries++) {
      if (clock.monoMs() < this.#awayUntilMs || !keeper.isLeased) return 'away';
      const taken = await withinMs(TAKE_MS, keeper.takeOwn(k));
      if (taken === 'late' || ('code' in taken && taken.code.startsWith('registry.'))) {
        this.#awayUntilMs = clock.monoMs() + AWAY_MS;
        return 'away';
      }
      const free = keeper.book?.image?.free ?? 0;
      if (!('code' in taken) || taken.code !== 'agent.full' || free === 0 || tries === TRIES) return taken;
      k = Math.min(k, free);
    }
  }

  #admit({ claim, isSeen }: Waiting, taken: TakenSeats | Refusal | 'away', n: number): Entry {
    const { keeper, isCounted, capacity } = this.#options;
    if (taken === 'away') {
      const result = keeper.change((book) => admitOnReserve(book, claim, capacity()));
      return this.#began(result ?? refuse('agent.not-ready'), isSeen);
    }
    if ('code' in taken) return taken;
    const serial = taken.first + n;
    if (serial > taken.last) return refuse('agent.full');
    if (!isCounted) {
      const result = keeper.change((book) => admitFailover(book, claim, taken.gen, serial));
      return this.#began(result ?? refuse('agent.not-ready'), isSeen);
    }
    // The rise of the count activates the seat, like any other.
    const isNoted = keeper.change((book) => noteFailover(book, claim));
    return isNoted === undefined ? refuse('agent.not-ready') : { ok: true, resumed: false };
  }

  #began(result: Admission, isSeen: boolean): Entry {
    const { sessions, clock } = this.#options;
    if (result.ok) sessions.began(result.session, clock.monoMs(), isSeen);
    return result.ok || !result.direct ? result : refuse('agent.not-ready');
  }
}

/** The seats of a take that is late are not used by anybody: they expire. */
async function withinMs<T>(ms: number, promise: Promise<T>): Promise<T | 'late'> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(resolve, ms, 'late');
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
