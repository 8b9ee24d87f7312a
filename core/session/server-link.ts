import type { Endpoint, SessionShared } from './types.ts';

/** The last transmission goes out by a fresh socket: the old one may be bound to a network that is gone. */
const FRESH_SOCKET_AT = 2;
const MAX_UDP_SOCKETS = 2;

/**
 * The channels to one server's probe port. UDP until it is silent; TCP beside it from the first retransmission on, or
 * at once where the door was not reached by UDP either; then by what was answered first, for as long as the link lives.
 */
export class ServerLink {
  readonly to: Endpoint;
  readonly #shared: SessionShared;
  readonly #doubtsUdp: boolean;
  #path: 'unknown' | 'udp' | 'tcp' = 'unknown';
  readonly #udp: number[] = [];
  #tcp: number | undefined;

  /** @param doubtsUdp the door was not reached by UDP */
  constructor(shared: SessionShared, to: Endpoint, doubtsUdp: boolean) {
    this.#shared = shared;
    this.to = to;
    this.#doubtsUdp = doubtsUdp;
  }

  /** Which way answers came; UDP as long as none came. */
  get via(): 'udp' | 'tcp' {
    return this.#path === 'tcp' ? 'tcp' : 'udp';
  }

  /** Channels for the n-th transmission of a keepalive, counted from 0; opened where needed. */
  channelsFor(transmission: number): { readonly channel: number; readonly via: 'udp' | 'tcp' }[] {
    const channels: { channel: number; via: 'udp' | 'tcp' }[] = [];
    if (this.#path !== 'tcp') channels.push({ channel: this.#udpChannel(transmission), via: 'udp' });
    if (this.#path === 'tcp' || (this.#path === 'unknown' && (this.#doubtsUdp || transmission > 0))) {
      this.#tcp ??= this.#open('tcp');
      channels.push({ channel: this.#tcp, via: 'tcp' });
    }
    return channels;
  }

  owns(channel: number): boolean {
    return channel === this.#tcp || this.#udp.includes(channel);
  }

  /** A valid answer came on `channel`: it is the way from now on. */
  heard(channel: number): void {
    if (channel === this.#tcp) {
      if (this.#path === 'unknown') this.#path = 'tcp';
    } else if (this.#path !== 'tcp') {
      this.#path = 'udp';
      for (const other of this.#udp.splice(0)) if (other !== channel) this.#close(other);
      this.#udp.push(channel);
    }
    if (this.#path === 'tcp') for (const other of this.#udp.splice(0)) this.#close(other);
    if (this.#path === 'udp') this.#closeTcp();
  }

  /** A TCP connection ended; the next keepalive makes a new one. A UDP channel goes on after an error. */
  failed(channel: number): void {
    if (channel === this.#tcp) this.#closeTcp();
  }

  end(): void {
    for (const channel of this.#udp.splice(0)) this.#close(channel);
    this.#closeTcp();
  }

  #udpChannel(transmission: number): number {
    if (this.#udp.length === 0 || transmission === FRESH_SOCKET_AT) this.#udp.push(this.#open('udp'));
    if (this.#udp.length > MAX_UDP_SOCKETS) this.#close(this.#udp.shift()!);
    return this.#udp.at(-1)!;
  }

  #open(via: 'udp' | 'tcp'): number {
    const channel = this.#shared.nextId();
    const family = this.to.address.length === 4 ? 4 : 6;
    this.#shared.push({ type: 'open', channel, via, family, to: this.to });
    return channel;
  }

  #close(channel: number): void {
    this.#shared.push({ type: 'close', channel });
  }

  #closeTcp(): void {
    if (this.#tcp !== undefined) this.#close(this.#tcp);
    this.#tcp = undefined;
  }
}
