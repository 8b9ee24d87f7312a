import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Server as HttpServer } from 'node:http';
import { createServer, type Socket as TcpSocket } from 'node:net';
import { createFramer } from '../../core/wire/framer.ts';

export interface Closable {
  close(): Promise<void>;
}

export type OnDatagram = (
  bytes: Uint8Array,
  from: { readonly port: number; readonly address: string },
  udp: Socket,
) => void;

export async function listenUdp(
  host: string,
  port: number,
  onDatagram: OnDatagram,
): Promise<Closable & { socket: Socket }> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  // A client that is gone: its port answers by ICMP, which is nobody's business here.
  socket.on('error', () => {});
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, host, () => {
      socket.off('error', reject);
      resolve();
    });
  });
  socket.on('message', (bytes, from) => onDatagram(bytes, from, socket));
  return { socket, close: () => new Promise((resolve) => socket.close(() => resolve())) };
}

/** Probe packets and HTTP on one port: a packet's first byte is at most 4, a method's is a letter. */
export async function listenTcp(
  host: string,
  port: number,
  onPacket: (bytes: Uint8Array, connection: TcpSocket) => void,
  http: HttpServer | undefined,
): Promise<Closable> {
  const open = new Set<TcpSocket>();
  const server = createServer((connection) => {
    open.add(connection);
    connection.on('error', () => {});
    connection.on('close', () => open.delete(connection));
    connection.once('data', (first: Buffer) => {
      if (http && first[0]! >= 0x41) {
        connection.pause();
        connection.unshift(first);
        http.emit('connection', connection);
        connection.resume();
        return;
      }
      const framer = createFramer();
      const take = (chunk: Buffer): void => {
        const { packets, reason } = framer.push(chunk);
        for (const bytes of packets) onPacket(bytes, connection);
        if (reason) connection.destroy();
      };
      connection.on('data', take);
      take(first);
    });
  });
  server.listen(port, host);
  await once(server, 'listening');
  return {
    async close() {
      for (const connection of open) connection.destroy();
      await once(server.close(), 'close');
    },
  };
}
