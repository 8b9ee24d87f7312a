import { MAX_AVOID, MAX_SERVER_ID_BYTES, SIGNATURE_BYTES } from './limits.ts';
import { OptionWriter } from './option-writer.ts';
import type { ForwardFields, RequestFields } from './packet.ts';

// One packet is written at a time: encoding is synchronous, and the result is a copy.
const writer = new OptionWriter();

/**
 * The bytes of an extended request, options in ascending order, padding last.
 * @param options.padTo least length of the packet: 800 to a door, 96 for a keepalive, 1,200 after `request-too-small`
 * @throws ConfigError naming every field that is out of its limits, or a packet of more than 1,200 bytes
 */
export function encodeRequest(
  request: RequestFields,
  options: { readonly padTo?: number; readonly type?: number } = {},
): Uint8Array {
  writeRequest(request, options.type);
  writer.padTo(options.padTo ?? 0);
  return writer.seal();
}

/** Length that `encodeRequest` gives without padding. */
export function requestLength(request: RequestFields): number {
  writeRequest(request, undefined);
  writer.check();
  return writer.at;
}

/**
 * A request as a door hands it on to an agent: without padding, the forward option last. The door names the agent's
 * server in `pick`, which binds the signature to it. Fill the last 64 bytes of `packet` with the Ed25519 signature of
 * `signed`, a view of all bytes before them.
 * @throws ConfigError as `encodeRequest`
 */
export function encodeForward(
  request: RequestFields & { readonly pick: string },
  forward: ForwardFields,
  options: { readonly type?: number } = {},
): { readonly packet: Uint8Array; readonly signed: Uint8Array } {
  writeRequest(request, options.type);
  const start = writer.open('forward');
  writer.raw('forward.address', forward.address, 16);
  writer.u16('forward.port', forward.port);
  writer.u8('forward.flags', forward.flags);
  writer.u16('forward.room', forward.room);
  writer.zeroes(SIGNATURE_BYTES);
  writer.close(start);
  const packet = writer.seal();
  return { packet, signed: packet.subarray(0, packet.length - SIGNATURE_BYTES) };
}

function writeRequest(request: RequestFields, type: number | undefined): void {
  writer.begin(request.address, request.nonce, type);
  writer.textOption('app', request.app);
  writer.textOption('world', request.world);
  writer.textOption('group', request.group);
  writer.bytesOption('client', request.client);
  writer.textOption('ticket', request.ticket);
  writeAvoid(request.avoid);
  writer.bytesOption('cookie', request.cookie);
  if (request.want !== undefined) {
    const start = writer.open('want');
    writer.u8('want', request.want);
    writer.close(start);
  }
  if (request.report !== undefined) {
    const start = writer.open('report');
    writer.u8('report', request.report);
    writer.close(start);
  }
  writer.textOption('wait', request.wait);
  if (request.page !== undefined) {
    const start = writer.open('page');
    writer.u16('page', request.page);
    writer.close(start);
  }
  writer.textOption('pick', request.pick);
  if (request.leave) writer.close(writer.open('leave'));
}

function writeAvoid(avoid: readonly string[] | undefined): void {
  if (avoid === undefined) return;
  if (avoid.length < 1 || avoid.length > MAX_AVOID) writer.problem('avoid', `1..${MAX_AVOID} ids`, avoid.length);
  const start = writer.open('avoid');
  for (const id of avoid.slice(0, MAX_AVOID)) writer.shortText('avoid', id, 1, MAX_SERVER_ID_BYTES);
  writer.close(start);
}
