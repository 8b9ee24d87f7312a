import type { ErrorCode } from '../errors.ts';
import { ServerWatch, type WatchOutcome } from './server-watch.ts';
import type { Endpoint, Grant, LossReason, SessionShared } from './types.ts';

export type SessionOutcome =
  /** `joining`: where the server has sent this client already, not confirmed yet. */
  | { readonly kind: 'lost'; readonly reason: LossReason; readonly code?: ErrorCode; readonly joining?: ServerWatch }
  /** The server that this one named has taken the client in. */
  | { readonly kind: 'moved'; readonly to: ServerWatch };

/**
 * A client's session on its server: the watch over it and, once that server says that it is going away, the way over to
 * the one it names. The session here goes on until that one has accepted the client (docs/PROTOCOL.md, "States").
 */
export class ServerSession {
  readonly watch: ServerWatch;
  readonly #shared: SessionShared;
  #joining: ServerWatch | undefined;
  /** What the application was told: nothing, that its server goes away, or also that another one is known. */
  #told: 'nothing' | 'moving' | 'named' = 'nothing';

  constructor(shared: SessionShared, watch: ServerWatch) {
    this.#shared = shared;
    this.watch = watch;
  }

  get wakeAtMs(): number {
    return Math.min(this.watch.wakeAtMs, this.#joining?.wakeAtMs ?? Number.POSITIVE_INFINITY);
  }

  tick(nowMs: number): SessionOutcome | undefined {
    const joined = this.#settleJoining(this.#joining?.tick(nowMs));
    return joined ?? this.#settle(this.watch.tick(nowMs), nowMs);
  }

  packet(channel: number, from: Endpoint, bytes: Uint8Array, nowMs: number): SessionOutcome | undefined {
    const joined = this.#settleJoining(this.#joining?.packet(channel, from, bytes, nowMs));
    return joined ?? this.#settle(this.watch.packet(channel, from, bytes, nowMs), nowMs);
  }

  failed(channel: number, nowMs: number): void {
    this.#joining?.failed(channel, nowMs);
    this.watch.failed(channel, nowMs);
  }

  /** The application found the server dead. */
  reportLost(): SessionOutcome {
    return this.#lose({ reason: 'reported' });
  }

  /** Gives an unused seat back, here or where the way leads; the watch that waits for the answer, if there is any. */
  leave(nowMs: number): ServerWatch | undefined {
    const leaving = [this.#joining, this.watch].find((watch) => watch?.leave(nowMs));
    for (const watch of [this.#joining, this.watch]) if (watch !== leaving) watch?.end();
    return leaving;
  }

  #settle(outcome: WatchOutcome | undefined, nowMs: number): SessionOutcome | undefined {
    if (outcome?.kind === 'lost') return this.#lose(outcome);
    if (outcome?.kind === 'moving') this.#follow(outcome, nowMs);
    return undefined;
  }

  #lose(why: { reason: LossReason; code?: ErrorCode }): SessionOutcome {
    this.watch.end();
    const { reason, code } = why;
    return { kind: 'lost', reason, ...(code && { code }), ...(this.#joining && { joining: this.#joining }) };
  }

  /** One way at a time: the same seat is named again in every answer until the client has gone. */
  #follow({ endsInMs, grant }: { endsInMs?: number; grant?: Grant }, nowMs: number): void {
    const told = grant ? 'named' : 'moving';
    if (told !== this.#told) {
      this.#shared.push({ type: 'moving', ...(endsInMs !== undefined && { endsInMs }), named: told === 'named' });
    }
    this.#told = told;
    if (grant) this.#joining ??= new ServerWatch(this.#shared, grant, this.watch.via === 'tcp', nowMs);
  }

  #settleJoining(outcome: WatchOutcome | undefined): SessionOutcome | undefined {
    const joining = this.#joining;
    if (joining?.accepted) {
      this.watch.end();
      return { kind: 'moved', to: joining };
    }
    if (outcome) {
      joining?.end();
      this.#joining = undefined;
    }
    return undefined;
  }
}
