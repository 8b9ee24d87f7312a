import type { ServerRow } from '../core/registry/row.ts';

export interface TableRow {
  readonly id: string;
  readonly address: string;
  readonly sessions: number;
  readonly capacity: number;
  /** Seats taken and not free again: on their way to a session, or about to expire. */
  readonly reserved: number;
  readonly state: string;
  readonly beatAgeMs: number;
}

/** A row of the table from a registry row; `beatAgeMs` by the watcher's own clock. Undefined before it is verified. */
export function tableRow(row: ServerRow, beatAgeMs: number): TableRow | undefined {
  const { seats, placement } = row;
  if (!placement) return undefined;
  const address = `${placement.ipv4 ?? placement.ipv6 ?? '?'}:${placement.ports['game'] ?? '?'}`;
  if (!seats) return { id: placement.id, address, sessions: 0, capacity: 0, reserved: 0, state: 'enrolled', beatAgeMs };
  return {
    id: placement.id,
    address,
    sessions: seats.sessions,
    capacity: seats.capacity,
    reserved: Math.max(0, seats.capacity - seats.sessions - seats.free),
    state: row.suspect ? 'suspect' : seats.state,
    beatAgeMs,
  };
}

const COLUMNS: readonly { readonly title: string; readonly width: number; readonly text: (row: TableRow) => string }[] =
  [
    { title: 'server', width: 24, text: (row) => row.id },
    { title: 'game', width: 22, text: (row) => row.address },
    { title: 'sessions', width: 9, text: (row) => `${row.sessions}/${row.capacity}` },
    { title: 'reserved', width: 9, text: (row) => String(row.reserved) },
    { title: 'state', width: 10, text: (row) => row.state },
    { title: 'beat age', width: 9, text: (row) => `${(row.beatAgeMs / 1000).toFixed(1)} s` },
  ];

/** The table as lines of text, without colours: it must read the same in a log. */
export function renderTable(rows: readonly TableRow[]): string[] {
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => cell.padEnd(COLUMNS[at]!.width))
      .join(' ')
      .trimEnd();
  return [
    line(COLUMNS.map(({ title }) => title)),
    ...[...rows].sort((a, b) => (a.id < b.id ? -1 : 1)).map((row) => line(COLUMNS.map(({ text }) => text(row)))),
  ];
}
