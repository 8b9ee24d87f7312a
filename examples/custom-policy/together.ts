/**
 * A policy of your own: players want company. Whoever comes is put beside the most others, as long as that server is not
 * 80 % full; from then on, and where nobody plays yet, two random servers are compared and the emptier one is taken.
 *
 * To deploy it, name it in onedoor.policies.ts and in onedoor.config.ts:
 *
 *     export const policies: OwnPolicies = { 'own:together': () => together() };
 *     export const config: DeployInput = { deployment: 'arena', runtime: { policy: 'own:together' } };
 */
import type { Pool } from '../../core/registry/roster.ts';
import { hasSeat } from '../../core/select/availability.ts';
import type { PickQuery, Policy } from '../../core/select/policy.ts';
import { twoChoices } from '../../core/select/two-choices.ts';

const CROWDED = 0.8;

export function together(): Policy {
  const otherwise = twoChoices();
  return {
    name: 'own:together',
    sticky: false,
    wholeApp: false,
    pick: (pool, query) => {
      const busiest = busiestWithRoom(pool, query);
      return busiest === -1 ? otherwise.pick(pool, query) : busiest;
    },
  };
}

/** It looks at every server of the pool: fine for hundreds, too slow for tens of thousands. */
function busiestWithRoom({ view, members }: Pool, { allowed }: PickQuery): number {
  let best = -1;
  let bestUse = 0;
  for (const index of members) {
    const capacity = view.capacity[index]!;
    const use = (capacity - view.free[index]!) / capacity;
    if (use <= bestUse || use >= CROWDED || !hasSeat(view, index, allowed)) continue;
    best = index;
    bestUse = use;
  }
  return best;
}
