import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { encodeClassic } from '../../core/wire/classic-packet.ts';

const CLASSIC = encodeClassic(new Uint8Array(4));
const AGAIN_MS = 300;
const GIVE_UP_MS = 20_000;

/** An answer and from where it was asked for. */
export interface Asked {
  readonly address: string;
  readonly port: number;
  /** The server's address. */
  readonly answer: string;
}

/** Clients with addresses of their own, each of which sends every classic request to all doors at once. */
export class ManyAskers {
  /** How often a request went out to all doors. */
  sent = 0;
  readonly asked: Asked[] = [];
  readonly #sockets: Socket[] = [];
  readonly #doors: readonly { readonly host: string; readonly port: number }[];

  private constructor(doors: readonly { readonly host: string; readonly port: number }[]) {
    this.#doors = doors;
  }

  /** @param prefix three bytes of loopback, `127.0.7` */
  static async open(prefix: string, count: number, doors: readonly { host: string; port: number }[]) {
    const askers = new ManyAskers(doors);
    for (let n = 1; n <= count; n++) {
      const socket = createSocket('udp4');
      socket.bind(0, `${prefix}.${n}`);
      await once(socket, 'listening');
      askers.#sockets.push(socket);
    }
    return askers;
  }

  /** Each client asks `times`, one request after the other, and repeats each until it is answered. */
  async ask(times: number): Promise<void> {
    await Promise.all(
      this.#sockets.map(async (socket) => {
        for (let n = 0; n < times; n++) await this.#askOnce(socket);
      }),
    );
  }

  close(): void {
    for (const socket of this.#sockets) socket.close();
  }

  async #askOnce(socket: Socket): Promise<void> {
    const { address, port } = socket.address();
    const send = (): void => {
      this.sent++;
      for (const door of this.#doors) socket.send(CLASSIC, door.port, door.host);
    };
    const answer = await new Promise<Buffer>((resolve, reject) => {
      const again = setInterval(send, AGAIN_MS);
      const giveUp = setTimeout(() => finish(() => reject(new Error(`${address} got no answer`))), GIVE_UP_MS);
      const finish = (then: () => void): void => {
        clearInterval(again);
        clearTimeout(giveUp);
        socket.removeAllListeners('message');
        then();
      };
      socket.on('message', (bytes) => finish(() => resolve(bytes)));
      send();
    });
    this.asked.push({ address, port, answer: answer.subarray(4).join('.') });
  }
}
