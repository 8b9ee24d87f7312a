import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { decodePacket } from '../../core/wire/decode.ts';
import { encodeRequest } from '../../core/wire/encode-request.ts';
import type { ExtendedResponse, RequestFields } from '../../core/wire/packet.ts';
import { until } from './program.ts';

/** Asks over UDP from an own port, like any client, and waits for texts or packets. */
export class Peer {
  readonly #socket = createSocket('udp4');
  readonly #heard: Buffer[] = [];

  static async open(): Promise<Peer> {
    const peer = new Peer();
    peer.#socket.on('message', (bytes) => peer.#heard.push(bytes));
    peer.#socket.bind(0, '127.0.0.1');
    await once(peer.#socket, 'listening');
    onTestFinished(() => void peer.#socket.close());
    return peer;
  }

  tell(bytes: string | Uint8Array, port: number, address = '127.0.0.1'): void {
    this.#socket.send(bytes, port, address);
  }

  /** Says it now and again until the test ends. */
  keepSaying(line: string, port: number): void {
    const timer = setInterval(() => this.tell(line, port), 500);
    onTestFinished(() => clearInterval(timer));
  }

  /** The next answer that `fits`; what came before is dropped. `before` is called before each look. */
  async hear<T>(
    what: string,
    fits: (bytes: Buffer) => T | undefined | false,
    { ms, before }: { readonly ms?: number; readonly before?: () => void } = {},
  ): Promise<T> {
    return await until(
      what,
      () => {
        before?.();
        for (let next = this.#heard.shift(); next; next = this.#heard.shift()) {
          const result = fits(next);
          if (result !== undefined && result !== false) return result;
        }
        return undefined;
      },
      ms,
    );
  }

  /** Sends a line to the sample game until a line comes that matches. */
  async say(line: string, port: number, answer: RegExp, address?: string): Promise<string> {
    this.tell(line, port, address);
    return await this.hear(`${answer} after ${line}`, (bytes) => answer.test(bytes.toString()) && bytes.toString());
  }

  /** What is answered to a keepalive, repeated as clients do: with the same nonce, so a late answer counts as well. */
  async keepalive(port: number, fields: Partial<RequestFields> = {}, padTo = 96): Promise<ExtendedResponse> {
    const [request, isItsAnswer] = newKeepalive(fields, padTo);
    let sentMs = Number.NEGATIVE_INFINITY;
    return await this.hear('a keepalive answer', isItsAnswer, {
      before: () => {
        if (performance.now() - sentMs < 500) return;
        sentMs = performance.now();
        this.tell(request, port);
      },
    });
  }

  /** Whether a single keepalive stays without an answer for half a second. */
  async isSilent(port: number): Promise<boolean> {
    const [request, isItsAnswer] = newKeepalive({}, 96);
    this.tell(request, port);
    return await this.hear('a keepalive answer', isItsAnswer, { ms: 500 }).then(
      () => false,
      () => true,
    );
  }
}

function newKeepalive(fields: Partial<RequestFields>, padTo: number) {
  const nonce = crypto.getRandomValues(new Uint8Array(8));
  const address = Uint8Array.from([...Array(10).fill(0), 255, 255, 127, 0, 0, 1]);
  const isItsAnswer = (bytes: Buffer): ExtendedResponse | undefined => {
    const decoded = decodePacket(bytes, { expect: 'response' });
    if (!decoded.ok || decoded.packet.kind !== 'extended') return undefined;
    return Buffer.from(decoded.packet.nonce).equals(nonce) ? decoded.packet : undefined;
  };
  return [encodeRequest({ address, nonce, ...fields }, { padTo }), isItsAnswer] as const;
}
