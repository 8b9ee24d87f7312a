import { ERROR_CODES, type ErrorCode, type Refusal, refuse } from '../errors.ts';
import { addressFamily, fromWireAddress, isZeroAddress } from '../wire/address.ts';
import { decodePacket } from '../wire/decode.ts';
import type { ExtendedResponse, KeepaliveTiming } from '../wire/packet.ts';
import { PORT_ROLE, type ServerPort } from '../wire/server-port.ts';
import { sameBytes } from './endpoint.ts';
import { grantLike, reachedLike } from './nat64.ts';
import { DEFAULT_KEEPALIVE, MAX_TIMEOUT_MS, MIN_INTERVAL_MS, MIN_TIMEOUT_MS } from './timing.ts';
import type { DoorAnswer, Grant, NamedServer } from './types.ts';

/** Probe port of slot 0, for an answer that names no ports. */
const DEFAULT_PROBE_PORT = 7000;

const ROLE_NAMES = new Map<number, string>(Object.entries(PORT_ROLE).map(([name, role]) => [role, name]));
const CODES_BY_WIRE_NUMBER = new Map<number, ErrorCode>();
for (const [code, info] of Object.entries(ERROR_CODES)) {
  if ('wire' in info) CODES_BY_WIRE_NUMBER.set(info.wire, code as ErrorCode);
}

/** An extended response, or undefined: malformed, classic and other packets are ignored alike. */
export function readResponsePacket(bytes: Uint8Array, type: number | undefined): ExtendedResponse | undefined {
  const decoded = decodePacket(bytes, type === undefined ? { expect: 'response' } : { expect: 'response', type });
  return decoded.ok && decoded.packet.kind === 'extended' ? decoded.packet : undefined;
}

/** The error option as a refusal; a number of a later version means "try again later". */
export function doorRefusal(response: ExtendedResponse): Refusal | undefined {
  const { error } = response;
  if (!error) return undefined;
  return refuse(CODES_BY_WIRE_NUMBER.get(error.code) ?? 'assign.unavailable', {
    retryAfterMs: error.retryAfterMs,
    ...(error.reason !== '' && { detail: error.reason }),
  });
}

/** All zeroes, of either family. */
function isNowhere(address: Uint8Array): boolean {
  return isZeroAddress(plainAddress(address));
}

/** The door's answer to a request of `family`; undefined if it names a server of the other family: nobody asked that. */
export function doorAnswer(response: ExtendedResponse, family: 4 | 6): DoorAnswer | undefined {
  const refusal = doorRefusal(response);
  if (refusal) return refusal;
  // All zeroes without an error option: "try again later" (docs/PROTOCOL.md, "The classic packet").
  if (isNowhere(response.address)) return refuse('assign.unavailable');
  if (addressFamily(response.address) !== family) return undefined;
  return { ok: true, grant: grantOf(response) };
}

/** What an agent's answer to a keepalive says. */
export type KeepaliveAnswer =
  | { readonly kind: 'alive' }
  /** Alive, but asks for patience. */
  | { readonly kind: 'later'; readonly retryAfterMs: number }
  /** Alive, and the answer needs a longer request. */
  | { readonly kind: 'needs-room' }
  /** The server ends its sessions; without `grant` it cannot say yet where to go. */
  | { readonly kind: 'moving'; readonly endsInMs?: number; readonly grant?: Grant; readonly needsRoom: boolean }
  | { readonly kind: 'refused'; readonly code: ErrorCode };

export function keepaliveAnswer(response: ExtendedResponse, server: NamedServer): KeepaliveAnswer {
  const refusal = doorRefusal(response);
  if (refusal) return judgeRefusal(refusal);
  const zero = isNowhere(response.address);
  const endsIn = response.movingMs === undefined ? {} : { endsInMs: response.movingMs };
  if (!zero && isOther(response, server)) {
    return {
      kind: 'moving',
      ...endsIn,
      grant: inherit(grantLike(grantOf(response), server.address), server),
      needsRoom: false,
    };
  }
  if (response.movingMs !== undefined) return { kind: 'moving', ...endsIn, needsRoom: zero };
  return { kind: 'alive' };
}

function judgeRefusal(refusal: Refusal): KeepaliveAnswer {
  switch (refusal.code) {
    case 'wire.request-too-small':
      return { kind: 'needs-room' };
    case 'door.rate-limited':
    case 'door.cookie-required':
    case 'assign.unavailable':
      return { kind: 'later', retryAfterMs: refusal.retryAfterMs ?? 0 };
    default:
      return { kind: 'refused', code: refusal.code };
  }
}

/**
 * Several servers of one machine share its address, so the id decides where the answer has one; a server that answers
 * with its address of the other family is itself.
 */
function isOther(response: ExtendedResponse, server: NamedServer): boolean {
  if (response.server !== undefined && server.id !== '') return response.server !== server.id;
  const address = reachedLike(fromWireAddress(response.address), server.address);
  return !sameBytes(address, server.address) && !(server.otherAddress && sameBytes(address, server.otherAddress));
}

/** The server, seat and fallbacks that a response with a server's address gives. Byte fields are copies. */
function grantOf(response: ExtendedResponse): Grant {
  return {
    server: {
      id: response.server ?? '',
      address: plainAddress(response.address),
      ...(response.otherAddress && { otherAddress: plainAddress(response.otherAddress) }),
      ports: portsByName(response.ports ?? []),
    },
    ...(response.ticket !== undefined && { ticket: response.ticket }),
    keepalive: response.keepalive ?? DEFAULT_KEEPALIVE,
    // Nobody lives at all zeroes, and a connection there would reach this machine itself.
    alternates: (response.alternates ?? [])
      .filter(({ address }) => !isNowhere(address))
      .map(({ address, gamePort, probePort }) => ({
        id: '',
        address: plainAddress(address),
        ports: { game: gamePort, probe: probePort },
      })),
  };
}

/** An answer that names another server by address alone means the same ports there. */
function inherit(grant: Grant, from: NamedServer): Grant {
  if (Object.keys(grant.server.ports).length > 0) return grant;
  return { ...grant, server: { ...grant.server, ports: from.ports } };
}

/** The server behind an answered keepalive: what the answer adds is newer than what was known. */
export function enrich(server: NamedServer, response: ExtendedResponse): NamedServer {
  return {
    ...server,
    id: response.server ?? server.id,
    ports: { ...server.ports, ...(response.ports && portsByName(response.ports)) },
  };
}

export function probePortOf(server: NamedServer): number {
  return server.ports['probe'] ?? DEFAULT_PROBE_PORT;
}

export interface KeepaliveRhythm {
  readonly intervalMs: number;
  /** 0: no keepalive by count. */
  readonly transmissions: number;
  readonly timeoutMs: number;
}

/** A server's timing in ms and within bounds: a wrong number must neither silence a client nor make it flood. */
export function rhythmOf(timing: KeepaliveTiming): KeepaliveRhythm {
  return {
    intervalMs: Math.max(timing.intervalSeconds * 1_000, MIN_INTERVAL_MS),
    transmissions: timing.transmissions,
    timeoutMs: Math.min(Math.max(timing.timeoutMs, MIN_TIMEOUT_MS), MAX_TIMEOUT_MS),
  };
}

function plainAddress(address: Uint8Array): Uint8Array {
  return fromWireAddress(address).slice();
}

/** The first wins if a role is named twice. */
export function portsByName(ports: readonly ServerPort[]): Record<string, number> {
  const named: Record<string, number> = {};
  for (const { role, port } of ports) named[ROLE_NAMES.get(role) ?? String(role)] ??= port;
  return named;
}
