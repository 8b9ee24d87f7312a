import type { Clock, Signer } from '../ports.ts';
import type { Placement } from '../registry/row.ts';
import { issueTicket } from '../ticket/issue.ts';
import type { SeatInHand } from './stock.ts';
import type { Assignment, Explanation } from './types.ts';

/** Signs the tickets of seats that were taken: one of each holder, in their order. */
export function assignmentOf(
  deps: { readonly iss: string; readonly signer: Signer; readonly clock: Clock },
  given: {
    readonly server: Placement;
    /** As many as there are holders, which is at least one. */
    readonly seats: readonly SeatInHand[];
    readonly holders: readonly Uint8Array[];
    readonly alternates: readonly Placement[];
    readonly why?: Explanation | undefined;
  },
): Assignment {
  const { iss, signer, clock } = deps;
  const { server, alternates, holders, why } = given;
  const wallMs = clock.wallMs();
  const ids = alternates.map(({ id }) => id);
  const issued = given.seats.map((seat, at) =>
    issueTicket({ iss, server, seat, client: holders[at]!, wallMs, alternates: ids }, signer),
  );
  const answer: Assignment = { ok: true, server, ...issued[0]!, alternates };
  return {
    ...answer,
    ...(issued.length > 1 && { seats: issued.map(({ id, ticket }) => ({ id, ticket })) }),
    ...(why && { explain: why }),
  };
}
