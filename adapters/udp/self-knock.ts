import type { Socket } from 'node:dgram';
import type { Clock, PacketHandler } from '../../core/ports.ts';
import { numericSocket } from './udp-endpoint.ts';

const KNOCK_MS = 100;
/** A knock that has not come by now was dropped, or was another process's. */
const LOST_MS = 1_000;

/**
 * Sends a datagram of one byte to a port of this process ten times a second and listens for it there: how long it takes is
 * how long clients' datagrams wait before they are read, whatever they wait for. A load balancer that checks HTTP alone
 * would not notice a UDP loop that is stuck.
 */
export class SelfKnock {
  aliveAtMs: number;
  private readonly clock: Clock;
  private readonly own: string;
  private readonly isShared: boolean;
  private socket: Socket;
  private timer: NodeJS.Timeout | undefined;
  private ownPort = -1;
  private port = 0;
  /** When the knock that is under way was sent. */
  private sentAtMs: number | undefined;
  private lastAgeMs = 0;
  /** Knocks come back: among processes that share a port, some source ports are other processes'. */
  private isHeard = false;

  /** @param isShared the port has other processes too */
  constructor(bind: string, clock: Clock, isShared = false) {
    this.clock = clock;
    this.isShared = isShared;
    this.aliveAtMs = clock.monoMs();
    this.own = bind === '0.0.0.0' ? '127.0.0.1' : bind === '::' ? '::1' : bind;
    this.socket = this.newSocket();
  }

  /** How long datagrams wait now before they are read, in ms; 0 as long as that is not known. */
  queueAgeMs(): number {
    if (this.sentAtMs === undefined || !this.isHeard) return this.isHeard ? this.lastAgeMs : 0;
    return Math.max(this.lastAgeMs, this.clock.monoMs() - this.sentAtMs);
  }

  /** The handler behind a look for our own datagram, which is shorter than any packet. */
  guard(handler: PacketHandler): PacketHandler {
    return (bytes, source) => {
      if (bytes.length === 1 && source.port === this.ownPort && source.address === this.own) {
        this.heard();
        return undefined;
      }
      return handler(bytes, source);
    };
  }

  start(port: number): void {
    this.port = port;
    this.bind();
    this.timer = setInterval(() => this.knock(), KNOCK_MS);
  }

  stop(): void {
    clearInterval(this.timer);
    this.socket.close();
  }

  private heard(): void {
    this.aliveAtMs = this.clock.monoMs();
    if (this.sentAtMs === undefined) return;
    this.isHeard = true;
    this.lastAgeMs = this.aliveAtMs - this.sentAtMs;
    this.sentAtMs = undefined;
  }

  private knock(): void {
    if (this.ownPort < 0) return;
    const nowMs = this.clock.monoMs();
    if (this.sentAtMs !== undefined) {
      const waitedMs = nowMs - this.sentAtMs;
      if (waitedMs < LOST_MS && (this.isHeard || !this.isShared)) return;
      if (this.isShared) {
        // Another source port is another flow, perhaps ours.
        this.isHeard = false;
        this.sentAtMs = undefined;
        this.socket.close();
        this.socket = this.newSocket();
        this.bind();
        return;
      }
      this.lastAgeMs = waitedMs;
    }
    this.sentAtMs = nowMs;
    this.socket.send(new Uint8Array(1), this.port, this.own);
  }

  private newSocket(): Socket {
    this.ownPort = -1;
    const socket = numericSocket(this.own);
    socket.on('error', () => {});
    return socket;
  }

  private bind(): void {
    const { socket } = this;
    socket.bind(0, this.own, () => {
      this.ownPort = socket.address().port;
    });
  }
}
