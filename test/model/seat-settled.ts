import { replay, snapshot } from '../../core/registry/journal.ts';
import type { SeatFields } from '../../core/registry/row.ts';
import type { SeatBook } from '../../core/registry/seat-book.ts';
import type { SeatState } from './seat-state.ts';

/** The life whose tickets count, also while the agent is dead: then it is in its journal. */
function memoryOf({ book, journal }: SeatState): Pick<SeatBook, 'gens' | 'floor' | 'used'> {
  return book ?? replay(journal);
}

/** Seats out that would be let in: by serial, which an assigner may know under two lives. */
export function mayCome(state: SeatState): number {
  const { gens, floor, used } = memoryOf(state);
  const out = new Set<number>();
  for (const { gen, serial } of state.direct ? [...state.tickets, state.direct] : state.tickets) {
    if (serial > floor && gens.includes(gen) && !used.has(serial)) out.add(serial);
  }
  return out.size;
}

/** Drops what can change nothing any more, and gives equal things equal names. */
export function settled(state: SeatState): SeatState {
  const { gens, floor } = memoryOf(state);
  const names = new Map(state.retries.map(({ token }, index) => [token, `t${index}`]));
  const seats = (of: SeatFields): SeatFields => ({ ...of, last: names.get(of.last) ?? '' });
  const { book } = state;
  const issued = [...new Set(book?.marks.map((mark) => mark.issued).filter((serial) => serial > floor))];
  const next: SeatState = {
    ...state,
    row: state.row && seats(state.row),
    book: book && {
      ...book,
      ...(book.image && { image: { ...book.image, last: '' } }),
      marks: issued.map((serial, index) => ({ atMs: index, issued: serial })),
    },
    journal: snapshot(replay(state.journal)),
    tickets: state.tickets.filter(({ gen, serial }) => serial > floor && gens.includes(gen)),
    retries: state.retries.map((take, index) => ({ ...take, token: `t${index}` })),
  };
  return { ...next, sum: (next.row?.free ?? 0) + next.playing.length + mayCome(next) };
}
