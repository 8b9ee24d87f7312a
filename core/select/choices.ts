import type { Refusal } from '../errors.ts';
import type { Pool } from '../registry/roster.ts';
import { allowedBy, type ServerFilter } from './filters.ts';
import type { Policy } from './policy.ts';
import type { Pools } from './pools.ts';

/** What a request says about where it wants to be. */
export interface PlaceRequest {
  readonly app: string;
  /** Absent: any world of the app. */
  readonly world?: string;
  /** Preferred group. Absent: any. */
  readonly group?: string;
}

/** Groups to try after a group that has nothing to give, best first; all others follow in the end. */
export type GroupFallback = Readonly<Record<string, readonly string[]>>;

/** Where to let the policy pick, and what it may pick there. */
export interface Choice {
  readonly pool: Pool;
  readonly allowed: (index: number) => boolean;
}

/**
 * The choices to try in this order until a pick succeeds: the preferred group, its fallback groups, then all groups. A
 * world is never left. Policies that count over the whole app get its pool every time, with world and group as filters.
 */
export function choicesFor(
  policy: Policy,
  pools: Pools,
  request: PlaceRequest,
  filter: ServerFilter,
  groupFallback: GroupFallback = {},
): { readonly ok: true; readonly choices: readonly Choice[] } | Refusal {
  const { app, world } = request;
  const everywhere = pools.pool(app, world);
  if (!everywhere.ok) return everywhere;
  const allowed = allowedBy(pools.view, filter);
  const choices: Choice[] = [];
  for (const group of groupOrder(request.group, groupFallback)) {
    const part = group === undefined ? everywhere : pools.pool(app, world, group);
    if (!part.ok) return part;
    if (!policy.wholeApp) choices.push({ pool: part.pool, allowed });
    else {
      const whole = pools.pool(app);
      if (!whole.ok) return whole;
      choices.push({ pool: whole.pool, allowed: within(pools, allowed, world, group) });
    }
  }
  return { ok: true, choices };
}

function groupOrder(group: string | undefined, fallback: GroupFallback): (string | undefined)[] {
  if (group === undefined) return [undefined];
  return [group, ...(Object.hasOwn(fallback, group) ? fallback[group]! : []), undefined];
}

function within(pools: Pools, allowed: Choice['allowed'], world: string | undefined, group: string | undefined) {
  if (world === undefined && group === undefined) return allowed;
  const { entries } = pools.view;
  return (index: number) => {
    const { server } = entries[index]!;
    return (
      (world === undefined || server.world === world) &&
      (group === undefined || server.group === group) &&
      allowed(index)
    );
  };
}
