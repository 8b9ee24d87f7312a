import { OnedoorError } from '../../core/errors.ts';

/** What a game says of itself. */
export interface LoadReading {
  /** Players (or registered phones, participants) on it now; bots do not count. */
  readonly sessions: number;
  /** Most sessions, where the game tells. */
  readonly capacity?: number;
  /** Names, where the game tells: at most 255, for people. */
  readonly participants?: readonly string[];
  /** The session in progress in the app's own words (SDP, JSON, …), where the game tells: at most 512 bytes. */
  readonly description?: string;
  /** Age of the answer when it was given, where that is not 0. */
  readonly ageMs?: number;
}

/** Asks one game server how many are on it. */
export interface LoadAdapter {
  readonly name: string;
  /** Rejects with OnedoorError `load.query-failed`, whatever the game answers, and soon if it does not. */
  query(): Promise<LoadReading>;
}

/** Where the game is asked. */
export interface GameAddress {
  /** Numeric. */
  readonly address: string;
  readonly port: number;
}

/** A game beside its agent answers at once or not at all; and 2 s without an answer is a dead game. */
export const QUERY_TIMEOUT_MS = 300;
/** More is no count of players but a misread packet. */
const MAX_COUNT = 65_535;
const MAX_PARTICIPANTS = 255;
/** As in a lobby page (docs/PROTOCOL.md section 8). */
const MAX_NAME_BYTES = 32;
const MAX_DESCRIPTION_BYTES = 512;

/** The one error of a load query; `reason` is for people. */
export function queryFailed(adapter: string, reason: string, cause?: unknown): OnedoorError {
  return new OnedoorError('load.query-failed', { adapter, reason }, cause === undefined ? {} : { cause });
}

/**
 * Brings an answer, which may be anything, into shape.
 * @throws OnedoorError if `sessions` is no count; other parts that are wrong are left out
 */
export function toReading(
  adapter: string,
  answer: Readonly<Partial<Record<'sessions' | 'capacity' | 'participants' | 'description', unknown>>>,
): LoadReading {
  const { sessions, capacity, participants, description } = answer;
  if (!isCount(sessions)) throw queryFailed(adapter, `\`sessions\` must be a count, got: ${JSON.stringify(sessions)}.`);
  return {
    sessions,
    ...(isCount(capacity) && { capacity }),
    ...(Array.isArray(participants) && { participants: names(participants) }),
    // Half a description would be none: an SDP or JSON text that is cut cannot be read.
    ...(typeof description === 'string' && fits(description) && { description }),
  };
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_COUNT;
}

function fits(description: string): boolean {
  return description.isWellFormed() && Buffer.byteLength(description) <= MAX_DESCRIPTION_BYTES;
}

function names(participants: readonly unknown[]): string[] {
  return participants
    .slice(0, MAX_PARTICIPANTS)
    .filter((name) => typeof name === 'string')
    .map(cut)
    .filter((name) => name !== '');
}

/** Whole characters of at most 32 bytes; what is no text in Unicode (half a surrogate pair) gets a mark. */
function cut(name: string): string {
  const bytes = Buffer.from(name.slice(0, MAX_NAME_BYTES));
  let end = Math.min(bytes.length, MAX_NAME_BYTES);
  while (end < bytes.length && ((bytes[end] as number) & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end);
}
