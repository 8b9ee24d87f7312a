import { replay, snapshot } from '../../core/registry/journal.ts';
import type { SeatFields } from '../../core/registry/row.ts';
import type { SeatBook } from '../../core/registry/seat-book.ts';
import { DEFAULT_TIMING } from '../../core/registry/timing.ts';
import type { SeatRules } from './seat-rules.ts';
import { type AgentState, bookText, journalText, type SeatState } from './seat-state.ts';

/** The life whose tickets count, also while the agent is dead: then it is in its journal. */
function memoryOf({ book, journal }: AgentState): Pick<SeatBook, 'gens' | 'floor' | 'used'> {
  return book ?? replay(journal);
}

/** Seats out that an agent would let in: by serial, which an assigner may know under two lives. */
function lets(agent: AgentState, { tickets, own, rival }: SeatState): number {
  const { gens, floor, used } = memoryOf(agent);
  const out = new Set<number>();
  const taken = own || rival?.own ? [...tickets, own, rival?.own].flatMap((seat) => seat ?? []) : tickets;
  for (const { gen, serial } of taken) {
    if (serial > floor && gens.includes(gen) && !used.has(serial)) out.add(serial);
  }
  return out.size;
}

/** Seats that somebody may still be let in on. */
export function mayCome(state: SeatState, rules: SeatRules): number {
  const { rival } = state;
  const beside = rival && rules.isLeased(rival.provenAtMs, state.nowMs, DEFAULT_TIMING) ? lets(rival, state) : 0;
  return lets(state, state) + beside;
}

/** Marks at or below the floor can move nothing, and when they arrived is free; what was sent on an older beat is over. */
function settledBook({ sent, ...book }: SeatBook): SeatBook {
  const issued = [...new Set(book.marks.map((mark) => mark.issued).filter((serial) => serial > book.floor))];
  return {
    ...book,
    ...(book.image && { image: { ...book.image, last: '' } }),
    ...(sent && sent.beat === book.image?.beat && { sent }),
    marks: issued.map((serial, index) => ({ atMs: index, issued: serial })),
  };
}

function settledAgent<A extends AgentState>(agent: A): A {
  const { settled: last } = agent;
  if (agent.book === last.book && agent.journal === last.journal) return agent;
  const book = agent.book && agent.book !== last.book ? settledBook(agent.book) : agent.book;
  const journal = agent.journal === last.journal ? last.journal : snapshot(replay(agent.journal));
  const memory = {
    book,
    bookText: book === last.book ? last.bookText : book ? bookText(book) : '-',
    journal,
    journalText: journal === last.journal ? last.journalText : journalText(journal),
  };
  return { ...agent, book, journal, settled: memory };
}

/** Drops what can change nothing any more, and gives equal things equal names. */
export function settled(before: SeatState, rules: SeatRules): SeatState {
  const state = settledAgent(before);
  const rival = state.rival?.book && settledAgent(state.rival);
  const memories = [memoryOf(state), ...(rival ? [memoryOf(rival)] : [])];
  const names = new Map(state.retries.map(({ command }, index) => [command.token, `t${index}`]));
  const seats = (of: SeatFields): SeatFields => ({ ...of, last: names.get(of.last) ?? '' });
  const next: SeatState = {
    ...state,
    rival,
    row: state.row && seats(state.row),
    tickets: state.tickets.filter(({ gen, serial }) =>
      memories.some(({ gens, floor }) => serial > floor && gens.includes(gen)),
    ),
    retries: state.retries.map(({ command, copies }, index) => ({
      command: { ...command, token: `t${index}` },
      copies,
    })),
  };
  return { ...next, sum: (next.row?.free ?? 0) + next.playing.length + mayCome(next, rules) };
}
