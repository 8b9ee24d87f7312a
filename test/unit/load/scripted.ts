import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { GameAddress, LoadAdapter } from '../../../adapters/load/load-adapter.ts';
import { OnedoorError } from '../../../core/errors.ts';

/** A UDP server on loopback that answers each datagram with those that `answer` gives. */
export async function scriptedUdp(answer: (request: Buffer) => readonly Uint8Array[]): Promise<GameAddress> {
  const socket = createSocket('udp4');
  onTestFinished(() => void socket.close());
  socket.on('message', (bytes, { port, address }) => {
    for (const reply of answer(bytes)) socket.send(reply, port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket.address();
}

/** A TCP server on loopback. */
export async function scriptedTcp(serve: (socket: Socket) => void): Promise<GameAddress> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    serve(socket);
  });
  onTestFinished(() => void server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server.address() as AddressInfo;
}

/** The reason of the failed query. */
export async function failure(adapter: LoadAdapter): Promise<string> {
  const error: unknown = await adapter.query().catch((thrown: unknown) => thrown);
  if (!(error instanceof OnedoorError) || error.code !== 'load.query-failed') {
    throw new Error(`must be a failed query, got: ${JSON.stringify(error)}`);
  }
  return String(error.payload['reason']);
}
