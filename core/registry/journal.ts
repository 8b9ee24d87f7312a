import type { JournalEntry, SeatSession } from './journal-entry.ts';
import type { SeatBook } from './seat-book.ts';

/** What a journal replays to. */
export interface JournalState {
  readonly gens: readonly string[];
  readonly floor: number;
  readonly used: ReadonlySet<number>;
  readonly sessions: ReadonlyMap<string, SeatSession>;
  /** K of a counted-only game, if it was ever counted. */
  readonly k?: number;
  /** Tickets of lost servers that were let in, if there were any: until when each is remembered. */
  readonly failovers?: ReadonlyMap<string, number>;
}

/**
 * Lives kept in a journal. Those that count are the row's and the ones whose tickets may be out (T); between them may lie
 * every try of a claim that the registry did not take, one in `beatMs` at most: this many are twenty minutes of them.
 */
const KEPT_GENS = 256;

/** Entries without `v` are of this format, and all that it writes are. */
const JOURNAL_FORMAT = 1;

/** Replays entries; unknown ones are skipped, so that an older agent can read a newer journal. */
export function replay(entries: Iterable<JournalEntry>): JournalState {
  let floor = 0;
  let k: number | undefined;
  const gens: string[] = [];
  const used = new Set<number>();
  const sessions = new Map<string, SeatSession>();
  const failovers = new Map<string, number>();
  for (const entry of entries) {
    if (entry.t === 'gen') gens.push(entry.gen);
    else if (entry.t === 'floor') floor = Math.max(floor, entry.floor);
    else if (entry.t === 'used') used.add(entry.serial);
    else if (entry.t === 'out') sessions.delete(entry.id);
    else if (entry.t === 'count') k = entry.k;
    else if (entry.t === 'failover') failovers.set(entry.jti, entry.until);
    else if (entry.t === 'in') {
      const { t: _, ...session } = entry;
      sessions.set(session.id, session);
      if (session.serial !== undefined) used.add(session.serial);
    }
  }
  for (const serial of used) if (serial <= floor) used.delete(serial);
  return {
    gens: gens.slice(-KEPT_GENS),
    floor,
    used,
    sessions,
    ...(k === undefined ? {} : { k }),
    ...(failovers.size > 0 && { failovers }),
  };
}

/**
 * The shortest journal that replays to the same state. Of a book whose sessions are not known yet it is the floor alone:
 * with a `gen` a restart would go on from sessions and marks that nobody knows, as if they were the truth.
 */
export function snapshot(state: JournalState | SeatBook): JournalEntry[] {
  if ('known' in state && !state.known) return [{ t: 'floor', floor: state.floor }];
  const k = 'marks' in state ? state.counted?.k : state.k;
  const inSession = new Set([...state.sessions.values()].map((session) => session.serial));
  return [
    ...state.gens.map((gen): JournalEntry => ({ t: 'gen', gen })),
    { t: 'floor', floor: state.floor },
    ...[...state.used]
      .filter((serial) => !inSession.has(serial))
      .map((serial): JournalEntry => ({ t: 'used', serial })),
    ...[...state.sessions.values()].map((session): JournalEntry => ({ t: 'in', ...session })),
    ...(k === undefined ? [] : [{ t: 'count', k } as const]),
    ...[...(state.failovers ?? [])].map(([jti, until]): JournalEntry => ({ t: 'failover', jti, until })),
  ];
}

/**
 * A line of the journal; undefined where it is torn or of a kind that is not known and may be skipped. `newer`: it is of
 * a kind that nobody may skip (its `v` is above that of this version), as one that a later version wrote.
 */
export function parseEntry(line: string): JournalEntry | 'newer' | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const entry = value as Record<string, unknown>;
  const text = (name: string) => typeof entry[name] === 'string';
  const number = (name: string) => Number.isSafeInteger(entry[name]);
  const optional = (name: string, test: (name: string) => boolean) => entry[name] === undefined || test(name);
  const fits =
    (entry['t'] === 'gen' && text('gen')) ||
    (entry['t'] === 'floor' && number('floor')) ||
    (entry['t'] === 'used' && number('serial')) ||
    (entry['t'] === 'in' && text('id') && optional('serial', number) && optional('sub', text)) ||
    (entry['t'] === 'out' && text('id')) ||
    (entry['t'] === 'count' && number('k')) ||
    (entry['t'] === 'failover' && text('jti') && number('until'));
  if (number('v') && (entry['v'] as number) > JOURNAL_FORMAT) return 'newer';
  return fits ? (value as JournalEntry) : undefined;
}
