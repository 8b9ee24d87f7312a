import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { openUdp, type UdpEndpoint } from '../../../adapters/udp/udp-endpoint.ts';
import type { PacketSource } from '../../../core/ports.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close();
});

async function endpoint(options: Partial<Parameters<typeof openUdp>[0]> = {}): Promise<UdpEndpoint> {
  const made = await openUdp({ bind: '127.0.0.1', port: 0, handler: () => undefined, ...options });
  open.push(made);
  return made;
}

async function client(type: 'udp4' | 'udp6' = 'udp4'): Promise<Socket> {
  const socket = createSocket(type);
  open.push(socket);
  socket.bind(0, type === 'udp4' ? '127.0.0.1' : '::1');
  await once(socket, 'listening');
  return socket;
}

async function ask(socket: Socket, text: string, to: { port: number; address: string }): Promise<string> {
  socket.send(text, to.port, to.address);
  const [bytes] = (await once(socket, 'message')) as [Buffer];
  return bytes.toString();
}

describe('a UDP endpoint', () => {
  it('gives each datagram with its source to the handler and sends the answer back', async () => {
    const seen: PacketSource[] = [];
    const server = await endpoint({
      handler: (bytes, source) => {
        seen.push(source);
        return Buffer.from(`${Buffer.from(bytes)}!`);
      },
    });
    const socket = await client();

    expect(await ask(socket, 'hello', server)).toBe('hello!');
    expect(seen).toEqual([{ address: '127.0.0.1', port: socket.address().port, protocol: 17 }]);
  });

  it('sends answers that come later', async () => {
    const server = await endpoint({ handler: async (bytes) => bytes });
    expect(await ask(await client(), 'later', server)).toBe('later');
  });

  it('stays silent where there is no answer, reports what fails and goes on', async () => {
    const errors: string[] = [];
    const server = await endpoint({
      onError: (error) => errors.push(error.message),
      handler: (bytes) => {
        const text = Buffer.from(bytes).toString();
        if (text === 'throw') throw new Error('thrown');
        if (text === 'reject') return Promise.reject(new Error('rejected'));
        return text === 'silent' ? undefined : bytes;
      },
    });
    const socket = await client();
    for (const text of ['silent', 'throw', 'reject']) socket.send(text, server.port, server.address);

    expect(await ask(socket, 'still here', server)).toBe('still here');
    expect(errors).toEqual(['thrown', 'rejected']);
  });

  it('speaks both families on one dual-stack port, and names IPv4 sources in dotted decimal', async () => {
    const sources: string[] = [];
    const server = await endpoint({
      bind: '::',
      handler: (bytes, { address }) => {
        sources.push(address);
        return bytes;
      },
    });

    expect(await ask(await client(), 'four', { port: server.port, address: '127.0.0.1' })).toBe('four');
    expect(await ask(await client('udp6'), 'six', { port: server.port, address: '::1' })).toBe('six');
    expect(sources).toEqual(['127.0.0.1', '::1']);

    const four = await client();
    server.send(Buffer.from('unasked'), '127.0.0.1', four.address().port);
    expect(String((await once(four, 'message'))[0])).toBe('unasked');
  });

  it('has its port for itself', async () => {
    const { port } = await endpoint();
    await expect(endpoint({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('loses what cannot be sent, and may be closed twice', async () => {
    const server = await endpoint({ handler: (bytes) => bytes });
    server.send(new Uint8Array(70_000), '127.0.0.1', 9);
    expect(await ask(await client(), 'still here', server)).toBe('still here');

    await server.close();
    await server.close();
    server.send(Uint8Array.of(1), '127.0.0.1', 9);
  });
});
