import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { loadDatagramCalls } from '../../adapters/udp/system-calls.ts';
import { openTransport, type Transport } from '../../adapters/udp/transport.ts';
import type { PacketSource } from '../../core/ports.ts';
import { until } from '../support/until.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close();
});

const ASKED_BYTES = 4 * 1024 * 1024;
const TRANSPORTS = ['dgram', 'batched'] as const;
const calls = loadDatagramCalls();
/** The batched one needs Linux and its optional package. */
const absent = typeof calls === 'string' ? ['batched'] : [];
for (const name of absent) console.log(`the transport ${name} is left out: ${String(calls)}`);

const later = <T>(value: T): Promise<T> => new Promise((resolve) => setImmediate(resolve, value));

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

describe.each(TRANSPORTS.filter((name) => !absent.includes(name)))('the transport %s', (choice) => {
  async function endpoint(options: Partial<Parameters<typeof openTransport>[0]> = {}): Promise<Transport> {
    const made = await openTransport({ bind: '127.0.0.1', port: 0, handler: () => undefined, choice, ...options });
    open.push(made);
    return made;
  }

  it('says what it is, and how much may wait', async () => {
    const { kind, receiveBufferBytes, remarks } = await endpoint();
    expect(kind).toBe(choice);
    expect(receiveBufferBytes).toBeGreaterThan(0);
    expect(remarks.length).toBe(receiveBufferBytes < ASKED_BYTES ? 1 : 0);
  });

  it('gives each datagram with its source to the handler and sends the answer back', async () => {
    const seen: PacketSource[] = [];
    const server = await endpoint({
      handler: (bytes, source) => {
        seen.push({ address: source.address, port: source.port, protocol: source.protocol });
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

  it('answers every one of 1,024 that wait at once, each with its own answer, short and long, at once and later', async () => {
    const server = await endpoint({
      handler: (bytes) => {
        const answer = Uint8Array.from(bytes);
        answer[0] = 1;
        return bytes.length % 2 === 0 ? answer : later(answer);
      },
    });
    const socket = await client();
    const got = new Set<string>();
    socket.setRecvBufferSize(ASKED_BYTES);
    socket.on('message', (bytes) => got.add(`${bytes.readUInt16BE(1)} ${bytes.length} ${bytes[0]}`));
    const expected = Array.from({ length: server.receiveBufferBytes < ASKED_BYTES ? 64 : 1_024 }, (_, n) => {
      const bytes = Buffer.alloc([8, 20, 21, 800][n % 4]!);
      bytes.writeUInt16BE(n, 1);
      socket.send(bytes, server.port, server.address);
      return `${n} ${bytes.length} 1`;
    });
    await until(() => got.size === expected.length);
    expect([...got].sort()).toEqual(expected.sort());
  });

  it('keeps what it handed over for a later answer, whatever comes in the meantime', async () => {
    const held: { readonly bytes: Uint8Array; readonly text: string }[] = [];
    const server = await endpoint({
      handler: (bytes) => {
        held.push({ bytes, text: Buffer.from(bytes).toString() });
        return undefined;
      },
    });
    const socket = await client();
    for (let n = 0; n < 200; n++) socket.send(`a packet that is not short ${n}`, server.port, server.address);
    await until(() => held.length === 200);
    expect(held.map(({ bytes }) => Buffer.from(bytes).toString())).toEqual(held.map(({ text }) => text));
  });

  it('shows a datagram that no packet can be as longer than any', async () => {
    const lengths: number[] = [];
    const server = await endpoint({ handler: (bytes) => void lengths.push(bytes.length) });
    const socket = await client();
    for (let n = 0; n < 3; n++) socket.send(Buffer.alloc(9_000), server.port, server.address);
    await until(() => lengths.length === 3);
    expect(Math.min(...lengths)).toBeGreaterThan(1_200);
  });

  it('goes on while its handler closes it, and is silent afterwards', async () => {
    let handled = 0;
    const server = await endpoint({
      handler: (bytes) => {
        handled++;
        void server.close();
        return bytes;
      },
    });
    const socket = await client();
    for (let n = 0; n < 100; n++) socket.send('close', server.port, server.address);
    await until(() => handled > 0);
    await server.close();
    const atClose = handled;
    await later(0);
    expect(handled).toBe(atClose);
  });

  it('shares a port where that is wanted by both, and by neither else', async () => {
    const seen = [0, 0];
    const sharing = (index: number) => ({
      reusePort: true,
      handler: (bytes: Uint8Array) => (seen[index]!++ < 0 ? undefined : bytes),
    });
    const first = await endpoint(sharing(0));
    await endpoint({ ...sharing(1), port: first.port });
    await expect(endpoint({ port: first.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    // A flow is its source port: with each new one a coin is thrown.
    for (let flows = 0; flows < 200 && seen.includes(0); flows++) {
      expect(await ask(await client(), 'flow', first)).toBe('flow');
    }
    expect(seen.includes(0)).toBe(false);
  });

  it('names the address that is not this machine’s', async () => {
    await expect(endpoint({ bind: '203.0.113.1' })).rejects.toMatchObject({
      code: 'EADDRNOTAVAIL',
      address: '203.0.113.1',
      syscall: 'bind',
    });
  });
});

describe('the choice of a transport', () => {
  const at = { bind: '127.0.0.1', port: 0, handler: () => undefined } as const;

  it('is one by one where batches cannot be had, and says why', async () => {
    const transport = await openTransport({ ...at, choice: 'auto' }, () => 'no package');
    open.push(transport);
    expect(transport.kind).toBe('dgram');
    expect(transport.remarks[0]).toBe('datagrams are moved one by one: no package');
  });

  it('fails where batches are asked for in vain', async () => {
    await expect(openTransport({ ...at, choice: 'batched' }, () => 'no package')).rejects.toThrow('no package');
  });

  it('finds nothing where there is no package', () => {
    expect(loadDatagramCalls('file:///nowhere/door.mjs')).toMatch(/koffi/);
  });
});
