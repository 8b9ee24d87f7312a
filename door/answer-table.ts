import type { AssignOutcome } from '../core/assign/types.ts';

/**
 * Answers of the last seconds by client and nonce, so that a repeated request gets the seat it already has. Of fixed
 * size: once half of it is new, the half before is forgotten.
 */
export interface AnswerTable {
  /** The answer under `key` if it is younger than the time to live. */
  find(key: string, nowMs: number): Promise<AssignOutcome> | undefined;
  keep(key: string, answer: Promise<AssignOutcome>, nowMs: number): void;
  /** Forgets `key`: a refusal is not worth repeating. */
  drop(key: string): void;
}

/** At 1,000 assignments a second, 16 s; a client stops repeating after a few seconds. */
const DEFAULT_ENTRIES = 16_384;

/** Two maps that only grow and are thrown away whole: taking the oldest out of one, for each that comes, costs more than all else here. */
export function createAnswerTable(ttlMs: number, entries = DEFAULT_ENTRIES): AnswerTable {
  let newer = new Map<string, Kept>();
  let older = new Map<string, Kept>();
  return {
    find(key, nowMs) {
      const found = newer.get(key) ?? older.get(key);
      return found && found.untilMs > nowMs ? found.answer : undefined;
    },
    keep(key, answer, nowMs) {
      if (newer.size >= entries / 2) {
        older = newer;
        newer = new Map();
      }
      newer.set(key, { answer, untilMs: nowMs + ttlMs });
    },
    drop(key) {
      newer.delete(key);
      older.delete(key);
    },
  };
}

interface Kept {
  readonly answer: Promise<AssignOutcome>;
  readonly untilMs: number;
}
