import { Socket } from 'node:dgram';
import { decodePacket } from '../../core/wire/decode.ts';

/**
 * For every test: no reply over UDP that a socket of the test's process gets is longer than the longest request that it sent with
 * the same nonce (docs/PROTOCOL.md, "No amplification"). What breaks it is thrown where the datagram arrives, which fails the run.
 */

const MOST_NONCES = 100_000;
const sentBytes = new Map<string, number>();

/** The nonce of an extended packet of that role, if it is one. */
function nonceOf(bytes: unknown, expect: 'request' | 'response'): string | undefined {
  if (!(bytes instanceof Uint8Array)) return undefined;
  const decoded = decodePacket(bytes, { expect });
  if (!decoded.ok || decoded.packet.kind !== 'extended') return undefined;
  return Buffer.from(decoded.packet.nonce).toString('hex');
}

export function noteRequest(bytes: unknown): void {
  const nonce = nonceOf(bytes, 'request');
  if (nonce === undefined) return;
  if (sentBytes.size >= MOST_NONCES) sentBytes.clear();
  sentBytes.set(nonce, Math.max(sentBytes.get(nonce) ?? 0, (bytes as Uint8Array).length));
}

/** Throws if `bytes` are a reply that is longer than its request. */
export function checkReply(bytes: unknown): void {
  const nonce = nonceOf(bytes, 'response');
  const most = nonce === undefined ? undefined : sentBytes.get(nonce);
  if (most === undefined || (bytes as Uint8Array).length <= most) return;
  throw new Error(
    `a reply over UDP must have at most the ${most} bytes of its request, got: ${(bytes as Uint8Array).length}`,
  );
}

/** Puts the check into every socket of this process, once. */
export function watchReplies(): void {
  const { send, emit } = Socket.prototype;
  Object.assign(Socket.prototype, {
    send(this: Socket, ...args: Parameters<Socket['send']>) {
      noteRequest(args[0]);
      return Reflect.apply(send, this, args);
    },
    emit(this: Socket, ...args: Parameters<Socket['emit']>) {
      if ((args[0] as string) === 'message') checkReply(args[1]);
      return Reflect.apply(emit, this, args);
    },
  });
}
