import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer, type Socket as TcpSocket } from 'node:net';
import { parseAddress, toWireAddress } from '../../core/wire/address.ts';
import { encodeResponse } from '../../core/wire/encode-response.ts';
import { createFramer } from '../../core/wire/framer.ts';
import type { ExtendedRequest, ResponseFields } from '../../core/wire/packet.ts';
import { PORT_ROLE } from '../../core/wire/server-port.ts';
import { readRequest } from './sim-servers.ts';

export interface Received extends ExtendedRequest {
  readonly via: 'udp' | 'tcp';
  readonly sourcePort: number;
}

/** Undefined is silence. */
export type Script = (request: Received) => ResponseFields | undefined;

export interface ScriptedPeer {
  readonly host: string;
  readonly port: number;
  readonly requests: Received[];
  /** What it answers; change it at any time. */
  script: Script;
  /** Ways that are not answered, though packets arrive. */
  readonly deaf: Set<'udp' | 'tcp'>;
  /** Closes the sockets as a killed process would: the kernel then refuses what comes. */
  die(): Promise<void>;
}

/** Listens on a free port of `host`, UDP and TCP, as a door or an agent does, and answers by its script. */
export async function startPeer(script: Script, host = '127.0.0.1'): Promise<ScriptedPeer> {
  const tcp = createServer();
  tcp.listen(0, host);
  await once(tcp, 'listening');
  const { port } = tcp.address() as AddressInfo;
  const udp = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  udp.bind(port, host);
  await once(udp, 'listening');
  const connections = new Set<TcpSocket>();
  const peer: ScriptedPeer = {
    host,
    port,
    requests: [],
    script,
    deaf: new Set(),
    async die() {
      for (const connection of connections) connection.resetAndDestroy();
      await Promise.all([once(tcp.close(), 'close'), closeUdp(udp)]);
    },
  };
  const answer = (bytes: Uint8Array, via: 'udp' | 'tcp', sourcePort: number): Uint8Array | undefined => {
    const request = { ...readRequest(Uint8Array.from(bytes)), via, sourcePort };
    peer.requests.push(request);
    const fields = peer.deaf.has(via) ? undefined : peer.script(request);
    if (!fields) return undefined;
    const encoded = encodeResponse(fields, { maxBytes: via === 'udp' ? bytes.length : 1_200 });
    return encoded.ok ? encoded.bytes : undefined;
  };
  udp.on('message', (bytes, from) => {
    const response = answer(bytes, 'udp', from.port);
    if (response) udp.send(response, from.port, from.address);
  });
  tcp.on('connection', (connection) => {
    connections.add(connection);
    const framer = createFramer();
    connection.on('error', () => {});
    connection.on('close', () => connections.delete(connection));
    connection.on('data', (chunk) => {
      for (const bytes of framer.push(chunk).packets) {
        const response = answer(bytes, 'tcp', connection.remotePort ?? 0);
        if (response) connection.write(response);
      }
    });
  });
  return peer;
}

function closeUdp(udp: Socket): Promise<void> {
  return new Promise((resolve) => udp.close(() => resolve()));
}

/** The answer of an agent that is well: its own address, id and ports. */
export function aliveFields(request: ExtendedRequest, server: ScriptedPeer, id: string): ResponseFields {
  return {
    address: toWireAddress(parseAddress(server.host)!),
    nonce: request.nonce,
    server: id,
    keepalive: { intervalSeconds: 20, transmissions: 10, timeoutMs: 700 },
  };
}

/** The door's answer that gives a seat on `server`. */
export function grantFields(request: ExtendedRequest, server: ScriptedPeer, id: string): ResponseFields {
  return {
    ...aliveFields(request, server, id),
    ports: [
      { role: PORT_ROLE.game, port: 27_000 },
      { role: PORT_ROLE.probe, port: server.port },
    ],
    ticket: `ticket-${id}`,
  };
}

/** A peer that answers keepalives as the server `id`. */
export async function startServer(id: string, host = '127.0.0.2'): Promise<ScriptedPeer> {
  const server = await startPeer(() => undefined, host);
  server.script = (request) => aliveFields(request, server, id);
  return server;
}

export interface ScriptedApi {
  readonly base: string;
  readonly bodies: unknown[];
  close(): Promise<void>;
}

/** An HTTP API whose every POST is answered by `answer`. */
export async function startApi(
  answer: (body: unknown) => { status: number; body: unknown; headers?: object },
): Promise<ScriptedApi> {
  const bodies: unknown[] = [];
  const server = createHttpServer((request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body: unknown = JSON.parse(Buffer.concat(chunks).toString());
      bodies.push({ method: request.method, url: request.url, body });
      const { status, body: answered, headers } = answer(body);
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(typeof answered === 'string' ? answered : JSON.stringify(answered));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    base: `http://127.0.0.1:${port}`,
    bodies,
    async close() {
      server.closeAllConnections();
      await once(server.close(), 'close');
    },
  };
}
