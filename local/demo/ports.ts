import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { UsageError } from '../../adapters/cli/flags.ts';
import type { LocalOptions } from '../options.ts';
import type { Machine } from './machines.ts';

/** A free TCP port of 127.0.0.1. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/**
 * Looks at every port on the addresses of the demo before anything is started.
 * @throws UsageError that names the first that is in use
 */
export async function checkPorts({ bind, probePort, httpPort }: LocalOptions, machines: readonly Machine[]) {
  const doors = [probePort, httpPort, httpPort + 1].map((port) => ({ address: bind, port }));
  const servers = machines.flatMap(({ address, gamePorts, apiPort, ...machine }) =>
    gamePorts.flatMap((gamePort, slot) =>
      [gamePort, machine.probePort + slot, apiPort + slot].map((port) => ({ address, port })),
    ),
  );
  for (const { address, port } of [...doors, ...servers]) {
    const code = (await tcpTrouble(address, port)) ?? (await udpTrouble(address, port));
    if (code === undefined) continue;
    const why = code === 'EADDRINUSE' ? 'is in use' : `cannot be had (${code})`;
    throw new UsageError(
      `port ${port} of ${address} ${why}; choose another address by --bind, other ports by --probe-port and --http-port`,
    );
  }
}

/** The error's code, if the port cannot be had. */
async function tcpTrouble(host: string, port: number): Promise<string | undefined> {
  const server = createServer().listen({ host, port, exclusive: true });
  try {
    await once(server, 'listening');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
  server.close();
  await once(server, 'close');
  return undefined;
}

async function udpTrouble(address: string, port: number): Promise<string | undefined> {
  const socket = createSocket('udp4').bind({ address, port, exclusive: true });
  try {
    await once(socket, 'listening');
  } catch (error) {
    socket.close();
    return (error as NodeJS.ErrnoException).code;
  }
  socket.close();
  await once(socket, 'close');
  return undefined;
}
