import { createSocket } from 'node:dgram';
import { connect as connectTcp, isIPv6 } from 'node:net';
import type { Endpoint } from '../core/session/types.ts';
import { formatAddress } from '../core/wire/address.ts';
import { createFramer } from '../core/wire/framer.ts';
import { toBytes } from './resolve.ts';

/** One socket of a session. */
export interface Channel {
  send(to: Endpoint, bytes: Uint8Array): void;
  /** Resolves when the socket is gone. */
  close(): Promise<void>;
  /** Whether the socket keeps the process alive. */
  hold(on: boolean): void;
}

export interface ChannelOwner {
  onPacket(from: Endpoint, bytes: Uint8Array): void;
  onFailed(): void;
}

/** A UDP socket with an ephemeral port; connected if `to` is given, so that ICMP errors come back. */
export function openUdp(family: 4 | 6, to: Endpoint | undefined, owner: ChannelOwner): Channel {
  const socket = createSocket({
    type: family === 4 ? 'udp4' : 'udp6',
    // Addresses here are numeric; the default would cost a turn of the event loop for each packet.
    lookup: (host, _options, done) => done(null, host, isIPv6(host) ? 6 : 4),
  });
  let isOpen = true;
  /** Datagrams that the system has not taken yet. */
  let pending = 0;
  let onSent: (() => void) | undefined;
  let waiting: Uint8Array[] | undefined = to && [];
  const fail = (): void => {
    if (isOpen) owner.onFailed();
  };
  const done = (error: Error | null): void => {
    pending--;
    if (pending === 0) onSent?.();
    if (error) fail();
  };
  socket.on('error', () => {
    fail();
    // What waited for a port that cannot be had goes nowhere.
    pending = 0;
    onSent?.();
  });
  socket.on('message', (bytes, { address, port }) => {
    const from = toBytes(address);
    if (from && isOpen) owner.onPacket({ address: from, port }, bytes);
  });
  if (to) {
    socket.once('connect', () => {
      for (const bytes of waiting ?? []) {
        pending++;
        socket.send(bytes, done);
      }
      waiting = undefined;
    });
    socket.connect(to.port, formatAddress(to.address));
  }
  return {
    send(target, bytes) {
      if (waiting) {
        waiting.push(bytes);
        return;
      }
      pending++;
      if (to) socket.send(bytes, done);
      else socket.send(bytes, target.port, formatAddress(target.address), done);
    },
    close() {
      isOpen = false;
      waiting = undefined;
      return new Promise((resolve) => {
        const end = (): unknown => socket.close(() => resolve());
        // The last word of a socket that was just opened would be lost with it.
        if (pending === 0) end();
        else onSent = end;
      });
    },
    hold: (on) => {
      if (on) socket.ref();
      else socket.unref();
    },
  };
}

/** A TCP connection; what is sent before it stands goes out as soon as it does. */
export function openTcp(to: Endpoint, owner: ChannelOwner): Channel {
  const socket = connectTcp({ host: formatAddress(to.address), port: to.port, noDelay: true });
  const framer = createFramer();
  let isOpen = true;
  socket.on('data', (chunk) => {
    const { packets, reason } = framer.push(chunk);
    for (const bytes of packets) if (isOpen) owner.onPacket(to, bytes);
    if (reason) socket.destroy();
  });
  // Every error is followed by 'close'; the other side's end is one too, since a half-open connection answers nothing.
  socket.on('error', () => {});
  socket.on('end', () => socket.destroy());
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => {
      if (isOpen) owner.onFailed();
      resolve();
    });
  });
  return {
    send: (_to, bytes) => {
      socket.write(bytes);
    },
    close() {
      isOpen = false;
      socket.destroy();
      return closed;
    },
    hold: (on) => {
      if (on) socket.ref();
      else socket.unref();
    },
  };
}
