import type { IncomingMessage } from 'node:http';

/** What of an over-long body is read and thrown away, so that the client gets to see the answer and not a reset. */
const MAX_DISCARDED_BYTES = 1024 * 1024;

/**
 * The whole body, undefined if there is none; `too-large` once it is known to be longer than `maxBytes`; `gone` if the
 * client left in the middle.
 */
export function readBody(
  incoming: IncomingMessage,
  maxBytes: number,
): Promise<Uint8Array | undefined | 'too-large' | 'gone'> {
  const declared = Number(incoming.headers['content-length'] ?? 0);
  if (declared > maxBytes + MAX_DISCARDED_BYTES) return Promise.resolve('too-large');
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    incoming.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBytes) chunks.push(chunk);
      else chunks.length = 0;
      if (bytes > maxBytes + MAX_DISCARDED_BYTES) {
        incoming.pause();
        resolve('too-large');
      }
    });
    incoming.once('end', () => {
      if (bytes > maxBytes) resolve('too-large');
      else resolve(bytes === 0 ? undefined : chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, bytes));
    });
    incoming.once('error', () => resolve('gone'));
    incoming.once('close', () => resolve('gone'));
  });
}
