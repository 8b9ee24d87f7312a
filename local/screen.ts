import type { RegistryStore } from '../core/ports.ts';
import { describeEvent, type LocalEvent } from './events.ts';
import { renderTable, type TableRow, tableRow } from './table.ts';

/** The live picture for people: the table, and the last events under it. On a terminal it is drawn in place. */
export interface Screen {
  event(event: LocalEvent): void;
  stop(): void;
}

const DRAW_MS = 1_000;
/** Rows are read more often than drawn, or the age of a beat would be as coarse as the drawing. */
const WATCH_MS = 200;
/** Without a terminal (a pipe, a log file) the table comes seldom. */
const DRAW_PLAIN_MS = 10_000;
const SHOWN_EVENTS = 8;
const CLEAR_TO_END = '\x1b[J';

export function startScreen(
  header: readonly string[],
  store: RegistryStore,
  out: NodeJS.WriteStream & { readonly isTTY?: boolean },
): Screen {
  const live = out.isTTY === true;
  const events: string[] = [];
  const seen = new Map<string, { readonly beat: number; readonly atMs: number }>();
  let drawnLines = 0;

  const age = (key: string, beat: number): number => {
    const known = seen.get(key);
    const nowMs = performance.now();
    if (known?.beat === beat) return nowMs - known.atMs;
    seen.set(key, { beat, atMs: nowMs });
    return 0;
  };

  let table: readonly TableRow[] = [];
  const watch = async (): Promise<void> => {
    const rows = await store.list();
    table = rows.flatMap((row) => tableRow(row, row.seats ? age(row.key, row.seats.beat) : 0) ?? []);
  };

  const draw = (): void => {
    const lines = live ? [...renderTable(table), '', ...events.slice(-SHOWN_EVENTS)] : renderTable(table);
    if (live && drawnLines > 0) out.write(`\x1b[${drawnLines}A\r${CLEAR_TO_END}`);
    out.write(`${lines.join('\n')}\n`);
    drawnLines = lines.length;
  };

  out.write(`${header.join('\n')}\n\n`);
  // While the registry does not answer, the last picture stays.
  const watching = setInterval(() => void watch().catch(() => {}), WATCH_MS);
  const drawing = setInterval(draw, live ? DRAW_MS : DRAW_PLAIN_MS);
  void watch().then(draw, draw);
  return {
    event(event) {
      const line = `${new Date().toISOString().slice(11, 19)}  ${describeEvent(event)}`;
      events.push(line);
      if (events.length > SHOWN_EVENTS) events.shift();
      if (!live && event.event !== 'ready') out.write(`${line}\n`);
    },
    stop() {
      clearInterval(watching);
      clearInterval(drawing);
    },
  };
}
