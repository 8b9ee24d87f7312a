import { type LifeStart, startLife } from '../../core/registry/agent-beat.ts';
import { applyCommand, type RowCommand, type WriteReply } from '../../core/registry/commands.ts';
import { type JournalState, replay } from '../../core/registry/journal.ts';
import type { JournalEntry } from '../../core/registry/journal-entry.ts';
import type { SeatFields, ServerRow } from '../../core/registry/row.ts';
import type { SeatTiming } from '../../core/registry/timing.ts';

/** Small numbers, so that a random search meets the boundaries: T is exactly W + A + tau, and a beat is one unit. */
export const SMALL_TIMING: SeatTiming = { holdMs: 2, activateMs: 3, handOverMs: 1, expireMs: 6, beatMs: 1 };

const KEY = 'SRV#AROAEXAMPLE:i-a#0';

export interface Claimed {
  readonly begin: LifeStart;
  readonly restored: JournalState | undefined;
  readonly seats: SeatFields;
}

/** What becomes of a write. */
interface Sent {
  readonly replyMs?: number | 'lost';
  readonly landed?: (reply: WriteReply) => void;
  readonly told?: (reply: WriteReply) => void;
}

/** One row behind a network that delays, loses and repeats, on a virtual clock. */
export class SeatNetwork {
  row: ServerRow | undefined;
  nowMs = 1_000;
  private waiting: { readonly atMs: number; readonly run: () => void }[] = [];
  private readonly land: (command: RowCommand) => WriteReply;
  private readonly afterEach: () => void;

  /**
   * @param afterEach runs after every single happening
   * @param land what a write does when it arrives; a world with a rule left out changes it
   */
  constructor(afterEach: () => void, land?: (command: RowCommand) => WriteReply) {
    this.afterEach = afterEach;
    this.land = land ?? ((command) => this.apply(command));
  }

  apply(command: RowCommand): WriteReply {
    const reply = applyCommand(KEY, this.row, command);
    if (reply.ok) this.row = reply.row;
    return reply;
  }

  /** Sends a write that lands after `landMs`; `landed` is the truth at once, `told` the reply `replyMs` later. */
  send(command: RowCommand, landMs: number, then: Sent = {}): void {
    const { replyMs = 0, landed, told } = then;
    this.later(landMs, () => {
      const reply = this.land(command);
      landed?.(reply);
      if (told && replyMs !== 'lost') this.later(replyMs, () => told(reply));
    });
  }

  /** The first write of a life, answered at once. Undefined: another life was quicker. */
  claim(journal: JournalEntry[], gen: string, wallMs: number): Claimed | undefined {
    const restored = journal.length > 0 ? replay(journal) : undefined;
    const begin = startLife(this.row, restored, gen, wallMs);
    journal.push(...begin.journal);
    const reply = this.apply(begin.command);
    return reply.ok && reply.row.seats ? { begin, restored, seats: reply.row.seats } : undefined;
  }

  later(ms: number, run: () => void): void {
    this.waiting.push({ atMs: this.nowMs + ms, run });
  }

  advance(ms: number): void {
    const until = this.nowMs + ms;
    for (;;) {
      const due = Math.min(until + 1, ...this.waiting.map(({ atMs }) => atMs));
      if (due > until) break;
      this.nowMs = Math.max(this.nowMs, due);
      const now = this.waiting.filter(({ atMs }) => atMs <= this.nowMs);
      this.waiting = this.waiting.filter(({ atMs }) => atMs > this.nowMs);
      for (const { run } of now) {
        run();
        this.afterEach();
      }
    }
    this.nowMs = until;
  }
}
