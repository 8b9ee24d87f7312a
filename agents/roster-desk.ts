import { errorFields } from '../core/assign/answer-fields.ts';
import { probePortTest, type RuntimeConfig } from '../core/config/runtime-config.ts';
import { refuse } from '../core/errors.ts';
import type { PacketHandler } from '../core/ports.ts';
import type { RosterReader } from '../core/registry/roster-reader.ts';
import { createRosterPages } from '../core/roster/roster-pages.ts';
import { decodePacket } from '../core/wire/decode.ts';
import { encodeResponse } from '../core/wire/encode-response.ts';
import { EXTENDED_HEADER_BYTES, MAX_PACKET_BYTES } from '../core/wire/limits.ts';
import { type ExtendedRequest, type ResponseFields, WANT } from '../core/wire/packet.ts';

/** Longer than a read of the registry takes when all is well; a client asks again after 350 ms. */
const PATIENCE_MS = 250;
const UDP = 17;
const NOBODY = new Uint8Array(16);

/**
 * Puts itself before a probe port: requests for pages of the roster are answered here, whatever the state of the game,
 * since the list is about all servers; everything else goes on to `next`.
 *
 * It reads the registry when it is asked, at most once in the reader's time, so an agent that nobody asks costs nothing.
 * While the registry is away it goes on with what it has.
 */
export function createRosterDesk(deps: {
  readonly reader: Pick<RosterReader, 'view' | 'refresh'>;
  readonly config: Pick<RuntimeConfig, 'defaultApp' | 'packetType' | 'probePort' | 'maxSlots'>;
}): (next: PacketHandler) => PacketHandler {
  const { reader, config } = deps;
  const pages = createRosterPages(config.defaultApp);
  const probePorts = probePortTest(config);

  const fieldsFor = async (request: ExtendedRequest): Promise<Omit<ResponseFields, 'nonce'>> => {
    const reading = reader.refresh().catch(() => {});
    await (reader.view().version === 0 ? reading : Promise.race([reading, pause(PATIENCE_MS)]));
    const page = pages(reader.view(), request);
    return 'code' in page ? errorFields(page) : { address: NOBODY, rosterPage: page };
  };

  return (next) => (bytes, source) => {
    if (bytes.length <= EXTENDED_HEADER_BYTES) return next(bytes, source);
    const isUdp = source.protocol === UDP;
    const ports = isUdp && { sourcePort: source.port, probePorts };
    const decoded = decodePacket(bytes, { expect: 'request', type: config.packetType, ...ports });
    if (!decoded.ok || !wantsRoster(decoded.packet)) return next(bytes, source);
    // Its byte fields are views into the datagram, and the answer comes later.
    const request = { ...decoded.packet, nonce: decoded.packet.nonce.slice() };
    const options = { maxBytes: isUdp ? request.length : MAX_PACKET_BYTES, type: config.packetType };
    return fieldsFor(request).then((fields) => {
      for (const each of [fields, errorFields(refuse('wire.request-too-small'))]) {
        const encoded = encodeResponse({ ...each, nonce: request.nonce }, options);
        if (encoded.ok) return encoded.bytes;
      }
      return undefined;
    });
  };
}

function wantsRoster(packet: { readonly kind: string } | ExtendedRequest): packet is ExtendedRequest {
  if (!('want' in packet) || packet.forward) return false;
  return ((packet.want ?? 0) & WANT.roster) !== 0;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
