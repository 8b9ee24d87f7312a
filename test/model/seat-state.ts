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
  readonly restarts: number;
  /** Whether a restart may find its journal, and whether it may find none. */
  readonly withJournal: boolean;
  readonly withoutJournal: boolean;
  readonly capacityCuts: number;
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

/** One row, its agent, its game, and everything that is under way. Time is free: any mark may be old enough at any beat. */
export interface SeatState {
  readonly left: Budget;
  readonly row: SeatFields | undefined;
  /** Undefined: the agent is dead. */
  readonly book: SeatBook | undefined;
  readonly journal: readonly JournalEntry[];
  /** Lives so far; a life is its number. */
  readonly lives: number;
  /** What the operator wants. */
  readonly capacity: number;
  /** Who really plays, by session id, in order. */
  readonly playing: readonly string[];
  /** Seats that were taken and may still be shown. */
  readonly tickets: readonly Seat[];
  readonly retries: readonly TakeCommand[];
  readonly beats: readonly BeatOnItsWay[];
  /** The `beat` that the agent waits for an answer to. */
  readonly waitsFor: number | undefined;
  readonly answer: AnswerOnItsWay | undefined;
  /** A seat that the agent took itself for somebody without a ticket; its answer is under way. */
  readonly direct: (Seat & { readonly seats: SeatFields }) | undefined;
  /** `free` + who plays + who may come: computed once. */
  readonly sum: number;
}

function seatsKey(seats: SeatFields | undefined): string {
  if (!seats) return '-';
  const { free, issued, beat, gen, last, capacity, state } = seats;
  return `${free},${issued},${beat},${gen},${last},${capacity},${state[0]}`;
}

function bookKey(book: SeatBook | undefined): string {
  if (!book) return '-';
  const { gens, floor, used, sessions, marks, image, known } = book;
  const serials = [...used].sort((a, b) => a - b).join();
  const ids = [...sessions.keys()].sort().join();
  return `${gens.join()}|${floor}|${serials}|${ids}|${marks.map(({ issued }) => issued).join()}|${seatsKey(image)}|${known ? 1 : 0}`;
}

function entryKey(entry: JournalEntry): string {
  return Object.values(entry).join();
}

/** Equal for states that can do the same from now on. */
export function stateKey(state: SeatState): string {
  const { left, row, book, journal, capacity, playing, tickets, retries, beats, waitsFor, answer, direct } = state;
  return [
    `${left.takes}.${left.beats}.${left.directJoins}.${left.restarts}.${left.capacityCuts}.${left.cancels}.${left.rowsLost}`,
    seatsKey(row),
    bookKey(book),
    journal.map(entryKey).join(' '),
    `${capacity}.${state.lives}`,
    playing.join(),
    tickets.map(({ gen, serial }) => `${gen}:${serial}`).join(),
    retries.map(({ token, k }) => `${token}*${k}`).join(),
    beats
      .map(
        ({ command: c, copies }) =>
          `${c.gen}:${c.beat}${c.addFree < 0 ? '' : '+'}${c.addFree},${c.capacity},${c.sessions}*${copies}`,
      )
      .join(),
    `${waitsFor ?? '-'}`,
    answer ? `${answer.ok ? 1 : 0}${seatsKey(answer.seats)}` : '-',
    direct ? `${direct.gen}:${direct.serial}@${seatsKey(direct.seats)}` : '-',
  ].join(';');
}
