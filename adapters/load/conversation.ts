import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import { OnedoorError } from '../../core/errors.ts';
import { type GameAddress, QUERY_TIMEOUT_MS, queryFailed } from './load-adapter.ts';

/** Answers that wait to be read; a game that sends more is not answering. */
const MAX_WAITING = 16;
/** No answer read here is longer. */
const MAX_STREAM_BYTES = 4_096;

/** A conversation by datagrams with one peer: what others send never arrives. */
export interface Datagrams {
  send(bytes: Uint8Array): void;
  /** What `read` makes of the first datagram that it takes; it gives undefined for the others, which are dropped. */
  answer<T>(read: (bytes: Buffer) => T | undefined): Promise<T>;
}

/** Adapters throw the right error themselves where they know more. */
function asFailure(adapter: string, error: NodeJS.ErrnoException): OnedoorError {
  return error instanceof OnedoorError ? error : queryFailed(adapter, error.code ?? error.message, error);
}

/** Talks with the game over UDP for at most `timeoutMs` in all. Rejects with `load.query-failed`. */
export function talkUdp<T>(
  adapter: string,
  { address, port }: GameAddress,
  talk: (game: Datagrams) => Promise<T>,
  timeoutMs = QUERY_TIMEOUT_MS,
): Promise<T> {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  const waiting: Buffer[] = [];
  let wake: (() => void) | undefined;
  return new Promise<T>((resolve, reject) => {
    const fail = (error: Error): void => reject(asFailure(adapter, error));
    const timer = setTimeout(() => fail(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    socket.on('error', fail);
    socket.on('message', (bytes) => {
      if (waiting.push(bytes) > MAX_WAITING) waiting.shift();
      wake?.();
    });
    const game: Datagrams = {
      send: (bytes) => socket.send(bytes, (error) => error && fail(error)),
      async answer(read) {
        for (;;) {
          const bytes = waiting.shift();
          const result = bytes && read(bytes);
          if (result !== undefined) return result;
          if (bytes) continue;
          await new Promise<void>((awake) => {
            wake = awake;
          });
        }
      },
    };
    // Connected: the kernel drops what comes from elsewhere, and says at once that nobody listens there.
    socket.connect(port, address, () => void talk(game).then(resolve, fail));
    socket.once('close', () => clearTimeout(timer));
  }).finally(() => socket.close());
}

/**
 * Sends `hello` over TCP and feeds all bytes so far to `read` until that gives a result. `read` may say more by `send`.
 * Rejects with `load.query-failed`, at the latest after `timeoutMs`.
 */
export function talkTcp<T>(
  adapter: string,
  { address, port }: GameAddress,
  hello: Uint8Array,
  read: (bytes: Buffer, send: (bytes: Uint8Array) => void) => T | undefined,
  timeoutMs = QUERY_TIMEOUT_MS,
): Promise<T> {
  const socket = connect({ host: address, port, noDelay: true });
  let bytes = Buffer.alloc(0);
  return new Promise<T>((resolve, reject) => {
    const fail = (error: Error): void => reject(asFailure(adapter, error));
    const timer = setTimeout(() => fail(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    socket.once('connect', () => socket.write(hello));
    socket.on('error', fail);
    socket.once('close', () => {
      clearTimeout(timer);
      fail(new Error('closed before it answered'));
    });
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      if (bytes.length > MAX_STREAM_BYTES) return fail(new Error('answer too long'));
      try {
        const result = read(bytes, (more) => socket.write(more));
        if (result !== undefined) resolve(result);
      } catch (cause) {
        fail(cause as Error);
      }
    });
  }).finally(() => socket.destroy());
}
