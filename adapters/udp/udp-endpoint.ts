import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
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
}

export interface UdpEndpoint {
  readonly address: string;
  readonly port: number;
  /** Sends one datagram to a numeric address. What cannot be sent is lost, as on any network. */
  send(bytes: Uint8Array, address: string, port: number): void;
  close(): Promise<void>;
}

/** Holds about a second of a probe flood; the kernel gives less where `net.core.rmem_max` is lower. */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;
const MAPPED_PREFIX = '::ffff:';
const UDP = 17;

/**
 * Binds a UDP port for this process alone. Rejects with the system's error (`EADDRINUSE`, `EADDRNOTAVAIL`, `EACCES`).
 * Answers go out from the bound address and port, so that they pass the NAT that the request opened.
 */
export function openUdp(options: UdpOptions): Promise<UdpEndpoint> {
  const socket = createSocket({
    type: isIPv6(options.bind) ? 'udp6' : 'udp4',
    reuseAddr: false,
    recvBufferSize: RECEIVE_BUFFER_BYTES,
    // Addresses here are numeric. The default goes through the resolver's interface and costs a turn of the event loop.
    lookup: (hostname, _options, callback) => callback(null, hostname, isIPv6(hostname) ? 6 : 4),
  });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ address: options.bind, port: options.port, exclusive: true }, () => {
      socket.removeListener('error', reject);
      resolve(startEndpoint(socket, options));
    });
  });
}

function startEndpoint(socket: Socket, { handler, onError = () => {} }: UdpOptions): UdpEndpoint {
  let open = true;
  socket.on('error', onError);
  const answer = (bytes: Uint8Array | undefined, to: RemoteInfo): void => {
    if (bytes && open) socket.send(bytes, to.port, to.address);
  };
  socket.on('message', (bytes, from) => {
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
  });
  const local = socket.address();
  const isDual = isIPv6(local.address);
  return {
    address: local.address,
    port: local.port,
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
