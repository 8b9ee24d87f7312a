import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from './report.ts';

const POLL_MS = 50;

/**
 * Looks again and again until `look` gives something.
 * @throws Failure that names what was waited for, and `seen` at the end
 */
export async function until<T>(
  what: string,
  withinMs: number,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  seen?: () => string,
): Promise<T> {
  const untilMs = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > untilMs) {
      throw new Failure(`not within ${withinMs / 1_000} s: ${what}${seen ? `; ${seen()}` : ''}`);
    }
    await delay(POLL_MS);
  }
}
