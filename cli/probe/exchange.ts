import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { createFramer } from '../../core/wire/framer.ts';

/** Where to send, and how long to wait. */
export interface Peer {
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
}

/**
 * One packet out, at most one packet back; undefined if none came in time. Rejects if the peer cannot be reached.
 * `again` may answer the first packet with another one from the same port, whose answer then counts.
 */
export type Exchange = (
  bytes: Uint8Array,
  peer: Peer,
  again?: (answer: Uint8Array) => Uint8Array | undefined,
) => Promise<Uint8Array | undefined>;

/** Each call from a port of its own: load balancers pin flows. */
export const exchangeUdp: Exchange = (bytes, { host, port, timeoutMs }, again) =>
  new Promise((resolve, reject) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    const timer = setTimeout(() => finish(undefined), timeoutMs);
    const finish = (answer: Uint8Array | undefined): void => {
      clearTimeout(timer);
      socket.close();
      resolve(answer);
    };
    socket.on('error', (error) => {
      clearTimeout(timer);
      socket.close();
      reject(error);
    });
    let mayRepeat = again !== undefined;
    socket.on('message', (answer) => {
      const next = mayRepeat ? again?.(answer) : undefined;
      mayRepeat = false;
      if (next) socket.send(next);
      else finish(answer);
    });
    socket.connect(port, host, () => socket.send(bytes));
  });

export const exchangeTcp: Exchange = (bytes, { host, port, timeoutMs }) =>
  new Promise((resolve, reject) => {
    const framer = createFramer();
    const socket = connect({ host, port });
    const timer = setTimeout(() => finish(undefined), timeoutMs);
    const finish = (answer: Uint8Array | undefined): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    socket.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    socket.on('connect', () => socket.write(bytes));
    socket.on('data', (chunk: Buffer) => {
      const { packets, reason } = framer.push(chunk);
      if (packets[0]) finish(packets[0].slice());
      else if (reason) finish(undefined);
    });
    socket.on('close', () => finish(undefined));
  });
