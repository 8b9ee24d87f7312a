/** What a command says: text for people, or with `--json` one JSON document (of `tail`: one a line). */
export interface Output {
  readonly json: boolean;
  /** A line for people; nothing with `--json`. */
  line(text?: string): void;
  /** The result for programs; nothing without `--json`. */
  data(value: unknown): void;
}

export function createOutput(json: boolean, write: (text: string) => void): Output {
  return {
    json,
    line: (text = '') => {
      if (!json) write(`${text}\n`);
    },
    data: (value) => {
      if (json) write(`${JSON.stringify(value)}\n`);
    },
  };
}

/** A column: its head, and the cell of a row. Numbers stand right, with so many digits behind the point. */
export interface Column<Row> {
  readonly head: string;
  readonly cell: (row: Row) => string | number;
  /** @default 0 */
  readonly digits?: number;
}

/** Rows under their heads, as wide as needed. */
export function tableLines<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string[] {
  const cells = rows.map((row) => columns.map(({ cell }) => cell(row)));
  const isNumber = columns.map((_, at) => cells.length > 0 && cells.every((row) => typeof row[at] === 'number'));
  const textOf = (cell: string | number, at: number): string =>
    typeof cell === 'number' ? cell.toFixed(columns[at]!.digits ?? 0) : cell;
  const shown = [columns.map(({ head }) => head), ...cells.map((row) => row.map(textOf))];
  const widths = columns.map((_, at) => Math.max(...shown.map((row) => row[at]!.length)));
  return shown.map((row) =>
    row
      .map((text, at) => (isNumber[at] ? text.padStart(widths[at]!) : text.padEnd(widths[at]!)))
      .join('  ')
      .trimEnd(),
  );
}
