import type { PacketHandler } from '../core/ports.ts';
import { classicFamily } from '../core/wire/classic-packet.ts';
import { decodePacket } from '../core/wire/decode.ts';
import type { ClassicResponder } from './classic.ts';
import type { Counters } from './counters.ts';
import type { ExtendedResponder } from './extended.ts';

/** One packet in, at most one packet out: the gateway without its sockets. */
export function createGateway(deps: {
  readonly classic: ClassicResponder;
  readonly extended: ExtendedResponder;
  readonly counters: Counters;
  readonly type: number;
  /** The deployment's probe ports: a packet from one of them is another machine's answer. */
  readonly isProbePort: (port: number) => boolean;
}): PacketHandler {
  const { classic, extended, counters, type, isProbePort } = deps;
  const decodeOptions = { expect: 'request', type, probePorts: isProbePort } as const;
  return (bytes, source) => {
    const family = classicFamily(bytes, type);
    if (family !== 0 && !isProbePort(source.port)) return classic.answer(family, source);
    const decoded = decodePacket(bytes, { ...decodeOptions, sourcePort: source.port });
    if (!decoded.ok) {
      counters.dropped(decoded.reason);
      return undefined;
    }
    const { packet } = decoded;
    return packet.kind === 'classic' ? classic.answer(packet.family, source) : extended(packet, source);
  };
}
