import { exchangeOverTcp } from '../adapters/tcp/tcp-exchange.ts';
import type { Rng } from '../core/ports.ts';
import type { Placement } from '../core/registry/row.ts';
import { decodePacket } from '../core/wire/decode.ts';
import { encodeRequest } from '../core/wire/encode-request.ts';
import { NONCE_BYTES } from '../core/wire/limits.ts';
import type { ExtendedResponse } from '../core/wire/packet.ts';

/** Asks the door for a seat for one client of a server that is about to end its sessions. */
export type AskForSeat = (
  client: Uint8Array,
  family: 4 | 6,
  from: Placement,
) => Promise<ExtendedResponse | { readonly retryAfterMs: number }>;

const TIMEOUT_MS = 3_000;
const RETRY_MS = 2_000;
const UNKNOWN_ADDRESS = {
  4: new Uint8Array([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0]),
  6: new Uint8Array(16),
} as const;

/** Over TCP, where the source is verified and nothing gets lost. Rejects when the door cannot be reached. */
export function createAskForSeat(deps: {
  readonly door: { readonly address: string; readonly port: number };
  /** The deployment's packet type. */
  readonly type: number;
  readonly rng: Pick<Rng, 'bytes'>;
  /** One packet to the door, and its answer. @default over TCP */
  readonly exchange?: typeof exchangeOverTcp;
}): AskForSeat {
  const { door, type, rng, exchange = exchangeOverTcp } = deps;
  return async (client, family, { id, app, world, group }) => {
    const nonce = rng.bytes(NONCE_BYTES);
    const request = { address: UNKNOWN_ADDRESS[family], nonce, app, world, group, client, avoid: [id] };
    const decoded = decodePacket(await exchange(door, encodeRequest(request, { type }), TIMEOUT_MS), {
      expect: 'response',
      type,
    });
    const packet = decoded.ok && decoded.packet.kind === 'extended' ? decoded.packet : undefined;
    if (packet?.role !== 'response' || packet.error || packet.ticket === undefined) {
      const retryAfterMs = packet?.role === 'response' ? packet.error?.retryAfterMs : undefined;
      return { retryAfterMs: Math.max(retryAfterMs ?? 0, RETRY_MS) };
    }
    return packet;
  };
}
