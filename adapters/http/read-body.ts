import type { IncomingMessage } from 'node:http';

/** What of an over-long body is read and thrown away, so that the client gets to see the answer and not a reset. */
const MAX_DISCARDED_BYTES = 1024 * 1024;

/**
 * Tells the whole body, undefined if there is none, or `too-large` once it is known to be longer than `maxBytes`; nothing
 * if the client leaves in the middle.
 * @param declared the request's content-length, 0 if it has none
 */
export function readBody(
  incoming: IncomingMessage,
  declared: number,
  maxBytes: number,
  done: (body: Uint8Array | undefined | 'too-large') => void,
): void {
  if (declared > maxBytes + MAX_DISCARDED_BYTES) {
    done('too-large');
    return;
  }
  let first: Buffer | undefined;
  let others: Buffer[] | undefined;
  let bytes = 0;
  let isTold = false;
  incoming.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      first = undefined;
      others = undefined;
    } else if (first) others = [...(others ?? []), chunk];
    else first = chunk;
    if (bytes > maxBytes + MAX_DISCARDED_BYTES && !isTold) {
      isTold = true;
      incoming.pause();
      done('too-large');
    }
  });
  incoming.on('end', () => {
    if (isTold) return;
    if (bytes > maxBytes) done('too-large');
    else done(first && others ? Buffer.concat([first, ...others], bytes) : first);
  });
}
