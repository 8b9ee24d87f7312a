import type { SeatSession } from '../core/registry/journal-entry.ts';

/** A session as a game lists it. */
export interface ListedSession {
  readonly id: string;
  /** Whose it is, where the game was told. */
  readonly sub?: string;
}

interface Watched {
  readonly sub?: string;
  /** When its client or its game was last heard of. */
  heardAtMs: number;
  /** The game has had it. */
  isSeen: boolean;
  /** Since when a game that has had it no longer lists it. */
  missingSinceMs?: number;
}

/**
 * Lists on their way may be older than the answer to a join: a session counts as over only when every list of this long
 * is without it.
 */
const MISSING_MS = 2_000;

/**
 * Which sessions of a slot are really there. The game has the last word on those that it has had; a session that it
 * never saw (a client who activated its ticket and never came) ends after `silentMs` without a keepalive.
 */
export class SessionWatch {
  readonly #silentMs: number;
  readonly #byId = new Map<string, Watched>();
  /** Ids of each holder's sessions. */
  readonly #bySub = new Map<string, Set<string>>();

  constructor(silentMs: number) {
    this.#silentMs = silentMs;
  }

  began({ id, sub }: SeatSession, nowMs: number, isSeen: boolean): void {
    const known = this.#byId.get(id);
    if (known) {
      known.heardAtMs = nowMs;
      known.isSeen ||= isSeen;
      return;
    }
    this.#byId.set(id, { heardAtMs: nowMs, isSeen, ...(sub !== undefined && { sub }) });
    if (sub === undefined) return;
    const ids = this.#bySub.get(sub);
    if (ids) ids.add(id);
    else this.#bySub.set(sub, new Set([id]));
  }

  ended(id: string): void {
    const sub = this.#byId.get(id)?.sub;
    this.#byId.delete(id);
    if (sub === undefined) return;
    const ids = this.#bySub.get(sub);
    ids?.delete(id);
    if (ids?.size === 0) this.#bySub.delete(sub);
  }

  /**
   * A keepalive of this holder arrived. It speaks for the session that the game has; one beside it that the game never
   * saw (from before both were started again, say) must not live on by it.
   */
  heard(sub: string, nowMs: number): void {
    const theirs = [...(this.#bySub.get(sub) ?? [])].map((id) => this.#byId.get(id) as Watched);
    const plays = theirs.some(({ isSeen, missingSinceMs }) => isSeen && missingSinceMs === undefined);
    for (const watched of theirs) if (watched.isSeen || !plays) watched.heardAtMs = nowMs;
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  /** A session of this holder, if there is one. */
  of(sub: string): string | undefined {
    return this.#bySub.get(sub)?.values().next().value;
  }

  /** The game lists its sessions. Gives those that nobody has told of. */
  listed(sessions: readonly ListedSession[], nowMs: number): ListedSession[] {
    const here = new Set(sessions.map(({ id }) => id));
    for (const [id, watched] of this.#byId) {
      if (here.has(id)) {
        watched.isSeen = true;
        watched.heardAtMs = nowMs;
        delete watched.missingSinceMs;
      } else if (watched.isSeen) watched.missingSinceMs ??= nowMs;
    }
    return sessions.filter(({ id }) => !this.#byId.has(id));
  }

  /** Ids of sessions that are over; tell `ended` of each. To be asked only while the game lives. */
  over(nowMs: number): string[] {
    return [...this.#byId].flatMap(([id, { isSeen, heardAtMs, missingSinceMs = nowMs }]) =>
      (isSeen ? nowMs - missingSinceMs >= MISSING_MS : nowMs - heardAtMs >= this.#silentMs) ? [id] : [],
    );
  }
}
