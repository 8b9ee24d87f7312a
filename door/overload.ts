import { errorFields } from '../core/assign/answer-fields.ts';
import { refuse } from '../core/errors.ts';
import type { PacketSource, Rng } from '../core/ports.ts';
import { encodeResponse } from '../core/wire/encode-response.ts';
import { MAX_PACKET_BYTES } from '../core/wire/limits.ts';
import type { ExtendedRequest } from '../core/wire/packet.ts';
import type { Counters } from './counters.ts';

/**
 * What a gateway leaves undone when more comes than it can do (docs/DOORS.md, "Overload"). The measure is how long
 * datagrams wait before they are read. Classic requests are always answered: from the roster, with no seat and no
 * signature, that costs less than any refusal. Of extended ones, each of which may cost a signature, a growing part is
 * refused unread as waits grow from `EASE_MS` to `FULL_MS`; past `USELESS_MS` the client has asked again, so nothing is said.
 */
export interface Overload {
  /** True: too late for an answer; it is not even looked at. */
  isUseless(): boolean;
  /** True: this one is refused. */
  isRefused(): boolean;
  /** The refusal's bytes: come back later; undefined if it does not fit. */
  refusal(request: ExtendedRequest, source: PacketSource): Uint8Array | undefined;
}

/** A burst of 1,024 extended requests is worked off within this. */
const EASE_MS = 100;
const FULL_MS = 250;
/** After this a client asks again (docs/PROTOCOL.md, "Keepalives and failover"). */
const USELESS_MS = 700;
/** Refused clients come back spread over as much again. */
const RETRY_MS = 1_000;
const TCP = 6;

export function createOverload(deps: {
  /** How long datagrams wait before they are read, in ms. */
  readonly queueAgeMs: () => number;
  readonly rng: Pick<Rng, 'float'>;
  readonly counters: Counters;
  readonly type: number;
}): Overload {
  const { queueAgeMs, rng, counters, type } = deps;
  return {
    isUseless() {
      if (queueAgeMs() < USELESS_MS) return false;
      counters.count('shed-silent');
      return true;
    },
    isRefused() {
      const ageMs = queueAgeMs();
      return ageMs > EASE_MS && rng.float() * (FULL_MS - EASE_MS) < ageMs - EASE_MS;
    },
    refusal(request, source) {
      counters.count('shed');
      const refusal = refuse('door.rate-limited', { retryAfterMs: Math.round(RETRY_MS * (1 + rng.float())) });
      const encoded = encodeResponse(
        { ...errorFields(refusal), nonce: request.nonce },
        { maxBytes: source.protocol === TCP ? MAX_PACKET_BYTES : request.length, type },
      );
      return encoded.ok ? encoded.bytes : undefined;
    },
  };
}
