import { type Refusal, refuse } from '../errors.ts';
import { MAX_ALTERNATES, MAX_PACKET_BYTES, MAX_PORTS, MAX_REASON_BYTES } from './limits.ts';
import { writeLobbyPage } from './lobby-page.ts';
import { OptionWriter } from './option-writer.ts';
import type { Alternate, ErrorFields, KeepaliveTiming, ResponseFields } from './packet.ts';
import { writeRosterPage } from './roster-page.ts';
import type { ServerPort } from './server-port.ts';

// One packet is written at a time: encoding is synchronous, and the result is a copy.
const writer = new OptionWriter();

export type EncodedResponse = { readonly ok: true; readonly bytes: Uint8Array } | Refusal;

/**
 * The bytes of an extended response of at most `maxBytes`: over UDP the Length of the request (docs/PROTOCOL.md, "No
 * amplification"), over TCP 1,200. What does not fit is left out in this order: the second alternate, the first one,
 * other-address, the text of the error. If the rest does not fit either: `wire.request-too-small`; the caller then
 * encodes that error, and is silent if not even this fits.
 * @throws ConfigError naming every field that is out of its limits, or that the packet would be no response
 */
export function encodeResponse(
  response: ResponseFields,
  options: { readonly maxBytes: number; readonly type?: number },
): EncodedResponse {
  const maxBytes = Math.min(options.maxBytes, MAX_PACKET_BYTES);
  let fields = response;
  writeResponse(fields, options.type);
  while (writer.at > maxBytes) {
    const fewer = leaveOut(fields);
    if (fewer === undefined) {
      writer.check();
      return refuse('wire.request-too-small');
    }
    fields = fewer;
    writeResponse(fields, options.type);
  }
  return { ok: true, bytes: writer.seal() };
}

/**
 * Length of a response with all its fields. A door asks this, with a ticket of the length to come and without what may
 * be left out, before it takes a seat.
 */
export function responseLength(response: ResponseFields): number {
  writeResponse(response, undefined);
  writer.check();
  return writer.at;
}

/** The same response without its most dispensable part; undefined if all of it is needed. */
function leaveOut(fields: ResponseFields): ResponseFields | undefined {
  const { alternates, otherAddress, error } = fields;
  if (alternates && alternates.length > 1) return { ...fields, alternates: alternates.slice(0, -1) };
  if (alternates && alternates.length === 1) return { ...fields, alternates: undefined };
  if (otherAddress) return { ...fields, otherAddress: undefined };
  if (error && error.reason !== '') return { ...fields, error: { ...error, reason: '' } };
  return undefined;
}

function writeResponse(response: ResponseFields, type: number | undefined): void {
  writer.begin(response.address, response.nonce, type);
  writer.textOption('ticket', response.ticket);
  writer.bytesOption('cookie', response.cookie);
  writer.textOption('wait', response.wait);
  const requestLength = writer.at;
  writer.textOption('server', response.server);
  writePorts(response.ports);
  writer.bytesOption('otherAddress', response.otherAddress);
  writeKeepalive(response.keepalive);
  writeAlternates(response.alternates);
  if (response.movingMs !== undefined) {
    const start = writer.open('moving');
    writer.u32('movingMs', response.movingMs);
    writer.close(start);
  }
  if (response.rosterPage) {
    const start = writer.open('rosterPage');
    writeRosterPage(writer, response.rosterPage);
    writer.close(start);
  }
  if (response.lobbyPage) {
    const start = writer.open('lobbyPage');
    writeLobbyPage(writer, response.lobbyPage);
    writer.close(start);
  }
  writeError(response.error);
  // Without such an option the packet would be a request, and the other side would answer it.
  if (writer.at === requestLength) writer.problem('response', 'a packet with an option of 0x80 or more', 'none');
}

function writePorts(ports: readonly ServerPort[] | undefined): void {
  if (ports === undefined) return;
  if (ports.length < 1 || ports.length > MAX_PORTS) writer.problem('ports', `1..${MAX_PORTS} ports`, ports.length);
  const start = writer.open('ports');
  for (const { role, port } of ports.slice(0, MAX_PORTS)) {
    writer.u8('ports.role', role);
    writer.u16('ports.port', port);
  }
  writer.close(start);
}

function writeKeepalive(keepalive: KeepaliveTiming | undefined): void {
  if (keepalive === undefined) return;
  const start = writer.open('keepalive');
  writer.u16('keepalive.intervalSeconds', keepalive.intervalSeconds);
  writer.u16('keepalive.transmissions', keepalive.transmissions);
  writer.u16('keepalive.timeoutMs', keepalive.timeoutMs);
  writer.close(start);
}

/** No alternates and an empty list are the same: nothing is written. */
function writeAlternates(alternates: readonly Alternate[] | undefined): void {
  if (alternates === undefined || alternates.length === 0) return;
  if (alternates.length > MAX_ALTERNATES) writer.problem('alternates', `at most ${MAX_ALTERNATES}`, alternates.length);
  const start = writer.open('alternates');
  for (const { address, gamePort, probePort } of alternates.slice(0, MAX_ALTERNATES)) {
    writer.raw('alternates.address', address, 16);
    writer.u16('alternates.gamePort', gamePort);
    writer.u16('alternates.probePort', probePort);
  }
  writer.close(start);
}

function writeError(error: ErrorFields | undefined): void {
  if (error === undefined) return;
  const start = writer.open('error');
  writer.u16('error.code', error.code);
  writer.u32('error.retryAfterMs', error.retryAfterMs);
  writer.text('error.reason', error.reason, 0, MAX_REASON_BYTES);
  writer.close(start);
}
