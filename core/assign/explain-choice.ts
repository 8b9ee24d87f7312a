import type { ErrorCode } from '../errors.ts';
import type { Rng } from '../ports.ts';
import { READY, type RosterView } from '../registry/roster.ts';
import type { Choice } from '../select/choices.ts';
import type { PickQuery } from '../select/policy.ts';
import { choicesOf, type PlacingOptions, pickFrom } from './placing.ts';
import type { AssignRequest } from './types.ts';

/** Which server a request would get now, and why. */
export interface ChoiceExplanation {
  readonly policy: string;
  /** The same client gets the same server as long as the roster stays. */
  readonly sticky: boolean;
  /** Short id; absent: none can be had. */
  readonly chosen?: string;
  /** Why there is none. */
  readonly code?: ErrorCode;
  /** Where it was looked for, in this order, up to the one that had something. */
  readonly steps: readonly { readonly where: string; readonly servers: number; readonly open: number }[];
  /** How often each was drawn, the most often first; one alone where the policy is sticky. */
  readonly shares: readonly {
    readonly id: string;
    readonly part: number;
    readonly free: number;
    readonly capacity: number;
  }[];
  /** Servers of the pool, in whatever group, that cannot be had, by reason. */
  readonly closed: Readonly<Record<string, number>>;
}

/** Enough to tell a share of one in ten from one in eight. */
const DRAWS = 400;
const MOST_SHARES = 8;

/**
 * What `assign` would choose at first, without taking a seat: it reads the view and nothing else. Policies that draw or
 * take turns are asked many times, since what the next client gets hangs on chance or on the clients before it. They may
 * keep count of their picks, so `options.policy` must not be the one that answers clients.
 */
export function explainChoice(
  options: PlacingOptions & { readonly service: PickQuery['service']; readonly rng: Rng },
  view: RosterView,
  request: AssignRequest,
): ChoiceExplanation {
  const { policy, service, rng } = options;
  const about = { policy: policy.name, sticky: policy.sticky };
  const found = choicesOf(options, view, request, []);
  if ('code' in found) return { ...about, code: found.code, steps: [], shares: [], closed: {} };
  const { client, source, latencies } = request;
  const query = { client: client ?? source.address, source, service, rng, ...(latencies && { latencies }) };
  const names = groupNames(options, request);
  const closed = closedIn(found.at(-1)!);
  const steps: { where: string; servers: number; open: number }[] = [];
  for (const [at, choice] of found.entries()) {
    steps.push({ where: names[at]!, ...countsOf(choice) });
    const first = pickFrom(policy, [choice], query);
    if (first < 0) continue;
    const draws = policy.sticky ? [first] : Array.from({ length: DRAWS }, () => pickFrom(policy, [choice], query));
    return { ...about, chosen: view.entries[first]!.server.id, steps, shares: sharesOf(view, draws), closed };
  }
  return { ...about, code: 'assign.no-capacity', steps, shares: [], closed };
}

/** In the order of `choicesFor`. */
function groupNames({ groupFallback = {} }: PlacingOptions, { group }: AssignRequest): string[] {
  if (group === undefined) return ['any group'];
  const next = Object.hasOwn(groupFallback, group) ? groupFallback[group]! : [];
  return [...[group, ...next].map((name) => `group ${name}`), 'any group'];
}

function countsOf({ pool, allowed }: Choice): { servers: number; open: number } {
  const { view, members } = pool;
  const fitting = [...members].filter(allowed);
  return { servers: fitting.length, open: fitting.filter((at) => view.open[at] === 1 && view.free[at]! > 0).length };
}

function closedIn({ pool, allowed }: Choice): Record<string, number> {
  const closed: Record<string, number> = {};
  for (const at of pool.members) {
    const reason = allowed(at) ? reasonOf(pool.view, at) : 'does not fit';
    if (reason) closed[reason] = (closed[reason] ?? 0) + 1;
  }
  return closed;
}

function reasonOf(view: RosterView, at: number): string | undefined {
  if (view.open[at] === 1) return view.free[at]! > 0 ? undefined : 'full';
  return view.state[at] === READY ? 'suspect' : 'not ready';
}

function sharesOf(view: RosterView, draws: readonly number[]): ChoiceExplanation['shares'] {
  const counts = new Map<number, number>();
  for (const index of draws) if (index >= 0) counts.set(index, (counts.get(index) ?? 0) + 1);
  return [...counts]
    .sort(([a, countA], [b, countB]) => countB - countA || a - b)
    .slice(0, MOST_SHARES)
    .map(([index, count]) => ({
      id: view.entries[index]!.server.id,
      part: count / draws.length,
      free: view.free[index]!,
      capacity: view.capacity[index]!,
    }));
}
