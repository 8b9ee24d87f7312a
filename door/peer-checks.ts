import { setTimeout as pause } from 'node:timers/promises';
import { createDoorWatch, type DoorWatch } from '../core/select/door-watch.ts';

const EVERY_MS = 500;
/** With three misses in a row: a door that vanished without a word is dead to the others within 5 s. */
const TIMEOUT_MS = 1_000;

/** Asks the health ports of the other doors of `doors` again and again, until `stop`. */
export interface PeerChecks extends Pick<DoorWatch, 'isLive'> {
  stop(): void;
}

export function startPeerChecks(doors: readonly string[], self: number): PeerChecks {
  const watch = createDoorWatch(doors.length);
  const stopped = new AbortController();
  const follow = async (door: string, index: number): Promise<void> => {
    while (!stopped.signal.aborted) {
      watch.heard(index, await isWell(door));
      await pause(EVERY_MS, undefined, { signal: stopped.signal }).catch(() => {});
    }
  };
  for (const [index, door] of doors.entries()) if (index !== self) void follow(door, index);
  return { isLive: watch.isLive, stop: () => stopped.abort() };
}

/** 200 from the same health port that a load balancer asks: roster there, UDP loop alive, not stopping. */
async function isWell(door: string): Promise<boolean> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  try {
    return (await fetch(`http://${door}/healthz`, { method: 'HEAD', signal })).ok;
  } catch {
    return false;
  }
}
