import type { BeatCommand, TakeCommand } from '../../core/registry/commands.ts';
import type { JournalEntry } from '../../core/registry/journal-entry.ts';
import type { SeatFields } from '../../core/registry/row.ts';
import type { SeatBook } from '../../core/registry/seat-book.ts';

/** How often each thing may still happen. */
export interface Budget {
  /** Seats that assigners take, one or two at a time. */
  readonly takes: number;
  /** Writes of the agent. */
  readonly beats: number;
  readonly directJoins: number;
  /** Tries of clients of lost servers. */
  readonly failovers: number;
  readonly restarts: number;
  /** Whether a restart may find its journal, and whether it may find none. */
  readonly withJournal: boolean;
  readonly withoutJournal: boolean;
  /** Whether the life before goes on beside one that starts without its journal: the lock was broken. */
  readonly isSplit: boolean;
  /** Times that the operator lowers the capacity, or sets it back. */
  readonly capacityChanges: number;
  readonly cancels: number;
  /** Times that the row is deleted under a living agent. */
  readonly rowsLost: number;
  /** How often a write may land that was sent once. */
  readonly copies: number;
}

export interface Seat {
  readonly gen: string;
  readonly serial: number;
}

/** A seat that the agent took itself; the answer is under way. */
export interface OwnSeat extends Seat {
  readonly seats: SeatFields;
  /** For whom: a client of a lost server, by the `jti` of its ticket; absent: a direct join. */
  readonly jti?: string;
}

/** A take that may land once more. */
export interface Retry {
  readonly command: TakeCommand;
  readonly copies: number;
}

/** A write of the agent on its way. */
interface BeatOnItsWay {
  readonly command: BeatCommand;
  readonly copies: number;
}

/** The answer to what the agent waits for. */
export interface AnswerOnItsWay {
  readonly ok: boolean;
  readonly seats: SeatFields | undefined;
}

export interface AgentState {
  /** Undefined: the agent is dead. */
  readonly book: SeatBook | undefined;
  readonly journal: readonly JournalEntry[];
  /** The `beat` that the agent waits for an answer to. */
  readonly waitsFor: number | undefined;
  readonly answer: AnswerOnItsWay | undefined;
  readonly own: OwnSeat | undefined;
  /** As in core/registry/lease.ts. */
  readonly provenAtMs: number;
  readonly raisesFromMs: number;
  /** Book and journal as they were settled last, and their texts: most steps change neither. */
  readonly settled: SettledMemory;
}

interface SettledMemory {
  readonly book: SeatBook | undefined;
  readonly bookText: string;
  readonly journal: readonly JournalEntry[];
  readonly journalText: string;
}

export const NO_MEMORY: SettledMemory = { book: undefined, bookText: '-', journal: [], journalText: '' };

/** One row, its agent, its game, and everything that is under way. Time is free: any mark may be old enough at any beat. */
export interface SeatState extends AgentState {
  readonly left: Budget;
  readonly row: SeatFields | undefined;
  /** The agent of the life before, if it lives on. */
  readonly rival: AgentState | undefined;
  /** Since the claim beside a rival; only leases go by it. */
  readonly nowMs: number;
  /** Lives so far; a life is its number. */
  readonly lives: number;
  /** What the operator wants. */
  readonly capacity: number;
  /** Who really plays, by session id, in order. */
  readonly playing: readonly string[];
  /** Seats that were taken and may still be shown. */
  readonly tickets: readonly Seat[];
  readonly retries: readonly Retry[];
  readonly beats: readonly BeatOnItsWay[];
  /** `jti` of tickets that name this server as their alternate. */
  readonly strangers: readonly string[];
  /** Those of them that were let in as new, as far back as the journal must know. */
  readonly entered: readonly string[];
  /** One of them was let in as new twice. */
  readonly isTwice: boolean;
  /** `free` + who plays + who may come: computed once. */
  readonly sum: number;
}

export function seatsKey(seats: SeatFields | undefined): string {
  if (!seats) return '-';
  const { free, issued, beat, gen, last, capacity, state } = seats;
  return `${free},${issued},${beat},${gen},${last},${capacity},${state[0]}`;
}

export function bookText({ gens, floor, used, sessions, marks, image, known, sent, failovers }: SeatBook): string {
  const serials = [...used].sort((a, b) => a - b).join();
  const ids = [...sessions.keys()].sort().join();
  const way = sent ? `${sent.mostAdded}<${sent.leastCapacity}` : '';
  const jtis = failovers ? [...failovers.keys()].sort().join() : '';
  const issued = marks.map((mark) => mark.issued).join();
  return `${gens.join()}|${floor}|${serials}|${ids}|${issued}|${seatsKey(image)}|${known ? 1 : 0}|${way}|${jtis}`;
}

export function journalText(journal: readonly JournalEntry[]): string {
  return journal.map((entry) => Object.values(entry).join()).join(' ');
}

function agentKey({ settled, waitsFor, answer, own, raisesFromMs }: AgentState): string {
  return [
    settled.bookText,
    settled.journalText,
    `${waitsFor ?? '-'}.${raisesFromMs}`,
    answer ? `${answer.ok ? 1 : 0}${seatsKey(answer.seats)}` : '-',
    own ? `${own.gen}:${own.serial}@${seatsKey(own.seats)}${own.jti ?? ''}` : '-',
  ].join(';');
}

/** Equal for states that can do the same from now on. */
export function stateKey(state: SeatState): string {
  const { left, row, capacity, playing, tickets, retries, beats, rival, strangers, entered } = state;
  return [
    `${left.takes}.${left.beats}.${left.directJoins}.${left.restarts}.${left.capacityChanges}.${left.cancels}.${left.rowsLost}`,
    `${left.failovers}.${capacity}.${state.lives}.${state.nowMs}.${state.isTwice ? 1 : 0}`,
    seatsKey(row),
    agentKey(state),
    rival ? agentKey(rival) : '',
    playing.join(),
    tickets.map(({ gen, serial }) => `${gen}:${serial}`).join(),
    retries.map(({ command, copies }) => `${command.token}*${command.k}*${copies}`).join(),
    beats
      .map(
        ({ command: c, copies }) =>
          `${c.gen}:${c.beat}${c.addFree < 0 ? '' : '+'}${c.addFree},${c.capacity},${c.sessions}*${copies}`,
      )
      .join(),
    strangers.join(),
    entered.join(),
  ].join(';');
}
