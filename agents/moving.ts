import type { Clock } from '../core/ports.ts';
import type { Placement } from '../core/registry/row.ts';
import { fromBase64Url } from '../core/ticket/base64url.ts';
import type { ResponseFields } from '../core/wire/packet.ts';
import type { AskForSeat } from './next-seat.ts';

/** What a keepalive's answer says beyond "alive" to clients that shall go. */
export interface Move {
  /** Milliseconds until this server ends its sessions. */
  readonly movingMs: number;
  /** Where the client goes, and its seat there; absent until the door has given one. */
  readonly next?: Omit<ResponseFields, 'nonce'>;
}

export interface MovingOptions {
  readonly ask: AskForSeat;
  readonly placement: () => Placement | undefined;
  /** Whether this holder plays here; of a game that is only counted nobody knows, so it says yes. */
  readonly plays: (sub: string) => boolean;
  /** How long sessions may go on. */
  readonly drainMs: number;
  /** W: how long after it was asked for a seat may be handed over (docs/SEATS.md, "Moving"). */
  readonly holdMs: number;
  readonly clock: Pick<Clock, 'monoMs'>;
  readonly onError: (error: unknown) => void;
}

/** The machine (its game, a signal), or the operator by the registry. */
type DrainedBy = 'machine' | 'operator';

/** The seat of one client, or the time from which the door may be asked again. */
interface Place {
  readonly next?: Omit<ResponseFields, 'nonce'>;
  readonly untilMs: number;
}

/** Requests under way: a crowd's keepalives must not become a crowd's connections. */
const MAX_ASKING = 16;
const RETRY_MS = 2_000;

/**
 * A server that drains sends its clients on, and any other so many as the operator wants elsewhere, each with a seat on the
 * next server already taken: at a client's keepalive the door is asked, and the next keepalive is answered with what it gave.
 * One seat at a time for each session; the old one counts until its session ends, and a new one that is not used expires.
 */
export class Moving {
  readonly #options: MovingOptions;
  readonly #places = new Map<string, Place>();
  readonly #asking = new Set<string>();
  readonly #drainedBy = new Set<DrainedBy>();
  /** Clients that are sent off although the server does not drain, and until when. */
  readonly #leaving = new Map<string, number>();
  /** So many more of those who play shall leave. */
  #toSend = 0;
  #endsAtMs: number | undefined;

  constructor(options: MovingOptions) {
    this.#options = options;
  }

  /** Nobody new comes in, and who plays goes. */
  get isOn(): boolean {
    return this.#endsAtMs !== undefined;
  }

  begin(by: DrainedBy = 'machine'): void {
    this.#drainedBy.add(by);
    this.#endsAtMs ??= this.#options.clock.monoMs() + this.#options.drainMs;
  }

  /** Who asked for it takes it back; it goes on while the other one wants it. */
  end(by: DrainedBy = 'machine'): void {
    if (!this.#drainedBy.delete(by) || this.#drainedBy.size > 0) return;
    this.#endsAtMs = undefined;
    this.#places.clear();
  }

  /** The next `count` who send a keepalive go elsewhere, each when there is a seat for it; who is left plays on. */
  sendOff(count: number): void {
    this.#toSend += count;
  }

  /** @param sub who sends the keepalive, if he says so */
  of(sub: string | undefined, family: 4 | 6): Move | undefined {
    if (this.#endsAtMs !== undefined) return this.#tell(this.#endsAtMs, sub, family);
    const endsAtMs = sub === undefined ? undefined : this.#leavingUntil(sub);
    const move = endsAtMs === undefined ? undefined : this.#tell(endsAtMs, sub, family);
    // Nothing ends here: as long as there is no seat elsewhere the client need not know.
    return move?.next && move;
  }

  /** Until when this one shall have left; undefined if he may stay. */
  #leavingUntil(sub: string): number | undefined {
    const { plays, clock, drainMs } = this.#options;
    const nowMs = clock.monoMs();
    const untilMs = this.#leaving.get(sub);
    if (untilMs !== undefined && nowMs < untilMs && plays(sub)) return untilMs;
    this.#leaving.delete(sub);
    if (this.#toSend === 0 || !plays(sub)) return undefined;
    this.#toSend--;
    this.#leaving.set(sub, nowMs + drainMs);
    return nowMs + drainMs;
  }

  #isLeaving(sub: string): boolean {
    return this.isOn || this.#leaving.has(sub);
  }

  #tell(endsAtMs: number, sub: string | undefined, family: 4 | 6): Move {
    const nowMs = this.#options.clock.monoMs();
    const movingMs = Math.max(0, Math.round(endsAtMs - nowMs));
    if (sub === undefined || !this.#options.plays(sub)) return { movingMs };
    const key = `${family} ${sub}`;
    const place = this.#places.get(key);
    if (place && nowMs < place.untilMs) return { movingMs, ...(place.next && { next: place.next }) };
    this.#places.delete(key);
    void this.#ask(key, sub, family);
    return { movingMs };
  }

  async #ask(key: string, sub: string, family: 4 | 6): Promise<void> {
    const { ask, placement, clock, holdMs, onError } = this.#options;
    const client = fromBase64Url(sub);
    const from = placement();
    if (!client || !from || this.#asking.has(key) || this.#asking.size >= MAX_ASKING) return;
    this.#asking.add(key);
    const askedAtMs = clock.monoMs();
    try {
      const answer = await ask(client, family, from);
      if (!this.#isLeaving(sub)) return;
      if ('ticket' in answer) this.#places.set(key, { next: fieldsOf(answer), untilMs: askedAtMs + holdMs });
      else if ('retryAfterMs' in answer) this.#places.set(key, { untilMs: clock.monoMs() + answer.retryAfterMs });
    } catch (error) {
      this.#places.set(key, { untilMs: clock.monoMs() + RETRY_MS });
      onError(error);
    } finally {
      this.#asking.delete(key);
      this.#forgetOld();
    }
  }

  #forgetOld(): void {
    const nowMs = this.#options.clock.monoMs();
    for (const [key, { untilMs }] of this.#places) if (untilMs <= nowMs) this.#places.delete(key);
    for (const [sub, untilMs] of this.#leaving) if (untilMs <= nowMs) this.#leaving.delete(sub);
  }
}

/** What the door said, but for what belongs to that one request. */
function fieldsOf(answer: ResponseFields): Omit<ResponseFields, 'nonce'> {
  const { address, ticket, server, ports, otherAddress, keepalive, alternates } = answer;
  return { address, ticket, server, ports, otherAddress, keepalive, alternates };
}
