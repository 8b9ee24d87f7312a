import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Rng } from '../../core/ports.ts';

/** What a network does to what passes. */
export interface Weather {
  /** Nothing passes, and nobody is told. */
  isCut: boolean;
  lossPct: number;
  duplicatePct: number;
  delayMs: number;
}

const calm = (): Weather => ({ isCut: false, lossPct: 0, duplicatePct: 0, delayMs: 0 });

/** A way between two parts, on which things happen. */
export interface Wire {
  readonly port: number;
  weather: Weather;
  close(): void;
}

interface Place {
  readonly host: string;
  readonly port: number;
}

const CHECK_MS = 50;

/** A stream keeps its order: while it is cut its bytes wait, as TCP's own do. */
export async function tcpWire(at: Place, to: Place): Promise<Wire> {
  const sockets = new Set<Socket>();
  const wire = { port: at.port, weather: calm(), close: () => {} };
  const carry = (from: Socket, far: Socket): void => {
    const waiting: { readonly bytes: Buffer; readonly dueMs: number }[] = [];
    let timer: NodeJS.Timeout | undefined;
    const flush = (): void => {
      timer = undefined;
      while (waiting[0] && !wire.weather.isCut && waiting[0].dueMs <= performance.now()) {
        far.write(waiting.shift()!.bytes);
      }
      if (waiting.length > 0 && !from.destroyed) timer = setTimeout(flush, CHECK_MS);
    };
    from.on('data', (bytes: Buffer) => {
      waiting.push({ bytes, dueMs: performance.now() + wire.weather.delayMs });
      if (!timer) flush();
    });
    from.once('close', () => clearTimeout(timer));
  };
  const server = createServer((near) => {
    const far = connect(to.port, to.host);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      carry(socket, other);
    }
  });
  server.listen(at.port, at.host);
  await once(server, 'listening');
  wire.port = (server.address() as AddressInfo).port;
  wire.close = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return wire;
}

/** Datagrams: each sender has a socket of its own behind the wire, as behind a NAT. */
export async function udpWire(at: Place, to: Place, rng: Rng): Promise<Wire> {
  const near = createSocket('udp4');
  const behind = new Map<string, UdpSocket>();
  const wire = { port: at.port, weather: calm(), close: () => {} };
  const pass = (send: () => void): void => {
    const { isCut, lossPct, duplicatePct, delayMs } = wire.weather;
    if (isCut || rng.float() * 100 < lossPct) return;
    const copies = rng.float() * 100 < duplicatePct ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      if (delayMs === 0 && copy === 0) send();
      else setTimeout(send, delayMs * (0.5 + rng.float()));
    }
  };
  const socketFor = (from: RemoteInfo): UdpSocket => {
    const key = `${from.address}:${from.port}`;
    const known = behind.get(key);
    if (known) return known;
    const far = createSocket('udp4');
    far.on('error', () => {});
    far.on('message', (bytes) => pass(() => near.send(bytes, from.port, from.address, () => {})));
    behind.set(key, far);
    return far;
  };
  near.on('error', () => {});
  near.on('message', (bytes, from) => {
    const far = socketFor(from);
    pass(() => far.send(bytes, to.port, to.host, () => {}));
  });
  near.bind(at.port, at.host);
  await once(near, 'listening');
  wire.close = () => {
    for (const socket of [near, ...behind.values()]) socket.close();
  };
  return wire;
}
