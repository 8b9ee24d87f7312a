import { createSocket, type Socket } from 'node:dgram';
import type { Clock, PacketHandler } from '../../core/ports.ts';

const KNOCK_MS = 1_000;

/**
 * Sends a datagram of one byte to a port of this process each second and listens for it there. A load balancer that checks
 * HTTP alone would not notice a UDP loop that is stuck.
 */
export class SelfKnock {
  aliveAtMs: number;
  private readonly clock: Clock;
  private readonly own: string;
  private readonly socket: Socket;
  private timer: NodeJS.Timeout | undefined;
  private ownPort = -1;

  constructor(bind: string, clock: Clock) {
    this.clock = clock;
    this.aliveAtMs = clock.monoMs();
    this.own = bind === '0.0.0.0' ? '127.0.0.1' : bind === '::' ? '::1' : bind;
    this.socket = createSocket(this.own.includes(':') ? 'udp6' : 'udp4');
    this.socket.on('error', () => {});
  }

  /** The handler behind a look for our own datagram, which is shorter than any packet. */
  guard(handler: PacketHandler): PacketHandler {
    return (bytes, source) => {
      if (bytes.length === 1 && source.port === this.ownPort) {
        this.aliveAtMs = this.clock.monoMs();
        return undefined;
      }
      return handler(bytes, source);
    };
  }

  start(port: number): void {
    this.socket.bind(0, this.own, () => {
      this.ownPort = this.socket.address().port;
      this.timer = setInterval(() => this.socket.send(new Uint8Array(1), port, this.own), KNOCK_MS);
    });
  }

  stop(): void {
    clearInterval(this.timer);
    this.socket.close();
  }
}
