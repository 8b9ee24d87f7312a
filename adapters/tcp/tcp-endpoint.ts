import { once } from 'node:events';
import { createServer, isIPv6, type Server, type Socket } from 'node:net';
import { createConnectionRoom } from '../../core/connection-room.ts';
import type { PacketHandler } from '../../core/ports.ts';
import { createFramer } from '../../core/wire/framer.ts';
import { STREAM_IDLE_TIMEOUT_MS, STREAM_PACKET_TIMEOUT_MS } from '../../core/wire/limits.ts';

export interface TcpOptions {
  /** Numeric address to listen on. `::` takes both families. */
  readonly bind: string;
  /** 0: any free port. */
  readonly port: number;
  /** Shares the port with other processes that set this too (SO_REUSEPORT). @default false */
  readonly reusePort?: boolean;
  /** Gets whole packets, one at a time for each connection. No answer closes the connection. */
  readonly handler: PacketHandler;
  /** Handlers that failed; their connection is closed. */
  readonly onError?: (error: Error) => void;
  /** Connections at the same time; further ones are closed at once. @default 1024 */
  readonly maxConnections?: number;
  /** Of these, how many from one source (an IPv4 address, an IPv6 /64): one must not hold the door shut for all. @default 64 */
  readonly maxPerSource?: number;
  /** Told of each connection that there was no room for. @default nobody */
  readonly onRefused?: () => void;
  /** For tests; docs/PROTOCOL.md, "Over TCP", fixes them. @default 5000 and 30000 */
  readonly packetTimeoutMs?: number;
  readonly idleTimeoutMs?: number;
}

export interface TcpEndpoint {
  readonly address: string;
  readonly port: number;
  /** Connections open now. */
  connections(): number;
  /** Stops listening and closes every connection. */
  close(): Promise<void>;
}

const MAPPED_PREFIX = '::ffff:';
const TCP = 6;

/** The probe protocol over TCP. Rejects with the system's error (`EADDRINUSE`, `EADDRNOTAVAIL`, `EACCES`). */
export async function openTcp(options: TcpOptions): Promise<TcpEndpoint> {
  const { maxConnections = 1024, maxPerSource = 64, onRefused = () => {} } = options;
  const open = new Set<Socket>();
  const room = createConnectionRoom({ most: maxConnections, mostPerSource: maxPerSource, exceptLoopback: false });
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    const address = plainAddress(socket.remoteAddress ?? '');
    const leave = room.enter(address);
    if (!leave) {
      onRefused();
      socket.destroy();
      return;
    }
    open.add(socket);
    socket.once('close', () => {
      open.delete(socket);
      leave();
    });
    serve(socket, address, options);
  });
  const { address, port } = await listen(server, options);
  return {
    address,
    port,
    connections: () => open.size,
    async close() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

async function listen(server: Server, options: TcpOptions): Promise<{ address: string; port: number }> {
  const { bind: host, port, reusePort = false } = options;
  server.listen({ host, port, reusePort, exclusive: true });
  await once(server, 'listening');
  return server.address() as { address: string; port: number };
}

function plainAddress(address: string): string {
  const mapped = address.startsWith(MAPPED_PREFIX) && !isIPv6(address.slice(MAPPED_PREFIX.length));
  return mapped ? address.slice(MAPPED_PREFIX.length) : address;
}

/**
 * One connection. Reading stops while a packet is being answered and while the client does not take its answers, so a
 * connection never holds more than a chunk and one incomplete packet.
 */
function serve(socket: Socket, address: string, options: TcpOptions): void {
  const { handler, onError = () => {} } = options;
  const { packetTimeoutMs = STREAM_PACKET_TIMEOUT_MS, idleTimeoutMs = STREAM_IDLE_TIMEOUT_MS } = options;
  const source = { address, port: socket.remotePort ?? 0, protocol: TCP } as const;
  const framer = createFramer();
  const close = (): void => void socket.destroy();
  let timer = setTimeout(close, idleTimeoutMs);
  /** One timer for both limits: bytes of a packet that trickle in must not put off its end. */
  const restart = (ms: number): void => {
    clearTimeout(timer);
    timer = setTimeout(close, ms);
  };

  async function answerAll(packets: readonly Uint8Array[]): Promise<void> {
    for (const packet of packets) {
      const answer = await handler(packet, source);
      if (answer === undefined) return close();
      if (!socket.write(answer)) await once(socket, 'drain');
    }
  }

  socket.on('data', async (chunk: Buffer) => {
    const wasPending = framer.pending() > 0;
    const { packets, reason } = framer.push(chunk);
    if (packets.length > 0) {
      restart(idleTimeoutMs);
      socket.pause();
      await answerAll(packets).catch((error: Error) => {
        // The connection may have gone while its answer was waiting; that is no fault of the handler.
        if (!socket.destroyed) onError(error);
        close();
      });
      if (!socket.destroyed) socket.resume();
    }
    if (socket.destroyed) return;
    if (reason) return socket.destroySoon();
    if (framer.pending() > 0 && (!wasPending || packets.length > 0)) restart(packetTimeoutMs);
  });
  // Half-open until the answers are out: some clients send one packet and shut their side down.
  socket.once('end', () => socket.end());
  socket.on('error', close);
  socket.once('close', () => clearTimeout(timer));
}
