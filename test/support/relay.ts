import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export interface Relay {
  readonly port: number;
  /** Closed: what is under way ends, and nothing new gets through. */
  setOpen(isOpen: boolean): void;
  close(): void;
}

/** A relay in front of a port of this machine, that can be cut. */
export async function startRelay(toPort: number): Promise<Relay> {
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
    near.pipe(far).pipe(near);
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
