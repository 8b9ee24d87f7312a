import type { AssignOutcome } from '../core/assign/types.ts';

/**
 * Answers of the last seconds by client and nonce, so that a repeated request gets the seat it already has. Of fixed
 * size: a new entry takes the place of the oldest one.
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

export function createAnswerTable(ttlMs: number, entries = DEFAULT_ENTRIES): AnswerTable {
  const answers = new Map<string, { readonly answer: Promise<AssignOutcome>; readonly untilMs: number }>();
  return {
    find(key, nowMs) {
      const found = answers.get(key);
      return found && found.untilMs > nowMs ? found.answer : undefined;
    },
    keep(key, answer, nowMs) {
      answers.delete(key);
      if (answers.size >= entries) answers.delete(answers.keys().next().value as string);
      answers.set(key, { answer, untilMs: nowMs + ttlMs });
    },
    drop(key) {
      answers.delete(key);
    },
  };
}
