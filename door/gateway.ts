import type { PacketHandler, PacketSource } from '../core/ports.ts';
import { ALWAYS, type Duty } from '../core/select/duty.ts';
import { parseAddress } from '../core/wire/address.ts';
import { classicFamily } from '../core/wire/classic-packet.ts';
import { decodePacket } from '../core/wire/decode.ts';
import type { ClassicResponder } from './classic.ts';
import type { Counters } from './counters.ts';
import type { ExtendedResponder } from './extended.ts';
import type { Overload } from './overload.ts';

const UDP = 17;
const NO_KEY = new Uint8Array(0);

/** One packet in, at most one packet out: the gateway without its sockets. */
export function createGateway(deps: {
  readonly classic: ClassicResponder;
  readonly extended: ExtendedResponder;
  readonly counters: Counters;
  readonly type: number;
  /** The deployment's probe ports: a packet from one of them is another machine's answer. */
  readonly isProbePort: (port: number) => boolean;
  readonly duty: Duty;
  readonly overload: Overload;
}): PacketHandler {
  const { classic, extended, counters, type, isProbePort, duty, overload } = deps;
  const decodeOptions = { expect: 'request', type, probePorts: isProbePort } as const;
  const isAnothers = (key: Uint8Array, source: PacketSource): boolean => {
    if (duty.answers(key, source.protocol)) return false;
    counters.count('off-duty');
    return true;
  };
  const answerClassic = (family: 4 | 6, source: PacketSource): Uint8Array | undefined => {
    if (duty !== ALWAYS && isAnothers(parseAddress(source.address) ?? NO_KEY, source)) return undefined;
    return classic.answer(family, source);
  };
  return (bytes, source) => {
    const family = classicFamily(bytes, type);
    if (family !== 0 && !isProbePort(source.port)) return answerClassic(family, source);
    if (source.protocol === UDP && overload.isUseless()) return undefined;
    const decoded = decodePacket(bytes, { ...decodeOptions, sourcePort: source.port });
    if (!decoded.ok) {
      counters.dropped(decoded.reason);
      return undefined;
    }
    const { packet } = decoded;
    if (packet.kind === 'classic') return answerClassic(packet.family, source);
    if (isAnothers(packet.nonce, source)) return undefined;
    return overload.isRefused() ? overload.refusal(packet, source) : extended(packet, source);
  };
}
