import { OnedoorError } from '../../core/errors.ts';

/** What a game says of itself. */
export interface LoadReading {
  /** Players (or registered phones, participants) on it now; bots do not count. */
  readonly sessions: number;
  /** Most sessions, where the game tells. */
  readonly capacity?: number;
  /** Names, where the game tells: at most 255, for people. */
  readonly participants?: readonly string[];
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
const MAX_NAME_CHARACTERS = 32;

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
  answer: { readonly sessions?: unknown; readonly capacity?: unknown; readonly participants?: unknown },
): LoadReading {
  const { sessions, capacity, participants } = answer;
  if (!isCount(sessions)) throw queryFailed(adapter, `\`sessions\` must be a count, got: ${JSON.stringify(sessions)}.`);
  return {
    sessions,
    ...(isCount(capacity) && { capacity }),
    ...(Array.isArray(participants) && { participants: names(participants) }),
  };
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_COUNT;
}

function names(participants: readonly unknown[]): string[] {
  return participants
    .slice(0, MAX_PARTICIPANTS)
    .filter((name) => typeof name === 'string' && name !== '')
    .map((name) => [...(name as string).slice(0, 4 * MAX_NAME_CHARACTERS)].slice(0, MAX_NAME_CHARACTERS).join(''));
}
