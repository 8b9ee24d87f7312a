import { setTimeout as pause } from 'node:timers/promises';

/** Waits until `isSo` holds, looking every few ms; throws after `withinMs`. */
export async function until(isSo: () => boolean, withinMs = 10_000): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!isSo()) {
    if (performance.now() > endMs) throw new Error(`still not so after ${withinMs} ms: ${isSo}`);
    await pause(5);
  }
}
