import type { RosterView } from '../../../core/registry/roster.ts';
import type { SeatFields, ServerRow } from '../../../core/registry/row.ts';
import { aServer } from '../../support/builders.ts';

type Options = Parameters<typeof aServer>[0];

/** A verified row with the seats of a ready server of 10; say only what the test is about. */
export function aRow(options: Options = {}): ServerRow {
  const { key, server, status } = aServer(options);
  const { gen, free, capacity, sessions, state, beat, suspect } = status;
  const seats: SeatFields = { free, issued: 100, beat, gen, last: '', capacity, state, hb: 0, sessions };
  return { key, suspect, seats, placement: server };
}

/** `count` rows `s-00000.0`, `s-00001.0`, ... */
export function rows(count: number, options: (n: number) => Options = () => ({})): ServerRow[] {
  return Array.from({ length: count }, (_, n) => aRow({ id: `s-${String(n).padStart(5, '0')}.0`, ...options(n) }));
}

/** The row after its agent's next beat. */
export function beaten(row: ServerRow, change: Partial<SeatFields> = {}): ServerRow {
  return { ...row, seats: { ...row.seats!, beat: row.seats!.beat + 1, ...change } };
}

/** Ids of the servers that may be given out. */
export function openIds(view: RosterView): string[] {
  return view.entries.filter((_, index) => view.open[index] === 1).map((entry) => entry.server.id);
}
