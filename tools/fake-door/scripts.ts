import { createHash } from 'node:crypto';
import { parseAddress, toWireAddress } from '../../core/wire/address.ts';
import { COOKIE_BYTES, MAX_PACKET_BYTES } from '../../core/wire/limits.ts';
import type { ExtendedRequest, ResponseFields } from '../../core/wire/packet.ts';
import type { DoorScript, FakeServer, FaultTable } from './table.ts';

/** Where the servers of the table are. */
export interface Place {
  readonly table: FaultTable;
  readonly host: string;
  readonly basePort: number;
}

export interface Asked {
  readonly request: ExtendedRequest;
  readonly via: 'udp' | 'tcp';
  readonly sourcePort: number;
}

const NOBODY = new Uint8Array(16);
const WAIT = 'fake-wait-token';
/** How long a moving server says that its sessions have left. */
const MOVING_MS = 60_000;

export function serverNamed({ table }: Place, name: string): FakeServer {
  const server = table.servers[name];
  if (!server) throw new Error(`faults.json has no server "${name}"`);
  return server;
}

/** The door's answer; undefined: nothing can be said. A request that avoids the server gets the good one. */
export function doorAnswer(place: Place, script: DoorScript, asked: Asked): ResponseFields | undefined {
  const { request } = asked;
  if (script.error !== undefined && !hasWhatItTakes(script, asked)) {
    return {
      address: NOBODY,
      nonce: request.nonce,
      ...(script.error === 9 && { cookie: cookieOf(asked.sourcePort) }),
      ...(script.until === 'wait' && { wait: WAIT }),
      error: { code: script.error, retryAfterMs: script.retryAfterMs ?? 0, reason: '' },
    };
  }
  if (script.server === undefined) {
    return { address: NOBODY, nonce: request.nonce, keepalive: timingOf(serverNamed(place, 'good')) };
  }
  return grantFields(place, request, choose(place, script, request.avoid ?? []), script.alternates);
}

/** Name of the server that a door with this script gives to a client that avoids those ids. */
export function choose(place: Place, script: DoorScript, avoid: readonly string[]): string {
  const name = script.server ?? 'good';
  return avoid.includes(serverNamed(place, name).id) ? 'good' : name;
}

function hasWhatItTakes({ until }: DoorScript, { request, via, sourcePort }: Asked): boolean {
  switch (until) {
    case 'cookie':
      // Only UDP sources can be forged.
      return via === 'tcp' || sameText(request.cookie, cookieOf(sourcePort));
    case 'size':
      return via === 'tcp' || request.length >= MAX_PACKET_BYTES;
    case 'wait':
      return request.wait === WAIT;
    default:
      return false;
  }
}

/** Bound to the port, as a real one is: a client that echoes it from another port is told again. */
function cookieOf(sourcePort: number): Uint8Array {
  return createHash('sha256').update(`cookie ${sourcePort}`).digest().subarray(0, COOKIE_BYTES);
}

function sameText(one: Uint8Array | undefined, other: Uint8Array): boolean {
  return one !== undefined && Buffer.compare(one, other) === 0;
}

export function grantFields(
  place: Place,
  request: ExtendedRequest,
  name: string,
  alternates: readonly string[] = [],
): ResponseFields {
  const server = serverNamed(place, name);
  const address = wireAddress(place);
  return {
    ...aliveFields(place, request, server),
    ports: [
      { role: 0, port: place.basePort + place.table.gamePort },
      { role: 1, port: place.basePort + server.port },
    ],
    ticket: ticketOf(server),
    ...(alternates.length > 0 && {
      alternates: alternates.map((each) => ({
        address,
        gamePort: place.basePort + place.table.gamePort,
        probePort: place.basePort + serverNamed(place, each).port,
      })),
    }),
  };
}

export function ticketOf({ id }: FakeServer): string {
  return `fake-ticket-${id}`;
}

/** What a server's agent answers to a keepalive. It keeps nothing: all that it knows of the client is in the request. */
export function agentAnswer(place: Place, server: FakeServer, { request }: Asked): ResponseFields | undefined {
  const alive = aliveFields(place, request, server);
  switch (server.answers) {
    case 'nothing-listens':
      return undefined;
    case 'alive':
      return alive;
    case 'ticket-only':
      return request.ticket === undefined ? undefined : alive;
    case 'error':
      return {
        address: NOBODY,
        nonce: request.nonce,
        error: { code: server.error ?? 6, retryAfterMs: 0, reason: 'a fake refusal' },
      };
    case 'moving':
      return request.ticket === undefined ? movingFields(place, server, request) : alive;
  }
}

function movingFields(place: Place, server: FakeServer, request: ExtendedRequest): ResponseFields {
  if (request.length < (server.room ?? 0)) return { address: NOBODY, nonce: request.nonce, movingMs: MOVING_MS };
  return { ...grantFields(place, request, server.to ?? 'good'), movingMs: MOVING_MS };
}

function aliveFields(place: Place, request: ExtendedRequest, server: FakeServer): ResponseFields {
  return { address: wireAddress(place), nonce: request.nonce, server: server.id, keepalive: timingOf(server) };
}

function timingOf({ intervalSeconds, timeoutMs }: FakeServer) {
  return { intervalSeconds, transmissions: 0, timeoutMs };
}

function wireAddress({ host }: Place): Uint8Array {
  const address = parseAddress(host);
  if (!address) throw new Error(`\`host\` must be a numeric address, got: ${host}`);
  return toWireAddress(address);
}
