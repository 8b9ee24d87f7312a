import { type Refusal, refuse } from '../errors.ts';
import type { AnswerStore, Clock, KeptAnswer, Signer } from '../ports.ts';
import type { Placement } from '../registry/row.ts';
import type { Claims } from '../ticket/claims.ts';
import { decodeTicket } from '../ticket/decode.ts';
import { encodeTicket } from '../ticket/encode.ts';
import type { Assigner } from './assigner.ts';
import type { Assignment, AssignOutcome, AssignRequest, Explanation } from './types.ts';

/** Requests that may come again, at whichever door of the deployment (docs/SEATS.md, "The same request again"). */
export interface SameAnswer {
  /**
   * The answer that `key` got in the last 5 minutes, else a new one. Refusals are not kept: who was refused asks anew.
   * @param key no longer than a hash; of the client's making
   * @param asked stands for all that the request says: another under the same key is refused
   */
  assign(request: AssignRequest, key: string, asked: string): Promise<AssignOutcome>;
}

/** As the registry keeps it: no ticket, whose readers could use it, but what they say; they are signed again. */
interface Kept {
  readonly server: Placement;
  readonly alternates: readonly Placement[];
  /** Of the tickets, one of each client. */
  readonly claims: readonly [Claims, ...Claims[]];
  readonly explain?: Explanation;
}

const KEEP_MS = 300_000;

/** Rejects with OnedoorError `registry.*`: what cannot be kept is not answered, or a repetition would get another seat. */
export function createSameAnswer(deps: {
  readonly assigner: Pick<Assigner, 'assign'>;
  readonly store: AnswerStore;
  readonly signer: Signer;
  readonly clock: Clock;
}): SameAnswer {
  const { assigner, store, signer, clock } = deps;

  const answerOf = (kept: KeptAnswer, asked: string): Assignment | Refusal => {
    if (kept.asked !== asked) return refuse('http.key-reused');
    const { claims, ...more } = JSON.parse(kept.text) as Kept;
    const [first, ...others] = claims.map((each) => ({ id: each.jti, ticket: encodeTicket(each, signer) }));
    const answer = { ok: true, ...first!, activateBy: claims[0].exp, ...more } as const;
    return others.length > 0 ? { ...answer, seats: [first!, ...others] } : answer;
  };

  return {
    async assign(request, key, asked) {
      const known = await store.find(key);
      if (known && known.untilMs > clock.wallMs()) return answerOf(known, asked);
      const outcome = await assigner.assign(request);
      if (!outcome.ok) return outcome;
      const nowMs = clock.wallMs();
      const mine = { asked, text: textOf(outcome), untilMs: nowMs + KEEP_MS };
      // Of two at the same time the first one kept is the answer of both; the other's seat expires.
      const kept = await store.keep(key, mine, nowMs);
      return kept.text === mine.text ? outcome : answerOf(kept, asked);
    },
  };
}

function textOf({ server, alternates, explain, id, ticket, seats = [{ id, ticket }] }: Assignment): string {
  const claims = seats.flatMap((seat) => {
    const decoded = decodeTicket(seat.ticket);
    return decoded.ok ? [decoded.claims] : [];
  }) as [Claims, ...Claims[]];
  return JSON.stringify({ server, alternates, claims, ...(explain && { explain }) } satisfies Kept);
}
