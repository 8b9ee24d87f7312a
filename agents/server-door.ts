import { answerFields, errorFields } from '../core/assign/answer-fields.ts';
import { type OwnerRequest, ownerOf } from '../core/assign/owner-choice.ts';
import type { RuntimeConfig } from '../core/config/runtime-config.ts';
import { type Refusal, refuse } from '../core/errors.ts';
import type { PacketHandler, PacketSource, Rng } from '../core/ports.ts';
import type { RosterView } from '../core/registry/roster.ts';
import type { Placement } from '../core/registry/row.ts';
import { createRosterPages } from '../core/roster/roster-pages.ts';
import { createPolicy } from '../core/select/create-policy.ts';
import { addressFamily, fromWireAddress, parseAddress } from '../core/wire/address.ts';
import { encodeClassic } from '../core/wire/classic-packet.ts';
import { decodePacket } from '../core/wire/decode.ts';
import { encodeResponse } from '../core/wire/encode-response.ts';
import { MAX_PACKET_BYTES } from '../core/wire/limits.ts';
import { type ExtendedRequest, type ResponseFields, WANT } from '../core/wire/packet.ts';
import type { Counters } from './counters.ts';
import type { OwnerAnswer } from './owner-link.ts';

type Fields = Omit<ResponseFields, 'nonce'>;

export interface ServerDoorOptions {
  readonly config: RuntimeConfig;
  readonly view: () => RosterView;
  /** Packets from such a port are other machines' answers. */
  readonly isProbePort: (port: number) => boolean;
  /** What the agent of a server says; `key` is the server's row. */
  readonly ask: (server: Placement, key: string, family: 4 | 6) => Promise<OwnerAnswer>;
  readonly counters: Counters;
  readonly rng: Rng;
}

/** Servers that are asked for one request: each that is silent costs the client a third of a second. */
const MAX_OWNERS = 3;
const UDP = 17;
const RETRY_MS = 1_000;
const ZERO = new Uint8Array(16);
const NO_SERVER = { 4: new Uint8Array(4), 6: new Uint8Array(16) } as const;

/**
 * The door where there are no gateways (docs/DOORS.md, "The servers themselves"): computes whose a request is, lets the
 * owner answer, and gives that answer to the client under the door's own address. No seat, no ticket, no write.
 */
export function createServerDoor(options: ServerDoorOptions): PacketHandler {
  const { config, view, counters, rng } = options;
  const { packetType: type, defaultApp, groupFallback } = config;
  const service = { address: parseAddress(config.serviceAddress) as Uint8Array, port: config.probePort };
  const placing = { policy: createPolicy(config.policy), defaultApp, groupFallback, service, rng };
  const rosterPages = createRosterPages(defaultApp);

  /** The answer of the first owner that gives one. */
  const give = async (request: OwnerRequest): Promise<Fields | Refusal> => {
    const silent: string[] = [];
    while (silent.length < MAX_OWNERS) {
      const owner = ownerOf(placing, view(), request, silent);
      if (!owner.ok) return owner;
      const answer = await options.ask(owner.server, owner.key, request.family);
      if (typeof answer === 'object') return answer;
      if (answer === 'unasked') {
        // Overload ends in the cheap answer, not in none: what the roster says of it.
        counters.count('door.unasked');
        return answerFields(owner.server, request.family, { keepalive: config.keepalive });
      }
      counters.count('door.owner-silent');
      silent.push(owner.server.id);
    }
    return refuse('assign.unavailable', { retryAfterMs: RETRY_MS });
  };

  const answerClassic = async (family: 4 | 6, source: PacketSource): Promise<Uint8Array> => {
    const outcome = await give({ family, avoid: [], slotZeroOnly: true, source: sourceOf(source) });
    const address = 'code' in outcome ? NO_SERVER[family] : fromWireAddress(outcome.address);
    counters.count('code' in outcome ? 'door.classic-none' : 'door.classic');
    return encodeClassic(address.length === NO_SERVER[family].length ? address : NO_SERVER[family], type);
  };

  const answerExtended = async (request: ExtendedRequest, source: PacketSource): Promise<Uint8Array | undefined> => {
    const maxBytes = source.protocol === UDP ? request.length : MAX_PACKET_BYTES;
    const outcome = wanted(request) ?? (await give(ownerRequest(request, source)));
    const fields = 'code' in outcome ? errorFields(outcome) : outcome;
    counters.count('code' in outcome ? `door.refused.${outcome.code}` : 'door.extended');
    for (const each of [fields, errorFields(refuse('wire.request-too-small'))]) {
      const encoded = encodeResponse({ ...each, nonce: request.nonce }, { maxBytes, type });
      if (encoded.ok) return encoded.bytes;
    }
    return undefined;
  };

  const wanted = ({ want = 0, ...request }: ExtendedRequest): Fields | Refusal | undefined => {
    if ((want & WANT.lobby) !== 0) return refuse('assign.unavailable');
    if ((want & WANT.roster) === 0) return undefined;
    const page = rosterPages(view(), request);
    return 'code' in page ? page : { address: ZERO, rosterPage: page };
  };

  return (bytes, source) => {
    const ports = source.protocol === UDP && { sourcePort: source.port, probePorts: options.isProbePort };
    const decoded = decodePacket(bytes, { expect: 'request', type, ...ports });
    const dropped = !decoded.ok ? decoded.reason : undefined;
    if (!decoded.ok || (decoded.packet.kind === 'extended' && decoded.packet.forward)) {
      // Nothing is handed on to a door, and what a door is handed is handed no further.
      counters.count(`door.dropped.${dropped ?? 'forward'}`);
      return undefined;
    }
    const { packet } = decoded;
    if (packet.kind === 'classic') return answerClassic(packet.family, source);
    // Its byte fields are views into the datagram, and the answer comes later.
    return answerExtended({ ...packet, nonce: packet.nonce.slice(), address: packet.address.slice() }, source);
  };
}

function sourceOf({ address, port, protocol }: PacketSource): OwnerRequest['source'] {
  return { address: parseAddress(address) ?? NO_SERVER[4], port, protocol };
}

function ownerRequest(
  { app, world, group, pick, avoid, address }: ExtendedRequest,
  source: PacketSource,
): OwnerRequest {
  return {
    ...(app !== undefined && { app }),
    ...(world !== undefined && { world }),
    ...(group !== undefined && { group }),
    ...(pick !== undefined && { pick }),
    avoid: avoid ?? [],
    family: addressFamily(address),
    slotZeroOnly: false,
    source: sourceOf(source),
  };
}
