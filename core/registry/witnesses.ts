import { parseRowKey, type ServerRow } from './row.ts';

/**
 * Where there are no gateways, servers' agents probe each other and each writes into its own row which servers it finds
 * silent (docs/DOORS.md, "Suspicion"). One agent's word is nothing: a server is suspect when two machines say so.
 */
const WITNESSES = 2;
/** What an agent writes that finds over half of its servers dark, and so believes itself cut off. */
export const CUT_OFF = '*';
/** A word is worth no more than the life behind it: three beats. */
const FRESH_MS = 15_000;
/** Each server is watched twice, so a machine sees about twice its share; who claims to see far more is not believed. */
const MOST_SHARES = 4;
const MOST_SEEN = 8;

/**
 * Ids of the servers that two living machines or more find silent. Nobody's, if that would be more than half of all: then it is
 * the witnesses' network that is broken, and the last list stays.
 * @param ageMs of a row's beat
 */
export function silentByWords(rows: readonly ServerRow[], ageMs: (row: ServerRow) => number): ReadonlySet<string> {
  const witnesses = rows.filter((row) => row.sees && row.seats && row.seats.state !== 'gone' && ageMs(row) < FRESH_MS);
  if (witnesses.length === 0) return new Set();
  const ready = rows.filter((row) => row.placement && row.seats?.state === 'ready' && ageMs(row) < FRESH_MS);
  const machines = new Set(ready.map(machineOf));
  const most = MOST_SEEN + (MOST_SHARES * ready.length) / Math.max(1, machines.size);
  const known = new Set(ready.map(({ placement }) => placement!.id));
  const words = new Map<string, Set<string>>();
  for (const row of witnesses) {
    const seen = (row.sees ?? []).filter((id) => known.has(id));
    if (seen.length > most) continue;
    for (const id of seen) words.set(id, (words.get(id) ?? new Set()).add(machineOf(row)));
  }
  const silent = ready.flatMap((row) => {
    const { id } = row.placement!;
    const by = words.get(id);
    // A machine does not judge itself.
    by?.delete(machineOf(row));
    return by && by.size >= WITNESSES ? [id] : [];
  });
  return new Set(silent.length > ready.length / 2 ? [] : silent);
}

function machineOf({ key }: ServerRow): string {
  return parseRowKey(key)?.machine ?? key;
}
