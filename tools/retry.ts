import { setTimeout as delay } from 'node:timers/promises';

export interface RetryOptions {
  /** @default 4 */
  readonly tries?: number;
  /** Before the second try; twice as long before each further one. @default 2 s */
  readonly pauseMs?: number;
  /** Where to say what failed. @default console.log */
  readonly say?: (line: string) => void;
}

/** Tries until `attempt` succeeds, and says why each try failed; rejects with the reason of the last one. */
export async function retry<T>(
  what: string,
  attempt: (number: number) => Promise<T>,
  { tries = 4, pauseMs = 2_000, say = console.log }: RetryOptions = {},
): Promise<T> {
  for (let number = 1; ; number++) {
    try {
      return await attempt(number);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (number >= tries) throw new Error(`${what} failed ${tries} times, the last time: ${reason}`, { cause: error });
      const waitMs = pauseMs * 2 ** (number - 1);
      say(`     ${what}: try ${number} of ${tries} failed, again in ${waitMs / 1000} s: ${reason}`);
      await delay(waitMs);
    }
  }
}
