/** Which doors of the list live, by the checks that this one makes. */
export interface DoorWatch {
  /** A check of the door at `index` was answered well, or not. */
  heard(index: number, isWell: boolean): void;
  isLive(index: number): boolean;
}

/** One lost check is no death: two doors would answer one request. */
const MISSES = 3;

/**
 * Every door counts as living until it misses three checks in a row, and again from its first good one. So a door that
 * comes (back) leaves the others their shares from the start: for a moment two may answer alike, never none for long.
 */
export function createDoorWatch(doors: number): DoorWatch {
  const misses = new Uint8Array(doors);
  return {
    heard(index, isWell) {
      misses[index] = isWell ? 0 : Math.min(MISSES, misses[index]! + 1);
    },
    isLive: (index) => misses[index]! < MISSES,
  };
}
