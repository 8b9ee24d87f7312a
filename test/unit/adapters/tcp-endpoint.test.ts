import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { openTcp, type TcpEndpoint } from '../../../adapters/tcp/tcp-endpoint.ts';
import type { PacketSource } from '../../../core/ports.ts';

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

async function endpoint(options: Partial<Parameters<typeof openTcp>[0]> = {}): Promise<TcpEndpoint> {
  const made = await openTcp({ bind: '127.0.0.1', port: 0, handler: (bytes) => bytes, ...options });
  open.push(() => made.close());
  return made;
}

async function client({ port }: TcpEndpoint): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  open.push(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** Also where the last thing sent met a closed connection, which is an error to `once`. */
function ended(socket: Socket): Promise<void> {
  return new Promise((resolve) => void socket.once('close', () => resolve()));
}

const packet = (last: number): Buffer => Buffer.from([0, 8, 0xff, 0xff, 10, 0, 0, last]);

/** The next `count` answers of 8 bytes. */
async function answers(socket: Socket, count: number): Promise<Buffer[]> {
  let bytes = Buffer.alloc(0);
  while (bytes.length < count * 8) bytes = Buffer.concat([bytes, (await once(socket, 'data'))[0] as Buffer]);
  return Array.from({ length: count }, (_, n) => bytes.subarray(n * 8, n * 8 + 8));
}

describe('a TCP endpoint', () => {
  it('answers packets in order, however the stream is cut', async () => {
    const seen: PacketSource[] = [];
    let turn = 0;
    const server = await endpoint({
      handler: async (bytes, source) => {
        seen.push(source);
        // The first answer takes longest: it must still be first.
        if (turn++ === 0) await new Promise((resolve) => setImmediate(resolve));
        return bytes;
      },
    });
    const socket = await client(server);
    const stream = Buffer.concat([packet(1), packet(2), packet(3)]);
    socket.write(stream.subarray(0, 11));
    socket.write(stream.subarray(11));

    expect(await answers(socket, 3)).toEqual([packet(1), packet(2), packet(3)]);
    expect(seen[0]).toEqual({ address: '127.0.0.1', port: socket.localPort, protocol: 6 });
  });

  it('answers a client that shuts its side down at once, then closes', async () => {
    const server = await endpoint({ handler: (bytes) => new Promise((resolve) => setImmediate(resolve, bytes)) });
    const socket = await client(server);
    socket.end(packet(7));

    expect(await answers(socket, 1)).toEqual([packet(7)]);
    await ended(socket);
  });

  it('closes on a Length that no packet can have, after answering what came before', async () => {
    const socket = await client(await endpoint());
    socket.write(Buffer.concat([packet(1), Buffer.from([0, 9])]));

    expect(await answers(socket, 1)).toEqual([packet(1)]);
    await ended(socket);
  });

  it('closes where there is no answer, and where the handler fails', async () => {
    const errors: string[] = [];
    const server = await endpoint({
      onError: (error) => errors.push(error.message),
      handler: (bytes) => (bytes[7] === 1 ? undefined : Promise.reject(new Error('no luck'))),
    });
    for (const last of [1, 2]) {
      const socket = await client(server);
      socket.write(packet(last));
      await ended(socket);
    }
    expect(errors).toEqual(['no luck']);
    await expect.poll(() => server.connections()).toBe(0);
  });

  it('closes when a packet is not complete in time, even if its bytes trickle in', async () => {
    const server = await endpoint({ packetTimeoutMs: 300 });
    const socket = await client(server);
    const bytes = packet(1);
    let sent = 0;
    const trickle = setInterval(() => socket.write(bytes.subarray(sent, ++sent)), 100);
    await ended(socket);
    clearInterval(trickle);
    expect(sent).toBeLessThan(bytes.length);
  });

  it('closes idle connections, and lets go on who keeps talking', async () => {
    const server = await endpoint({ idleTimeoutMs: 1_000 });
    const idle = await client(server);
    const busy = (await client(server)).resume();
    let closed = false;
    busy.on('close', () => {
      closed = true;
    });
    const talk = setInterval(() => busy.write(packet(1)), 30);
    await ended(idle);
    expect(closed).toBe(false);
    clearInterval(talk);
    await ended(busy);
  });

  it('holds a bounded number of connections, in all and from one address', async () => {
    for (const bound of [{ maxConnections: 2 }, { maxPerSource: 2 }]) {
      const server = await endpoint(bound);
      const first = await client(server);
      await client(server);
      const third = await client(server);
      await ended(third);
      expect(server.connections()).toBe(2);

      first.destroy();
      await expect.poll(() => server.connections()).toBe(1);
      const fourth = await client(server);
      fourth.write(packet(4));
      expect(await answers(fourth, 1)).toEqual([packet(4)]);
    }
  });

  it('stops reading from a client that does not take its answers', async () => {
    let handled = 0;
    const big = new Uint8Array(1_200);
    const server = await endpoint({
      idleTimeoutMs: 500,
      handler: () => {
        handled++;
        return big;
      },
    });
    // Before the connection, whose idle time goes by meanwhile.
    const many = Buffer.concat(Array.from({ length: 100_000 }, () => packet(1)));
    const socket = await client(server);
    socket.pause();
    socket.write(many);
    await expect.poll(() => handled).toBeGreaterThan(0);
    await expect.poll(() => server.connections()).toBe(0);
    expect(handled).toBeLessThan(100_000);
  });

  it('has its port for itself, and closes every connection when it closes', async () => {
    const server = await endpoint();
    await expect(endpoint({ port: server.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    const socket = await client(server);
    await server.close();
    await server.close();
    await ended(socket);
  });
});
