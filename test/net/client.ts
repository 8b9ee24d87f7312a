/**
 * The client of the NAT lab, inside its network namespace: sockets and SDK sessions at the lab's orders, which come in on
 * stdin as lines of JSON. Replies, and what sockets hear, go out on stdout.
 */
import { createSocket, type Socket } from 'node:dgram';
import { connect as connectTcp } from 'node:net';
import { createInterface } from 'node:readline';
import { connect, type Session } from '../../client/index.ts';

/** What the lab may ask for. `socket` is a number of its choice. */
export type ClientOrder =
  | {
      readonly order: 'send';
      readonly socket: number;
      readonly to: string;
      readonly port: number;
      readonly hex: string;
    }
  | { readonly order: 'tcp'; readonly socket: number; readonly to: string; readonly port: number; readonly hex: string }
  | { readonly order: 'connect'; readonly door: string; readonly http: string | false }
  /** A session that stays until it is asked for. */
  | { readonly order: 'hold'; readonly door: string }
  | { readonly order: 'release' };

/** What came in at a socket. */
export interface Heard {
  readonly socket: number;
  /** Address and port. */
  readonly from: string;
  readonly hex: string;
}

const sockets = new Map<number, Socket>();
let held: { readonly session: Session; lost: number } | undefined;
const say = (what: object): void => console.log(JSON.stringify(what));

function open(socket: number, to: string): Socket {
  const known = sockets.get(socket);
  if (known) return known;
  const opened = createSocket(to.includes(':') ? 'udp6' : 'udp4');
  opened.on('message', (bytes, { address, port }) => {
    say({ socket, from: `${address} ${port}`, hex: bytes.toString('hex') });
  });
  sockets.set(socket, opened);
  return opened;
}

function talkTcp(socket: number, to: string, port: number, hex: string): void {
  const stream = connectTcp({ host: to, port }, () => stream.write(Buffer.from(hex, 'hex')));
  stream.on('error', () => {});
  stream.on('data', (bytes) => {
    say({ socket, from: `${to} ${port}`, hex: bytes.toString('hex') });
    stream.destroy();
  });
}

async function follow(order: ClientOrder): Promise<object> {
  if (order.order === 'send') {
    open(order.socket, order.to).send(Buffer.from(order.hex, 'hex'), order.port, order.to);
    return {};
  }
  if (order.order === 'tcp') {
    talkTcp(order.socket, order.to, order.port, order.hex);
    return {};
  }
  if (order.order === 'hold') {
    const session = await connect({ door: order.door, http: false, timeoutMs: 20_000 });
    const holds = { session, lost: 0 };
    session.on('lost', () => holds.lost++);
    held = holds;
    return { via: session.via };
  }
  if (order.order === 'release') {
    const { session, lost } = held!;
    held = undefined;
    await session.close();
    return { lost };
  }
  const session = await connect({ door: order.door, http: order.http, timeoutMs: 20_000 });
  const { via, server } = session;
  await session.close();
  return { via, server: server.address };
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, ...order } = JSON.parse(line) as ClientOrder & { readonly id: number };
  void follow(order as ClientOrder).then(
    (reply) => say({ done: id, ...reply }),
    (error: Error) => say({ done: id, error: error.message }),
  );
});
process.stdin.on('end', () => process.exit(0));
say({ done: 'start' });
