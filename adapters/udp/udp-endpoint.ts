import { createSocket, type RemoteInfo, type Socket, type SocketOptions } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { PacketHandler } from '../../core/ports.ts';

export interface UdpOptions {
  /** Numeric address to listen on. `::` takes both families, each as its own. */
  readonly bind: string;
  /** 0: any free port. */
  readonly port: number;
  /** Gets every datagram. A promise that rejects counts as no answer and is reported to `onError`. */
  readonly handler: PacketHandler;
  /** Handlers that failed, and faults of the socket; it goes on. */
  readonly onError?: (error: Error) => void;
  /**
   * Shares the port with other processes that set this too: the kernel deals out the flows (SO_REUSEPORT, Linux).
   *
   * @default false
   */
  readonly reusePort?: boolean;
}

export interface UdpEndpoint {
  readonly address: string;
  readonly port: number;
  /** What the kernel gave as room for datagrams that wait, in bytes; `RECEIVE_BUFFER_BYTES` were asked for. */
  readonly receiveBufferBytes: number;
  /** Sends one datagram to a numeric address. What cannot be sent is lost, as on any network. */
  send(bytes: Uint8Array, address: string, port: number): void;
  close(): Promise<void>;
}

/** Holds about a second of a probe flood; the kernel gives less where `net.core.rmem_max` is lower. */
export const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;
const MAPPED_PREFIX = '::ffff:';
const UDP = 17;
/** Linux reports the double, half of it for its own bookkeeping (socket(7), SO_RCVBUF). */
const REPORTED_PER_BYTE = process.platform === 'linux' ? 2 : 1;

/**
 * Binds a UDP port, for this process alone unless `reusePort`. Rejects with the system's error (`EADDRINUSE`, `EADDRNOTAVAIL`, `EACCES`).
 * Answers go out from the bound address and port, so that they pass the NAT that the request opened.
 */
export function openUdp(options: UdpOptions): Promise<UdpEndpoint> {
  const { reusePort = false } = options;
  const socket = numericSocket(options.bind, { reuseAddr: false, reusePort, recvBufferSize: RECEIVE_BUFFER_BYTES });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ address: options.bind, port: options.port, exclusive: true }, () => {
      socket.removeListener('error', reject);
      resolve(startEndpoint(socket, options));
    });
  });
}

/** A socket for numeric addresses: the default lookup goes through the resolver's interface and costs a turn of the loop. */
export function numericSocket(bind: string, options: Omit<SocketOptions, 'type' | 'lookup'> = {}): Socket {
  return createSocket({
    ...options,
    type: isIPv6(bind) ? 'udp6' : 'udp4',
    lookup: (hostname, _options, callback) => callback(null, hostname, isIPv6(hostname) ? 6 : 4),
  });
}

function startEndpoint(socket: Socket, { handler, onError = () => {} }: UdpOptions): UdpEndpoint {
  const endpoint = endpointOf(socket);
  const answer = (bytes: Uint8Array | undefined, to: RemoteInfo): void => {
    if (bytes && endpoint.isOpen()) socket.send(bytes, to.port, to.address);
  };
  socket.on('error', onError);
  socket.on('message', (bytes, from) => answerOne({ handler, onError }, bytes, from, answer));
  return endpoint;
}

/** Gives one datagram of `dgram` to the handler; `answer` gets what comes of it, now or later. */
export function answerOne(
  { handler, onError }: Required<Pick<UdpOptions, 'handler' | 'onError'>>,
  bytes: Uint8Array,
  from: RemoteInfo,
  answer: (bytes: Uint8Array | undefined, to: RemoteInfo) => void,
): void {
  // A forged source of port 0: nothing can be sent there.
  if (from.port === 0) return;
  const address = from.address.startsWith(MAPPED_PREFIX) ? from.address.slice(MAPPED_PREFIX.length) : from.address;
  try {
    const result = handler(bytes, { address, port: from.port, protocol: UDP });
    if (result instanceof Promise) result.then((late) => answer(late, from)).catch(onError);
    else answer(result, from);
  } catch (error) {
    onError(error as Error);
  }
}

/** The endpoint of a bound socket. */
export function endpointOf(socket: Socket): UdpEndpoint & { isOpen(): boolean } {
  let open = true;
  const local = socket.address();
  const isDual = isIPv6(local.address);
  return {
    address: local.address,
    port: local.port,
    receiveBufferBytes: socket.getRecvBufferSize() / REPORTED_PER_BYTE,
    isOpen: () => open,
    send(bytes, address, port) {
      if (open) socket.send(bytes, port, isDual && !isIPv6(address) ? MAPPED_PREFIX + address : address);
    },
    close() {
      if (!open) return Promise.resolve();
      open = false;
      return new Promise((resolve) => socket.close(() => resolve()));
    },
  };
}
