import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import { Failure } from '../report.ts';
import { JOIN_TIMEOUT_MS, type Join } from './game-link.ts';

/** Types of the messages (Mumble protocol documentation, "Protocol stack (TCP)"). */
const MESSAGE = { version: 0, authenticate: 2, ping: 3, reject: 4, serverSync: 5 } as const;
const HEADER_BYTES = 6;
/** Protocol Buffers: field 1 as a number, here version 1.3.4; field 1 as a text. */
const VERSION = Buffer.from([0x08, 0x84, 0x86, 0x04]);
const textField = (text: string): Buffer => Buffer.concat([Buffer.from([0x0a, text.length]), Buffer.from(text)]);
/** The server ends connections that are silent for 30 s. */
const PING_MS = 2_000;

/** As much of a Mumble client as a server needs to have somebody in its root channel. */
export const joinMumble: Join = async (name, { address, port }, traffic) => {
  // Servers make their own certificates; clients remember them, and this one has never been here.
  const socket = connect({ host: address, port, rejectUnauthorized: false });
  socket.on('error', () => {});
  const send = (type: number, value: Uint8Array = new Uint8Array()): void => {
    const head = Buffer.alloc(HEADER_BYTES);
    head.writeUInt16BE(type, 0);
    head.writeUInt32BE(value.length, 2);
    socket.write(Buffer.concat([head, value]));
    traffic.sent();
  };
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(JOIN_TIMEOUT_MS) });
    const synced = untilSynced(socket, traffic.received);
    send(MESSAGE.version, VERSION);
    send(MESSAGE.authenticate, textField(name));
    await synced;
  } catch (error) {
    socket.destroy();
    throw new Failure(`${name} did not get onto ${address}:${port}: ${(error as Error).message}`);
  }
  const pings = setInterval(() => send(MESSAGE.ping), PING_MS);
  return {
    async leave() {
      clearInterval(pings);
      if (socket.destroyed) return;
      const closed = once(socket, 'close');
      socket.destroy();
      await closed;
    },
  };
};

/** Reads on for ever; resolves once the server has told its newcomer everything. */
function untilSynced(socket: TLSSocket, received: () => void): Promise<void> {
  let bytes = Buffer.alloc(0);
  return new Promise((resolve, reject) => {
    AbortSignal.timeout(JOIN_TIMEOUT_MS).addEventListener('abort', () => reject(new Error('the server is silent')));
    socket.once('close', () => reject(new Error('the server closed the connection')));
    socket.on('data', (chunk: Buffer) => {
      received();
      bytes = Buffer.concat([bytes, chunk]);
      while (bytes.length >= HEADER_BYTES && bytes.length >= HEADER_BYTES + bytes.readUInt32BE(2)) {
        const type = bytes.readUInt16BE(0);
        if (type === MESSAGE.serverSync) resolve();
        if (type === MESSAGE.reject) reject(new Error('the server rejected the user'));
        bytes = bytes.subarray(HEADER_BYTES + bytes.readUInt32BE(2));
      }
    });
  });
}
