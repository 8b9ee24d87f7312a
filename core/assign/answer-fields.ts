import { codeInfo, codeName, type Refusal } from '../errors.ts';
import { oncePer } from '../once-per.ts';
import type { Placement } from '../registry/row.ts';
import { parseAddress, toWireAddress } from '../wire/address.ts';
import type { Alternate, KeepaliveTiming, ResponseFields } from '../wire/packet.ts';
import { namedPorts } from '../wire/server-port.ts';

const ZERO = new Uint8Array(16);

/**
 * What a response says of the server that it gives, whoever sends it: the door, or that server's agent for it. The
 * address is all zeroes where the server has none of `family`.
 */
export function answerFields(
  server: Placement,
  family: 4 | 6,
  given: {
    /** Absent where no seat was taken. */
    readonly ticket?: string;
    readonly keepalive: KeepaliveTiming;
    readonly alternates?: readonly Alternate[];
  },
): Omit<ResponseFields, 'nonce'> {
  const { ipv4, ipv6, ports } = inPackets(server);
  return {
    address: (family === 4 ? ipv4 : ipv6) ?? ZERO,
    ticket: given.ticket,
    server: server.id,
    ports,
    otherAddress: family === 4 ? ipv6 : ipv4,
    keepalive: given.keepalive,
    alternates: given.alternates,
  };
}

/** What a response says of a refusal. A code without a number of its own is `unavailable` to programs. */
export function errorFields({ code, retryAfterMs = 0 }: Refusal): Omit<ResponseFields, 'nonce'> {
  const number = codeInfo(code).wire ?? codeInfo('assign.unavailable').wire!;
  return { address: ZERO, error: { code: number, retryAfterMs, reason: codeName(code) } };
}

/** Where the alternates are, in their order; one that has no address of `family` or no such port is left out. */
export function alternateFields(alternates: readonly Placement[], family: 4 | 6): Alternate[] {
  return alternates.flatMap((server) => {
    const { game, probe } = server.ports;
    const { ipv4, ipv6 } = inPackets(server);
    const address = family === 4 ? ipv4 : ipv6;
    return address && game !== undefined && probe !== undefined ? [{ address, gamePort: game, probePort: probe }] : [];
  });
}

/** What packets say of a server, made of its texts once. */
const inPackets = oncePer(({ ipv4, ipv6, ports }: Placement) => ({
  ipv4: wireAddress(ipv4),
  ipv6: wireAddress(ipv6),
  ports: namedPorts(ports),
}));

function wireAddress(text: string | undefined): Uint8Array | undefined {
  const address = text === undefined ? undefined : parseAddress(text);
  return address && toWireAddress(address);
}
