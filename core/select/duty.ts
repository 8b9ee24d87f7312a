import { fnv1a64, type Hash64, mix32 } from './hash.ts';

/** Who answers where several doors get one request: docs/DOORS.md. */
export type DutyName = 'active' | 'standby' | 'all-receive';

/** The words that a configuration may use. */
export const DUTY_NAMES: readonly DutyName[] = ['active', 'standby', 'all-receive'];

/** Whether this door answers a request. */
export interface Duty {
  /**
   * @param key what every copy of the request has alike: the nonce, or of a classic request the source address
   * @param protocol over TCP the client has chosen its door by connecting
   */
  answers(key: Uint8Array, protocol: 6 | 17): boolean;
}

const TCP = 6;

/** Every door that gets a request answers it. */
export const ALWAYS: Duty = { answers: () => true };

/**
 * `standby`: the first living door of the list answers, the others wait. `all-receive`: each request has one owner among
 * the living doors, by rendezvous hashing (docs/decisions/0010-rendezvous-hash.md) of its key and the doors' names, so
 * that a door that dies leaves its share to all others and moves nobody else's.
 * @param doors the same list, in the same order, at every door
 * @param self index of this door
 * @param isLive whether the door of that index answers; of `self`, whether this one can
 */
export function createDuty(deps: {
  readonly duty: DutyName;
  readonly doors: readonly string[];
  readonly self: number;
  readonly isLive: (door: number) => boolean;
}): Duty {
  const { duty, doors, self, isLive } = deps;
  if (duty === 'active') return ALWAYS;
  const indices = [...doors.keys()];
  if (duty === 'standby') return { answers: () => indices.find(isLive) === self };
  const encoder = new TextEncoder();
  const hashes = doors.map((door) => fnv1a64(encoder.encode(door)));
  return {
    answers(key, protocol) {
      if (!isLive(self)) return false;
      if (protocol === TCP) return true;
      const hash = fnv1a64(key);
      const own = score(hash, hashes[self]!);
      return indices.every((door) => door === self || !isLive(door) || isBehind(score(hash, hashes[door]!), own, door));
    },
  };

  /** At a tie the first of the list owns the request. */
  function isBehind(theirs: number, own: number, door: number): boolean {
    return theirs < own || (theirs === own && door > self);
  }
}

function score(key: Hash64, door: Hash64): number {
  return mix32(mix32(key.low ^ door.low) ^ key.high ^ door.high);
}
