import { type Refusal, refuse } from '../errors.ts';
import type { Rng } from '../ports.ts';
import type { RosterView } from '../registry/roster.ts';
import type { Placement } from '../registry/row.ts';
import type { PickQuery } from '../select/policy.ts';
import { choicesOf, type PlacingOptions, pickFrom, RETRY_FULL_MS } from './placing.ts';
import type { AssignRequest } from './types.ts';

/** What a request to a door without seats says; the same words as where there are seats. */
export interface OwnerRequest extends AssignRequest {
  /** A classic answer carries no port, so that it can name slot 0 alone. */
  readonly slotZeroOnly: boolean;
}

/**
 * The server that a request belongs to, by a policy that needs nothing but the request and the roster: every agent that
 * gets the request names the same one. `silent` are servers that were asked in vain: the next index follows.
 */
export function ownerOf(
  options: PlacingOptions & { readonly service: PickQuery['service']; readonly rng: Rng },
  view: RosterView,
  request: OwnerRequest,
  silent: readonly string[],
): { readonly ok: true; readonly server: Placement; readonly key: string } | Refusal {
  const tried = silent.map((id) => ({ id, code: 'silent' }));
  const choices = choicesOf(options, view, request, tried, request.slotZeroOnly);
  if ('code' in choices) return choices;
  const { source } = request;
  const client = request.client ?? source.address;
  const index = pickFrom(options.policy, choices, { client, source, service: options.service, rng: options.rng });
  const entry = view.entries[index];
  if (!entry) return refuse('assign.no-capacity', { retryAfterMs: RETRY_FULL_MS });
  return { ok: true, server: entry.server, key: entry.key };
}
