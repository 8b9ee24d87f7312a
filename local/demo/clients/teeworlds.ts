import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { Failure } from '../report.ts';
import { type GameLink, JOIN_TIMEOUT_MS, type Join, type Traffic } from './game-link.ts';

/** Pings go out this often; the server sends what it has to answer every half second. */
const PING_MS = 100;
const TOKEN_BYTES = 4;
const NO_TOKEN = Buffer.alloc(TOKEN_BYTES, 0xff);
/** Header of a control packet: flags, acknowledged, chunks. Then the receiver's token and a message. */
const CONTROL = Buffer.from([0x04, 0, 0]);
const MESSAGE_AT = CONTROL.length + TOKEN_BYTES;
const MESSAGE = { connect: 1, accept: 2, close: 4, token: 5 } as const;
/**
 * A data packet with one chunk, which need not be acknowledged: the system message "ping". Only a client that has sent
 * data is connected for good; one that has not is dropped after 10 s.
 */
const DATA = Buffer.from([0, 0, 1]);
const PING_CHUNK = Buffer.from([0, 1, (26 << 1) | 1]);
/** Requests of strangers are this long, so that the server's answer is shorter. */
const PADDING = Buffer.alloc(508);

/**
 * As much of a Teeworlds 0.7 client as a server needs to have somebody on it: the token, the connection, and pings
 * from then on.
 */
export const joinTeeworlds: Join = async (name, { address, port }, traffic) => {
  const socket = createSocket('udp4');
  // A server that died answers with ICMP; its silence says the same.
  socket.on('error', () => {});
  socket.connect(port, address);
  await once(socket, 'connect');
  const mine = randomBytes(TOKEN_BYTES);
  const send = (token: Uint8Array, message: number, rest: readonly Uint8Array[] = []): void =>
    socket.send(Buffer.concat([CONTROL, token, Buffer.from([message]), ...rest]), () => {});
  try {
    send(NO_TOKEN, MESSAGE.token, [mine, PADDING]);
    const theirs = (await control(socket, mine, MESSAGE.token)).subarray(MESSAGE_AT + 1, MESSAGE_AT + 1 + TOKEN_BYTES);
    send(theirs, MESSAGE.connect, [mine, PADDING]);
    await control(socket, mine, MESSAGE.accept);
    const close = () => send(theirs, MESSAGE.close);
    return stay(socket, Buffer.concat([DATA, theirs, PING_CHUNK]), close, traffic);
  } catch (error) {
    socket.close();
    throw new Failure(`${name} did not get onto ${address}:${port}: ${(error as Error).message}`);
  }
};

function stay(socket: Socket, ping: Uint8Array, close: () => void, traffic: Traffic): GameLink {
  socket.on('message', () => traffic.received());
  const pings = setInterval(() => {
    socket.send(ping, () => {});
    traffic.sent();
  }, PING_MS);
  return {
    async leave() {
      clearInterval(pings);
      close();
      await new Promise<void>((resolve) => socket.close(resolve));
    },
  };
}

/** The next control packet for us with this message. */
async function control(socket: Socket, mine: Uint8Array, message: number): Promise<Buffer> {
  const signal = AbortSignal.timeout(JOIN_TIMEOUT_MS);
  for (;;) {
    const [packet] = (await once(socket, 'message', { signal })) as [Buffer];
    const isForUs = packet.subarray(CONTROL.length, MESSAGE_AT).equals(mine);
    if (isForUs && packet[0] === CONTROL[0] && packet[MESSAGE_AT] === message) return packet;
    if (isForUs && packet[MESSAGE_AT] === MESSAGE.close) throw new Error('the server closed the connection');
  }
}
