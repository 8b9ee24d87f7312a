import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Told {
  readonly fault: string;
  readonly events: readonly {
    readonly event?: unknown;
    readonly reason?: unknown;
    readonly code?: unknown;
  }[];
}

/** Keeps what a client told at each fault, as its column of the table that `npm run test:faults` prints. */
export function keepFaultColumn(client: string, told: readonly Told[]): void {
  const folder = join(import.meta.dirname, '../../.cache/faults');
  mkdirSync(folder, { recursive: true });
  const column = told.map(({ fault, events }) => [
    fault,
    events.map(({ event, reason, code }) => [event, code || reason].filter(Boolean).join(' ')),
  ]);
  writeFileSync(join(folder, `${client}.json`), JSON.stringify(Object.fromEntries(column)));
}
