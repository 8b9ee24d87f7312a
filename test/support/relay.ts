import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export interface Relay {
  readonly port: number;
  /** Closed: what is under way ends, and nothing new gets through. */
  setOpen(isOpen: boolean): void;
  close(): void;
}

/** Sees the bytes of one connection before they are passed on. False: they are not, and the connection is cut. */
export interface RelayWatch {
  request(bytes: Buffer): boolean;
  /** The bytes of a request have left for the port. */
  sent(): void;
  reply(bytes: Buffer): boolean;
}

/**
 * A relay in front of a port of this machine, that can be cut.
 * @param watch makes the watch of each connection
 */
export async function startRelay(toPort: number, watch?: () => RelayWatch): Promise<Relay> {
  const sockets = new Set<Socket>();
  let isOpen = true;
  const server: Server = createServer((near) => {
    near.on('error', () => {});
    if (!isOpen) {
      near.destroy();
      return;
    }
    const far = connect(toPort, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => {
        sockets.delete(socket);
        (socket === near ? far : near).destroy();
      });
    }
    if (watch) join(near, far, watch());
    else near.pipe(far).pipe(near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    setOpen(open) {
      isOpen = open;
      if (!open) cut();
    },
    close() {
      server.close();
      cut();
    },
  };
}

function join(near: Socket, far: Socket, watch: RelayWatch): void {
  near.on('data', (bytes) => {
    if (watch.request(bytes)) far.write(bytes, () => watch.sent());
    else near.destroy();
  });
  far.on('data', (bytes) => {
    if (watch.reply(bytes)) near.write(bytes);
    else near.destroy();
  });
  near.on('end', () => far.end());
  far.on('end', () => near.end());
}
