import type { AnswerStore, KeptAnswer } from '../../core/ports.ts';

/** Answers in memory, for tests and benches. */
export function createMemoryAnswerStore(): AnswerStore {
  const answers = new Map<string, KeptAnswer>();
  return {
    find: async (key) => answers.get(key),
    async keep(key, answer, nowMs) {
      const there = answers.get(key);
      if (there && there.untilMs > nowMs) return there;
      answers.set(key, answer);
      return answer;
    },
  };
}
