import { hasSeat } from './availability.ts';
import type { Policy } from './policy.ts';

/**
 * The first server in the order of ids that has a free seat, so that the last ones empty and a fleet can scale in ("first
 * fit"). Slots of one machine stand together in that order: whole machines empty. The load is all on few servers by
 * design: with many doors without stock they meet at one row, which bears 1,000 writes a second.
 */
export function pack(): Policy {
  return {
    name: 'pack',
    sticky: false,
    wholeApp: false,
    pick({ view, members }, { allowed }) {
      for (let at = 0; at < members.length; at++) {
        const index = members[at]!;
        if (hasSeat(view, index, allowed)) return index;
      }
      return -1;
    },
  };
}
