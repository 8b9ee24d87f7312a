import { oncePer } from '../once-per.ts';
import type { RosterView } from '../registry/roster.ts';
import { hasSeat } from './availability.ts';
import { pickPairByScan } from './pair-scan.ts';
import type { PickQuery, Policy } from './policy.ts';
import { twoChoices } from './two-choices.ts';

/** Servers that are so much farther than the nearest one are as near: pings of one path differ by more. */
const ALIKE_MS = 5;

/**
 * The servers with the lowest latency that the client measured, and among those that are within 5 ms of it the less loaded
 * of two draws. A server's own figure counts before its group's; servers without one come after all that have one. A
 * request without latencies gets `two-choices`.
 */
export function nearest(): Policy {
  const anywhere = twoChoices();
  return {
    name: 'nearest',
    sticky: false,
    wholeApp: false,
    pick(pool, query) {
      const { latencies, allowed, rng } = query;
      if (latencies === undefined) return anywhere.pick(pool, query);
      const { view, members } = pool;
      const far = farnessIn(view, latencies);
      let least = Number.POSITIVE_INFINITY;
      for (let at = 0; at < members.length; at++) {
        const index = members[at]!;
        if (far(index) < least && hasSeat(view, index, allowed)) least = far(index);
      }
      if (least === Number.POSITIVE_INFINITY) return anywhere.pick(pool, query);
      const isNear = (index: number) => far(index) <= least + ALIKE_MS && (allowed === undefined || allowed(index));
      return pickPairByScan(pool, { rng, allowed: isNear });
    },
  };
}

/** Group of each server as a number, and the groups in the order of these numbers. */
interface Groups {
  readonly names: readonly string[];
  readonly of: Uint16Array;
}

const groupsOf = oncePer(({ entries }: RosterView): Groups => {
  const names = [...new Set(entries.map(({ server }) => server.group))];
  const numbers = new Map(names.map((name, number) => [name, number]));
  return { names, of: Uint16Array.from(entries, ({ server }) => numbers.get(server.group)!) };
});

/** Latency by index in ms: infinite where nothing was measured. Names are looked up once, not for each server. */
function farnessIn(view: RosterView, latencies: NonNullable<PickQuery['latencies']>): (index: number) => number {
  const { names, of } = groupsOf(view);
  const byGroup = names.map((name) => (Object.hasOwn(latencies, name) ? latencies[name]! : Number.POSITIVE_INFINITY));
  const own = new Map<number, number>();
  for (const [name, ms] of Object.entries(latencies)) {
    const index = view.indexOf.get(name);
    if (index !== undefined) own.set(index, ms);
  }
  if (own.size === 0) return (index) => byGroup[of[index]!]!;
  return (index) => own.get(index) ?? byGroup[of[index]!]!;
}
