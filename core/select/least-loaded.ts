import { hasSeat, isLessLoaded } from './availability.ts';
import type { Policy } from './policy.ts';

/**
 * The server with the lowest (capacity - free) / capacity, any of them with equal chance at a tie: always the first would
 * send every door of an idle deployment to one server. Looks at every member. Best where one door assigns alone; with
 * several doors and a roster that is seconds old they all overrun the same server.
 */
export function leastLoaded(): Policy {
  return {
    name: 'least-loaded',
    sticky: false,
    wholeApp: false,
    byLoad: true,
    pick({ view, members }, { allowed, rng }) {
      let best = -1;
      let ties = 0;
      for (let at = 0; at < members.length; at++) {
        const index = members[at]!;
        if (!hasSeat(view, index, allowed)) continue;
        if (best === -1 || isLessLoaded(view, index, best)) {
          best = index;
          ties = 1;
        } else if (!isLessLoaded(view, best, index)) {
          ties += 1;
          if (rng.float() * ties < 1) best = index;
        }
      }
      return best;
    },
  };
}
