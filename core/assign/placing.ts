import { type Refusal, refuse } from '../errors.ts';
import type { RosterView } from '../registry/roster.ts';
import { type Choice, choicesFor, type GroupFallback } from '../select/choices.ts';
import type { PickQuery, Policy } from '../select/policy.ts';
import { createPools } from '../select/pools.ts';
import type { AssignRequest, Explanation } from './types.ts';

/** A server that this request tried in vain, and the code of the refusal. */
export interface Tried {
  readonly id: string;
  readonly code: string;
}

export interface PlacingOptions {
  readonly policy: Policy;
  /** The app of requests that name none. */
  readonly defaultApp?: string;
  readonly groupFallback?: GroupFallback;
}

/** When to ask again after everything was full. */
export const RETRY_FULL_MS = 2_000;

/**
 * Where a request may go in `view`, in the order of preference, with what it tried in vain left out.
 * @param slotZeroOnly a classic answer carries no port, so that it can name slot 0 alone
 */
export function choicesOf(
  options: PlacingOptions,
  view: RosterView,
  request: AssignRequest,
  tried: readonly Tried[],
  slotZeroOnly = false,
): readonly Choice[] | Refusal {
  const app = request.app ?? options.defaultApp;
  if (app === undefined) return refuse('assign.unknown-app', { detail: 'no app named and no default app configured' });
  const { world, group, labels, pick } = request;
  const found = choicesFor(
    options.policy,
    createPools(view),
    { app, ...(world === undefined ? {} : { world }), ...(group === undefined ? {} : { group }) },
    {
      family: request.family,
      slotZeroOnly,
      avoid: tried.length === 0 ? request.avoid : [...request.avoid, ...tried.map(({ id }) => id)],
      ...(labels ? { labels } : {}),
    },
    options.groupFallback,
  );
  if (!found.ok) {
    // The default app is known by configuration; that it has no server yet is no mistake of the client.
    const empty = found.code === 'assign.unknown-app' && app === options.defaultApp;
    return empty ? refuse('assign.no-capacity', { retryAfterMs: RETRY_FULL_MS }) : found;
  }
  if (pick === undefined) return found.choices;
  const index = view.indexOf.get(pick);
  return found.choices.map(({ pool, allowed }) => ({ pool, allowed: (at) => at === index && allowed(at) }));
}

/** The policy's pick in the first choice that has one, or -1. */
export function pickFrom(policy: Policy, choices: readonly Choice[], query: Omit<PickQuery, 'allowed'>): number {
  for (const { pool, allowed } of choices) {
    const index = policy.pick(pool, { ...query, allowed });
    if (index >= 0) return index;
  }
  return -1;
}

/** The same choices, less the servers that have fewer than k free seats. */
export function withSeats(choices: readonly Choice[], k: number): readonly Choice[] {
  return choices.map(({ pool, allowed }) => ({ pool, allowed: (at) => pool.view.free[at]! >= k && allowed(at) }));
}

/** How many servers of the widest choice could be had at this moment. */
function countCandidates(choices: readonly Choice[]): number {
  const widest = choices.at(-1);
  if (!widest) return 0;
  const { view, members } = widest.pool;
  let count = 0;
  for (const at of members) if (view.open[at] === 1 && view.free[at]! > 0 && widest.allowed(at)) count++;
  return count;
}

/** Why this server: the widest choice as it was, and what was tried before. */
export function explain(
  options: PlacingOptions & { readonly roster: { ageMs(): number } },
  choices: readonly Choice[],
  refused: readonly Tried[],
  fromStock: boolean,
): Explanation {
  return {
    policy: options.policy.name,
    candidates: countCandidates(choices),
    rosterVersion: choices.at(-1)?.pool.view.version ?? 0,
    rosterAgeMs: Math.round(options.roster.ageMs()),
    refused,
    fromStock,
  };
}
