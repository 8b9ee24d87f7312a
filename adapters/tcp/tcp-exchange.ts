import { connect } from 'node:net';
import { createFramer } from '../../core/wire/framer.ts';

/**
 * Sends one packet over a connection of its own and gives the first packet that comes back. Rejects when the connection
 * fails or closes, what comes is no packet, or `timeoutMs` are over.
 */
export function exchangeOverTcp(
  to: { readonly address: string; readonly port: number },
  bytes: Uint8Array,
  timeoutMs: number,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: to.address, port: to.port, noDelay: true });
    const framer = createFramer();
    const timer = setTimeout(() => end(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs);
    const end = (outcome: Uint8Array | Error): void => {
      clearTimeout(timer);
      socket.destroy();
      if (outcome instanceof Error) reject(outcome);
      else resolve(outcome);
    };
    socket.once('connect', () => socket.write(bytes));
    socket.on('data', (chunk) => {
      const { packets, reason } = framer.push(chunk);
      if (packets[0]) end(Uint8Array.from(packets[0]));
      else if (reason !== undefined) end(new Error(`no packet: ${reason}`));
    });
    socket.once('error', end);
    socket.once('close', () => end(new Error('closed without an answer')));
  });
}
